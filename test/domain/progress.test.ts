import { describe, expect, it } from 'vitest'
import { beginSession } from '../../src/core/session.ts'
import { dueSteps, nextSteps, take, waitAnew, waitFor } from '../../src/core/scenario/progress.ts'
import { MANUAL, type Progress, type WaitingStep } from '../../src/core/scenario/settings.ts'
import type { StepName, WrittenProgress } from '../../src/core/scenario/written.ts'
import { readProgress, writtenProgress } from '../../src/core/scenario/scenario.ts'
import { type Change, worldOf } from '../../src/core/world.ts'
import type { Line, Order } from '../../src/apis/supplier/order.ts'
import { NOW, sessionDefaults } from '../support.ts'
import { idAt, order } from './orders.ts'

const now = Date.parse(NOW)
const HOUR = 3_600_000
const session = (progress: Progress | undefined) => beginSession(sessionDefaults({ progress }), now)
const put = (to: Order): Change => ({ kind: 'order', id: to.id, to })
const sceneOf = (changes: readonly Change[], progress: Progress | undefined) => ({
  world: worldOf(changes),
  session: session(progress),
  now,
  real: now,
})
const BACKORDERED: Partial<Line> = { allocated: 4, backordered: 2 }
const after = (milliseconds: number): Progress => {
  const policy = { kind: 'after', milliseconds } as const
  return { queued: policy, sent: policy, backorder: policy, cancellation: policy }
}

describe('a policy', () => {
  it.each<[WrittenProgress, Partial<Record<keyof Progress, Progress[keyof Progress]>> | undefined]>([
    ['manual', undefined],
    [{ queued: 'manual' }, undefined],
    ['immediately', { queued: { kind: 'immediately' }, cancellation: { kind: 'immediately' } }],
    [{ after: '1h30m' }, { queued: { kind: 'after', milliseconds: 5_400_000 }, backorder: { kind: 'after', milliseconds: 5_400_000 } }],
    [{ reads: 2 }, { sent: { kind: 'reads', count: 2 } }],
    [
      { queued: 'immediately', backorder: { reads: 1 } },
      { ...MANUAL, queued: { kind: 'immediately' }, backorder: { kind: 'reads', count: 1 } },
    ],
  ])('is read: %j', (written, expected) => {
    const read = readProgress(written)
    if (expected) expect(read).toMatchObject(expected)
    else expect(read).toBeUndefined()
    // And written, and read again.
    expect(readProgress(writtenProgress(read))).toEqual(read)
  })
})

describe('what waits', () => {
  it('is each line of an order by itself, until the time of its policy', () => {
    const changed = put(order(BACKORDERED, { cancellation: 'pending' }, {}))
    const on = (place: number) => ({ kind: 'order', id: changed.id, line: idAt(place) })
    expect(waitFor([changed], sceneOf([changed], after(HOUR))).map(({ to }) => to)).toMatchObject([
      { step: 'backorder', on: on(0), due: now + HOUR, reads: undefined },
      { step: 'cancellation', on: on(1), due: now + HOUR },
    ])
  })

  it('goes on waiting while the line changes otherwise', () => {
    const first = put(order(BACKORDERED))
    const waits = waitFor([first], sceneOf([first], after(HOUR)))
    const second = put(order({ ...BACKORDERED, supplierInvoiceNumber: 'i-1' }))
    expect(waitFor([second], { ...sceneOf([first, ...waits, second], after(HOUR)), now: now + 60_000 })).toEqual([])
  })

  it('is nothing without a policy', () => {
    const changed = put(order(BACKORDERED))
    expect(waitFor([changed], sceneOf([changed], undefined))).toEqual([])
  })

  it('is all anew under another policy', () => {
    const changed = put(order(BACKORDERED))
    const waits = waitFor([changed], sceneOf([changed], after(HOUR)))
    const scene = { ...sceneOf([changed, ...waits], after(2 * HOUR)), now: now + 1 }
    expect(waitAnew(scene).at(-1)).toMatchObject({ to: { step: 'backorder', due: now + 1 + 2 * HOUR } })
    expect(waitAnew({ ...scene, session: session(undefined) })).toMatchObject([{ kind: 'step', to: undefined }])
  })

  it('comes by time, and at one time by id', () => {
    const step = (id: string, due: number | undefined): WaitingStep => ({
      id,
      step: 'backorder',
      on: { kind: 'order', id: 'o', line: id },
      due,
      reads: due === undefined ? 1 : undefined,
    })
    const all = [step('c', now), step('b', now + 1), step('e', now + 2), step('a', now + 1), step('d', undefined)]
    const world = worldOf(all.map((to): Change => ({ kind: 'step', id: to.id, to })))
    expect(dueSteps(world, now + 1, 3)).toMatchObject({ steps: [{ id: 'c' }, { id: 'a' }, { id: 'b' }] })
    expect(dueSteps(world, now + 1, 3).last).toBeUndefined()
    for (const [most, ids] of [
      [1, ['c']],
      [2, ['c', 'a']],
    ] as const) {
      const { steps, last } = dueSteps(world, now + 2, most)
      expect(steps.map(({ id }) => id)).toEqual(ids)
      expect(last?.id).toBe(ids.at(-1))
    }
  })
})

describe('a step', () => {
  it('adds what was backordered to what is allocated, of its line only', () => {
    const changed = put(order(BACKORDERED, BACKORDERED))
    const changes = take({ step: 'backorder', on: { kind: 'order', id: changed.id, line: idAt(1) } }, sceneOf([changed], undefined))
    expect(changes).toMatchObject([
      {
        to: {
          lines: [
            { allocated: 4, backordered: 2 },
            { allocated: 6, backordered: 0 },
          ],
        },
      },
    ])
  })

  it.each<[string, StepName, Partial<Line>, RegExp]>([
    ['a line that waits for no answer', 'cancellation', {}, /no cancellation of line .* waits/],
    ['a line whose cancellation is asked for', 'backorder', { ...BACKORDERED, cancellation: 'pending' }, /cancel/i],
  ])('says why it cannot be taken: %s', (_what, step, state, reason) => {
    const changed = put(order(state))
    expect(take({ step, on: { kind: 'order', id: changed.id, line: idAt(0) } }, sceneOf([changed], undefined))).toMatch(reason)
  })

  it('says that its line is not there', () => {
    const changed = put(order({}))
    const scene = sceneOf([changed], undefined)
    expect(take({ step: 'backorder', on: { kind: 'order', id: changed.id, line: idAt(7) } }, scene)).toMatch(/there is no line/)
    expect(take({ step: 'sent', on: { kind: 'allocation', id: 'x/y' } }, scene)).toMatch(/is not where the step begins/)
  })

  it('is not known of what is not there', () => {
    expect(nextSteps({ kind: 'order', id: 'nobody' }, sceneOf([], undefined))).toBeUndefined()
  })
})
