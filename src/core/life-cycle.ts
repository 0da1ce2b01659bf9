import { nearest } from '../base/nearest.ts'

/** The states that an entity, or each of its parts, can be in, and the moves between them. */
export interface LifeCycle<E extends object = object> {
  /** In the order in which they usually come: a picture has them so. */
  readonly states: readonly string[]
  /** By the operation, or the step, that makes them: all there are. What leaves the state as it is, is no move. */
  readonly moves: Readonly<Record<string, Move | readonly Move[]>>
  /** @param part one of the kind's parts, where it has parts */
  stateOf(entity: E, part: string | undefined): string
}

/** What of a kind has to do with it. */
interface Living {
  readonly lifeCycle?: LifeCycle
  readonly parts?: { of(entity: object): readonly string[] }
}

/** From each of some states to each of some. */
export interface Move {
  /** Left out where it begins with the move. */
  readonly from?: string | readonly string[]
  /** Left out where it is gone after the move. */
  readonly to?: string | readonly string[]
  /** What has to be so beside the state, in a few words. */
  readonly when?: string
}

/** A change of state. */
export interface Moved {
  readonly part?: string
  /** Undefined where it began. */
  readonly from: string | undefined
  /** Undefined where it is gone. */
  readonly to: string | undefined
}

/** The state that an entity is in; of each part, where it has parts. Nothing for a kind without a life cycle. */
export function statesOf({ lifeCycle, parts }: Living, entity: object): ReadonlyMap<string | undefined, string> {
  if (!lifeCycle) return NONE
  return new Map((parts ? parts.of(entity) : WHOLE).map((part) => [part, lifeCycle.stateOf(entity, part)]))
}

const NONE: ReadonlyMap<string | undefined, string> = new Map()
const WHOLE = [undefined]

/** What changes its state where one entity is put in the place of another; undefined stands for none. */
export function movesBetween(kind: Living, from: object | undefined, to: object | undefined): readonly Moved[] {
  if (!kind.lifeCycle) return []
  const before = from ? statesOf(kind, from) : NONE
  const after = to ? statesOf(kind, to) : NONE
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((part) => {
    const moved = { ...(part !== undefined && { part }), from: before.get(part), to: after.get(part) }
    return moved.from === moved.to ? [] : [moved]
  })
}

/** Whether the table has the move. @param by the operation or the step, as its API calls it */
export function hasMove({ moves }: LifeCycle, by: string, { from, to }: Moved): boolean {
  return movesBy(moves, by).some((move) => isAmong(from, move.from) && isAmong(to, move.to))
}

/** The rows of the table for an operation or a step. */
export function movesBy(moves: LifeCycle['moves'], by: string): readonly Move[] {
  const rows = Object.hasOwn(moves, by) ? moves[by] : undefined
  return rows === undefined ? [] : isList(rows) ? rows : [rows]
}

/** A move in words: `from NEW to SENT`. */
export function moveText({ from, to }: Pick<Moved, 'from' | 'to'>): string {
  if (from === undefined) return `to ${to ?? 'nothing'} from nothing`
  return to === undefined ? `from ${from} to nothing` : `from ${from} to ${to}`
}

/** What of a life cycle cannot be; undefined where all can. @param known the operations and steps of its API */
export function wrongWithLifeCycle({ states, moves }: LifeCycle, known: readonly string[]): string | undefined {
  const twice = states.find((state, place) => states.indexOf(state) < place)
  if (twice !== undefined) return `has the state "${twice}" twice`
  for (const by of Object.keys(moves)) {
    if (!known.includes(by))
      return `has moves by "${by}", which is no operation and no step; the nearest are ${nearest(by, known).slice(0, 5).join(', ')}`
    for (const { from, to } of movesBy(moves, by)) {
      const odd = [...statesIn(from), ...statesIn(to)].find((state) => !states.includes(state))
      if (odd !== undefined) return `has a move by "${by}" with the state "${odd}"; the states are ${states.join(', ')}`
      if (from === undefined && to === undefined) return `has a move by "${by}" from nothing to nothing; give from, to or both`
    }
  }
  return undefined
}

/** As a list, empty where it is left out. */
export function statesIn(named: string | readonly string[] | undefined): readonly string[] {
  return named === undefined ? [] : typeof named === 'string' ? [named] : named
}

function isAmong(state: string | undefined, named: Move['from']): boolean {
  return state === undefined || named === undefined ? state === undefined && named === undefined : statesIn(named).includes(state)
}

function isList(rows: Move | readonly Move[]): rows is readonly Move[] {
  return Array.isArray(rows)
}
