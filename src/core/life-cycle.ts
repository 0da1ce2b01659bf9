import { nearestAre } from '../base/nearest.ts'
import { isObject } from '../base/values.ts'

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
  readonly parts?: { readonly word: string; of(entity: object): readonly string[] }
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

/**
 * The state that an entity is in; of each part, where it has parts. Nothing for a kind without a life cycle, and nothing where its API fails to
 * say: all that is told of a session would be lost for one entity.
 */
export function statesOf(kind: Living, entity: object): ReadonlyMap<string | undefined, string> {
  return new Map([...saidOf(kind, entity)].flatMap(([part, said]) => (said.kind === 'state' ? [[part, said.state]] : [])))
}

/** What changes its state where one entity is put in the place of another; undefined stands for none. */
export function movesBetween(kind: Living, from: object | undefined, to: object | undefined): readonly Moved[] {
  if (!kind.lifeCycle) return []
  const before = from ? saidOf(kind, from) : NONE
  const after = to ? saidOf(kind, to) : NONE
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((part) => {
    const [was, is] = [before.get(part), after.get(part)]
    if (was?.kind === 'failed' || is?.kind === 'failed' || was?.state === is?.state) return []
    return [{ ...(part !== undefined && { part }), from: was?.state, to: is?.state }]
  })
}

/** What is wrong in what the API says of an entity's states; undefined where all is right. */
export function wrongWithStates(kind: Living, entity: object): string | undefined {
  for (const [part, said] of saidOf(kind, entity)) {
    const of = part === undefined ? '' : ` of ${kind.parts?.word ?? 'part'} ${part}`
    if (said.kind === 'failed') return `does not say the state${of}: ${said.why}`
    const states = kind.lifeCycle?.states ?? []
    if (!states.includes(said.state)) return `says the state${of} is "${said.state}", which is none of its own: ${states.join(', ')}`
  }
  return undefined
}

/** What an API says of a state: its code may fail, and one in JavaScript may say anything. */
type Said = { readonly kind: 'state'; readonly state: string } | { readonly kind: 'failed'; readonly why: string }

function saidOf({ lifeCycle, parts }: Living, entity: object): ReadonlyMap<string | undefined, Said> {
  if (!lifeCycle) return NONE
  const said = (part: string | undefined): Said => {
    try {
      const state: unknown = lifeCycle.stateOf(entity, part)
      return typeof state === 'string' ? { kind: 'state', state } : { kind: 'failed', why: `stateOf gives ${String(state)}, and no text` }
    } catch (error) {
      return { kind: 'failed', why: `stateOf throws ${String(error)}` }
    }
  }
  try {
    return new Map((parts ? parts.of(entity) : WHOLE).map((part) => [part, said(part)]))
  } catch (error) {
    return new Map([[undefined, { kind: 'failed', why: `parts.of throws ${String(error)}` }]])
  }
}

const NONE: ReadonlyMap<string | undefined, Said> = new Map()
const WHOLE = [undefined]

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

/** What of a life cycle cannot be, as one that is written in JavaScript may have it; undefined where all can. @param known the operations of its API, and the steps of its kind */
export function wrongWithLifeCycle({ states, moves }: LifeCycle, known: readonly string[]): string | undefined {
  const odd = states.findIndex((state) => typeof state !== 'string')
  if (odd !== -1) return `has the state ${String(states[odd])}, which is no text`
  const twice = states.find((state, place) => states.indexOf(state) < place)
  if (twice !== undefined) return `has the state "${twice}" twice`
  for (const by of Object.keys(moves)) {
    if (!known.includes(by)) return `has moves by "${by}", which is no operation and no step of this kind; ${nearestAre(by, known)}`
    for (const move of movesBy(moves, by)) {
      if (!isMove(move))
        return `has a move by "${by}" that is ${JSON.stringify(move)}; give from, to or both, each a state or a list of states, and when, a text`
      const { from, to } = move
      const unknown = [...statesIn(from), ...statesIn(to)].find((state) => !states.includes(state))
      if (unknown !== undefined) return `has a move by "${by}" with the state "${unknown}"; the states are ${states.join(', ')}`
      if (from === undefined && to === undefined) return `has a move by "${by}" from nothing to nothing; give from, to or both`
    }
  }
  return undefined
}

function isMove(move: unknown): boolean {
  const isNamed = (named: unknown): boolean => [named].flat().every((state) => typeof state === 'string')
  return (
    isObject(move) &&
    Object.entries(move).every(([name, value]) =>
      name === 'when' ? typeof value === 'string' : (name === 'from' || name === 'to') && (value === undefined || isNamed(value)),
    )
  )
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
