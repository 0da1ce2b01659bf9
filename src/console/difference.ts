import type { PastRequest } from '../client/client.ts'
import { membersOf } from './json.ts'

export type Change = NonNullable<PastRequest['changes']>[number]

/** A member before and after; undefined where there was nothing, or is nothing any more. */
export interface Line {
  readonly at: string
  readonly from: unknown
  readonly to: unknown
}

export interface Difference {
  readonly what: 'new' | 'gone' | 'changed'
  readonly lines: readonly Line[]
}

/** What a request did to an entity, member by member. */
export function differenceOf({ members, from, to }: Change): Difference {
  if (members) return { what: 'changed', lines: members.map((member) => ({ at: member.at, from: member.from, to: member.to })) }
  if (to)
    return { what: 'new', lines: Object.entries(membersOf(to)).map(([name, value]) => ({ at: `/${name}`, from: undefined, to: value })) }
  return { what: 'gone', lines: Object.entries(membersOf(from)).map(([name, value]) => ({ at: `/${name}`, from: value, to: undefined })) }
}
