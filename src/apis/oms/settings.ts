import { countSetting } from '../../core/setting.ts'

/** What sessions of the OMS API are set to. */
export const settings = { allocations: countSetting('allocations', 1_000, 'allocations each account starts with') }
