import type { Session as CoreSession } from '../../core/session.ts'
import type { Assumptions } from './assumptions.ts'

/** A session as this API knows it. */
export interface Session extends CoreSession {
  readonly assumptions: Assumptions
  readonly settings: Settings
}

/** What it is set to. */
export type Settings = {
  /** How many allocations of each account nobody stored. */
  readonly allocations: number
}
