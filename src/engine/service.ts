import type { FindNearest } from '../contract/nearest.ts'
import type { Contract } from '../contract/operation.ts'
import type { Behaviour, Dialect } from '../core/behaviour.ts'
import type { SessionStart } from '../core/session.ts'
import type { Befallen } from '../core/scenario/settings.ts'
import type { Room } from '../core/room.ts'
import { DocumentError } from '../base/problem.ts'
import type { Chooser } from './choose.ts'

/** One API: what its document says, what its business does, and how it speaks. */
export interface Service {
  readonly contract: Contract
  readonly behaviours: Readonly<Record<string, Behaviour>>
  readonly dialect: Dialect
}

/** What a request meets beside its session. */
export interface Around {
  /** What a session starts from that has not begun. */
  readonly start: SessionStart
  /** The scenario that the request wants its session to be of. */
  readonly scenario?: string | undefined
  /** The world's time, in milliseconds since 1970. */
  readonly real: number
  /** Refuses what the document does not declare. */
  readonly strict: boolean
  /** Answers 500 instead of an answer that does not fit the document. */
  readonly checkReplies: boolean
  /** The client would rather have `application/problem+json`. */
  readonly prefersProblem: boolean
  /** The APIs: what goes on in a session without a caller calls their operations. */
  readonly services: readonly Service[]
  /** Which operations of all documents a request that misses every path may have meant. */
  readonly nearest: FindNearest
  /** Chooses answers from the documents, where it was loaded. */
  readonly choose?: Chooser | undefined
  /** The fault whose delay before the work is over. */
  readonly waited?: Befallen | undefined
  /** How much may be kept. */
  readonly room: Room
}

/** @throws DocumentError when behaviours and operations do not name one another. */
export function createService(contract: Contract, behaviours: Readonly<Record<string, Behaviour>>, dialect: Dialect): Service {
  const operations = contract.operations.map(({ id }) => id)
  const stray = Object.keys(behaviours).find((id) => !operations.includes(id))
  if (stray !== undefined)
    throw new DocumentError(`${contract.name}: a behaviour is named "${stray}"; the document's operations are ${operations.join(', ')}`)
  const idle = operations.find((id) => !Object.hasOwn(behaviours, id))
  if (idle !== undefined) throw new DocumentError(`${contract.name}: the operation "${idle}" has no behaviour`)
  return { contract, behaviours, dialect }
}
