import type { PastRequest } from '../client/client.ts'

/** Life cycles, and their pictures as data: the states below one another, and an arc for each move. */

/** As `GET /__mock/life-cycles` tells one. */
export interface LifeCycle {
  readonly kind: string
  readonly api: string
  /** What of an entity has the states, where it is not the whole. */
  readonly part?: string
  readonly states: readonly string[]
  readonly moves: readonly {
    readonly by: string
    readonly origin: 'request' | 'progress'
    /** What the step is. */
    readonly text?: string
    readonly from?: readonly string[]
    readonly to?: readonly string[]
    readonly when?: string
  }[]
}

/** A change of state that a request, or a step, has made. */
export interface Came {
  readonly request: Pick<PastRequest, 'id' | 'time' | 'operation' | 'path'>
  readonly part?: string
  readonly from?: string
  readonly to?: string
}

/** How past requests, newest first, have moved one entity. */
export function waysOf(requests: readonly PastRequest[], kind: string, id: string): readonly Came[] {
  return requests.flatMap(({ changes = [], ...request }) =>
    changes.flatMap((change) =>
      // What belongs to somebody is kept with that one before its id.
      change.kind === kind && `/${change.id}`.endsWith(`/${id}`) ? (change.moves ?? []).map((move) => ({ request, ...move })) : [],
    ),
  )
}

/** What leads on from a state: the rows of the table, each with where it leads. */
export function onwards({ moves }: LifeCycle, state: string): readonly Onward[] {
  return moves.flatMap((move) =>
    move.from?.includes(state) === true ? (move.to ?? [undefined]).flatMap((to) => (to === state ? [] : [{ ...move, to }])) : [],
  )
}

type Row = LifeCycle['moves'][number]
export type Onward = Omit<Row, 'to'> & { readonly to: string | undefined }

interface Arc {
  readonly from: string
  readonly to: string
  readonly path: string
  /** It was taken; it can be; or neither. */
  readonly kind: 'came' | 'next' | 'other'
}

export interface Picture {
  readonly width: number
  readonly height: number
  readonly states: readonly {
    readonly name: string
    readonly y: number
    readonly isNow: boolean
    readonly begins: boolean
    readonly ends: boolean
  }[]
  readonly arcs: readonly Arc[]
}

export const STATE = { x: 72, width: 168, height: 28 } as const
const STEP = 44
const MOST = 68

/** @param now the present state, if one is looked at @param came how it came there */
export function pictureOf(table: LifeCycle, now: string | undefined, came: readonly Came[]): Picture {
  const { states, moves } = table
  const yOf = (state: string): number => states.indexOf(state) * STEP + 4
  const pairs = new Map<string, Omit<Arc, 'path'>>()
  for (const { from = [], to = [] } of moves)
    for (const one of from)
      for (const other of to) {
        if (one === other) continue
        const wasTaken = came.some((way) => way.from === one && way.to === other)
        pairs.set(JSON.stringify([one, other]), { from: one, to: other, kind: wasTaken ? 'came' : one === now ? 'next' : 'other' })
      }
  const arcs = [...pairs.values()].map((pair) => ({ ...pair, path: arcOf(yOf(pair.from), yOf(pair.to)) }))
  return {
    width: STATE.x * 2 + STATE.width,
    height: states.length * STEP - (STEP - STATE.height) + 8,
    // What is drawn last lies above the others.
    arcs: ORDER.flatMap((kind) => arcs.filter((arc) => arc.kind === kind)),
    states: states.map((name) => ({
      name,
      y: yOf(name),
      isNow: name === now,
      begins: moves.some(({ from, to = [] }) => from === undefined && to.includes(name)),
      ends: moves.some(({ from = [], to }) => to === undefined && from.includes(name)),
    })),
  }
}

const ORDER = ['other', 'next', 'came'] as const

/** Down on the right, up on the left; the further, the wider. */
function arcOf(from: number, to: number): string {
  const isDown = to > from
  const x = isDown ? STATE.x + STATE.width : STATE.x
  const out = Math.min(MOST, 14 + (Math.abs(to - from) / STEP) * 9) * (isDown ? 1 : -1)
  // An arrow leaves in the lower half of a state and arrives in the upper one, or the other way up.
  const [start, end] = isDown ? [from + STATE.height * 0.7, to + STATE.height * 0.3] : [from + STATE.height * 0.3, to + STATE.height * 0.7]
  return `M${x} ${start} C${x + out} ${start} ${x + out} ${end} ${x + (isDown ? 3 : -3)} ${end}`
}
