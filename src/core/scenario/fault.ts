import type { WrittenFault } from './written.ts'
import type { FaultHit, Delay, Fault } from './settings.ts'
import { type Input, valueAt } from '../../base/http.ts'
import type { Scene } from '../behaviour.ts'
import { at, type Key, keyOf, number } from '../population/random.ts'
import type { Change, World } from '../world.ts'

/** A request as far as faults look at it. */
export type Called = { readonly operation: string } & Pick<Input, 'path' | 'query' | 'header' | 'body'>

/**
 * Picks the first fault of a session that hits a request; and how often each that looked at it has looked. The dice are a function of the
 * session's seed, the fault and how many requests matched it before.
 */
export function pickFault(
  call: Called,
  { world, session, now }: Scene,
): { readonly hit: FaultHit | undefined; readonly changes: readonly Change[] } {
  const changes: Change[] = []
  let hit: FaultHit | undefined
  for (const fault of session.faults) {
    if (!isMeant(fault, call)) continue
    const age = now - (fault.since ?? session.begun)
    if (fault.during && (age < fault.during.from || age >= fault.during.until)) continue
    const { number: called, inSpan, spanEnds, change } = count(fault, world, now)
    if (change) changes.push(change)
    const dice = at(at(keyOf(session.seed), `fault ${fault.id}`), called)
    if (hit || (fault.calls && (called < fault.calls.first || called > fault.calls.last))) continue
    if (fault.limit && inSpan <= fault.limit.requests) continue
    if (fault.probability < 1 && chance(dice, 'befalls') >= fault.probability) continue
    hit = {
      fault,
      delay: fault.delay ? delayOf(fault.delay, (name) => chance(dice, name)) : 0,
      retryAfter: fault.reply?.retryAfter ?? (fault.limit && Math.max(1, Math.ceil((spanEnds - now) / 1_000))),
    }
  }
  return { hit, changes }
}

/** A fault as it is shown: how many requests have matched it, where that is counted, and whether it hits none any more. */
export function faultView(fault: Fault, { world, session, now }: Scene): WrittenFault & { calledSoFar?: number; spent: boolean } {
  const { calls, during, written } = fault
  const called = isCounted(fault) ? (world.get('counter', faultCounter(fault.id))?.next ?? 0) : undefined
  const isOver = during !== undefined && now - (fault.since ?? session.begun) >= during.until
  const spent = isOver || (calls !== undefined && called !== undefined && called >= calls.last)
  return { ...written, ...(called !== undefined && { calledSoFar: called }), spent }
}

/** The counter that a fault counts its requests with. */
export function faultCounter(id: string): string {
  return `fault ${id}`
}

/** Only what a fault hangs on is counted: a count is a change of the session. */
function isCounted({ calls, limit, probability, delay }: Fault): boolean {
  return calls !== undefined || limit !== undefined || probability < 1 || (delay !== undefined && delay.type !== 'fixed')
}

/** How many requests matched, this one included. */
function count(
  fault: Fault,
  world: World,
  now: number,
): { readonly number: number; readonly inSpan: number; readonly spanEnds: number; readonly change: Change | undefined } {
  const { id, limit } = fault
  if (!isCounted(fault)) return { number: 1, inSpan: 0, spanEnds: 0, change: undefined }
  const counter = world.get('counter', faultCounter(id))
  const next = (counter?.next ?? 0) + 1
  const isNew = limit !== undefined && (counter?.since === undefined || now >= counter.since + limit.per)
  const since = isNew ? now : counter?.since
  const inSpan = isNew ? 1 : (counter?.inSpan ?? 0) + 1
  return {
    number: next,
    inSpan,
    spanEnds: (since ?? now) + (limit?.per ?? 0),
    change: { kind: 'counter', id: faultCounter(id), to: { next, ...(limit && { since: since ?? now, inSpan }) } },
  }
}

function isMeant({ operations, match }: Fault, call: Called): boolean {
  if (operations.length > 0 && !operations.includes(call.operation)) return false
  return Object.entries(match).every(([name, wanted]) => valuesOf(name, call).some((met) => isSame(met, wanted)))
}

function valuesOf(name: string, { path, query, header, body }: Called): readonly unknown[] {
  if (name.startsWith('/')) return [valueAt(body, name)]
  const { parameter, pointer } = parameterOf(name)
  return [path[parameter], query[parameter], header[parameter.toLowerCase()]].map((value) => valueAt(value, pointer))
}

/** The parameter that a match names, and the way on into it. */
export function parameterOf(name: string): { readonly parameter: string; readonly pointer: string } {
  const slash = name.indexOf('/')
  return slash === -1 ? { parameter: name, pointer: '' } : { parameter: name.slice(0, slash), pointer: name.slice(slash) }
}

/** Parameters may be read as texts that a file writes as numbers, and the other way round. A list has the values that are in it. */
function isSame(met: unknown, wanted: string | number | boolean | null): boolean {
  if (Array.isArray(met)) return met.some((one) => isSame(one, wanted))
  const isPlain = typeof met === 'string' || typeof met === 'number' || typeof met === 'boolean'
  return met === wanted || (isPlain && String(met) === String(wanted))
}

function delayOf(delay: Delay, chanceOf: (name: string) => number): number {
  switch (delay.type) {
    case 'fixed':
      return delay.milliseconds
    case 'uniform':
      return Math.round(delay.lower + chanceOf('delay') * (delay.upper - delay.lower))
    case 'lognormal': {
      // Box and Muller's way to a normal deviate: the logarithm must not be of 0.
      const normal = Math.sqrt(-2 * Math.log(1 - chanceOf('radius'))) * Math.cos(2 * Math.PI * chanceOf('angle'))
      return Math.round(Math.min(delay.maxValue ?? MAX_DELAY, delay.median * Math.exp(delay.sigma * normal), MAX_DELAY))
    }
    default:
      return delay satisfies never
  }
}

/** No answer is delayed longer than this, in milliseconds: an hour. */
const MAX_DELAY = 3_600_000

/** A number in [0, 1). */
function chance(key: Key, name: string): number {
  return number(at(key, name)) / 0x1_0000_0000
}
