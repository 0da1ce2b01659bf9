import type { FindNearest } from '../contract/nearest.ts'
import type { Contract } from '../contract/operation.ts'
import { namesAmong } from '../base/names.ts'
import { nearestAre } from '../base/nearest.ts'
import { refusal } from '../base/refusal.ts'
import type { Api, Dialect } from '../core/api.ts'
import type { CheckName } from '../core/behaviour.ts'
import { wrongWithLifeCycle } from '../core/life-cycle.ts'
import type { Member, Registry } from '../core/registry.ts'
import type { Known } from '../core/scenario/known.ts'
import type { SessionStart } from '../core/session.ts'
import type { FaultHit } from '../core/scenario/settings.ts'
import type { Room } from '../core/room.ts'
import { DocumentError } from '../base/problem.ts'
import type { Chooser, Making } from './choose.ts'
import type { Passed, Passing } from './pass.ts'

/** One API: what its document says, what its business does, and how it speaks. */
export interface Service extends Pick<Api, 'behaviours' | 'callers'> {
  readonly contract: Contract
  readonly member: Member
  readonly dialect: Dialect & Required<Pick<Dialect, 'order' | 'refuse'>>
  /** It has no words of its own: what is wrong with a request is answered as its document says. */
  readonly isDocuments: boolean
  /** By what name everybody knows an operation: its own, where no other document has the same. */
  nameOf(operation: string): string
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
  readonly registry: Registry
  /** Which operations of all documents a request that misses every path may have meant. */
  readonly nearest: FindNearest
  /** Chooses answers from the documents, where it was loaded. */
  readonly choose?: Chooser | undefined
  /** How these are made. */
  readonly making: Making
  /** What another service answers. */
  readonly passing?: Passing | undefined
  /** What it has answered to this request. */
  readonly passed?: Passed | undefined
  /** The fault whose delay before the work is over. */
  readonly waited?: FaultHit | undefined
  /** How much may be kept. */
  readonly room: Room
}

/**
 * The APIs with what their documents say, in the same order.
 * @throws DocumentError for a behaviour of an operation that the document does not have, and for a life cycle that cannot be
 */
export function createServices(members: readonly Member[], contracts: readonly Contract[]): readonly Service[] {
  const knownAs = namesAmong(contracts.flatMap(({ operations }) => operations.map(({ id }) => id)))
  return members.flatMap((member, place) => {
    const contract = contracts[place]
    if (!contract) return []
    const { name, file = name, behaviours, dialect, callers, kinds, steps } = member.api
    const operations = contract.operations.map(({ id }) => id)
    const stray = Object.keys(behaviours).find((id) => !operations.includes(id))
    if (stray !== undefined) {
      const near = nearestAre(stray, operations)
      throw new DocumentError(`${file}: there is a behaviour for the operation "${stray}", which ${contract.name} does not have; ${near}`)
    }
    for (const [kind, { lifeCycle }] of Object.entries(kinds)) {
      const own = Object.keys(steps).filter((step) => steps[step]?.kind === kind)
      const wrong = lifeCycle && wrongWithLifeCycle(lifeCycle, [...operations, ...own])
      if (wrong !== undefined) throw new DocumentError(`${file}: the life cycle of the kind "${kind}" ${wrong}`)
    }
    return {
      contract,
      member,
      behaviours,
      callers,
      dialect: { ...dialect, order: dialect.order ?? ORDER, refuse: dialect.refuse?.bind(dialect) ?? ((problem) => refusal(problem)) },
      isDocuments: dialect.refuse === undefined,
      nameOf: (operation) => knownAs(name, operation),
    }
  })
}

/** The order of the checks, where an API has none of its own. */
const ORDER: readonly CheckName[] = ['method', 'credentials', 'parameters', 'caller', 'admitted', 'permitted', 'resource', 'body']

/** What scenarios and faults can name: operations, by the names that everybody knows them by. */
export function operationsOf(services: readonly Service[]): Known['operations'] {
  return new Map(
    services.flatMap(({ contract, nameOf }) => contract.operations.map((operation) => [nameOf(operation.id), operation] as const)),
  )
}
