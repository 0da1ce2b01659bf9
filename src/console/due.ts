import { readDuration } from '../core/clock.ts'
import { below, inLine, listOf, textOf } from './json.ts'

/** What comes by itself. */
export interface Due {
  /** By the session's clock, in milliseconds; undefined for what waits to be read. */
  readonly at: number | undefined
  readonly what: string
  readonly about: string
}

/**
 * What waits in a session, the next first: steps, and what of its timeline is still to come.
 * @param state what `GET /sessions/{name}/state` answers, which is where the control API tells it
 */
export function dueIn(state: unknown, now: number): readonly Due[] {
  const steps = listOf(below(state, 'changes')).flatMap((change): Due[] => {
    if (below(change, 'kind') !== 'step') return []
    const due = below(change, 'to', 'due')
    const [kind, id, part] = ['kind', 'id', 'part'].map((name) => textOf(below(change, 'to', 'on', name)))
    const about = `${kind ?? ''} ${id ?? ''}${part === undefined ? '' : `, part ${part}`}`
    const reads = below(change, 'to', 'reads')
    const what = `${inLine(below(change, 'to', 'step'))}${typeof reads === 'number' ? ` after ${reads} more reads` : ''}`
    return [{ at: typeof due === 'number' ? due : undefined, what, about }]
  })
  const begun = Date.parse(inLine(below(state, 'begun')))
  const timeline = listOf(below(state, 'scenario', 'timeline')).flatMap((step): Due[] => {
    const after = readDuration(inLine(below(step, 'at')))
    const at = after === undefined ? Number.NaN : begun + after
    if (!(at > now)) return []
    const operation = textOf(below(step, 'operation'))
    return [
      {
        at,
        what: operation ?? 'something comes in',
        about: inLine(operation === undefined ? below(step, 'exists') : below(step, 'parameters')),
      },
    ]
  })
  return [...steps, ...timeline].toSorted((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity))
}
