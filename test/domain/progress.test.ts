import { describe, expect, it } from 'vitest'
import { beginSession } from '../../src/core/session.ts'
import { dueSteps, nextSteps, take, waitAnew, waitFor } from '../../src/core/scenario/progress.ts'
import type { Progress, WaitingStep } from '../../src/core/scenario/settings.ts'
import type { WrittenProgress } from '../../src/core/scenario/written.ts'
import { readProgress, writtenProgress } from '../../src/core/scenario/scenario.ts'
import { type Change, worldOf } from '../../src/core/world.ts'
import type { Line, Order } from '../../src/apis/supplier/order.ts'
import { NOW, REGISTRY, sessionDefaults } from '../support.ts'
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
      { queued: { kind: 'immediately' }, backorder: { kind: 'reads', count: 1 } },
    ],
  ])('is read: %j', (written, expected) => {
    const read = readProgress(written, REGISTRY)
    if (expected) expect(read).toMatchObject(expected)
    else expect(read).toBeUndefined()
    // And written, and read again.
    expect(readProgress(writtenProgress(read, REGISTRY), REGISTRY)).toEqual(read)
  })
})

describe('what waits', () => {
  it('is each line of an order by itself, until the time of its policy', () => {
    const changed = put(order(BACKORDERED, { cancellation: 'pending' }, {}))
    const on = (place: number) => ({ kind: 'order', id: changed.id, part: idAt(place) })
    expect(waitFor([changed], sceneOf([changed], after(HOUR)), REGISTRY).map(({ to }) => to)).toMatchObject([
      { step: 'backorder', on: on(0), due: now + HOUR, reads: undefined },
      { step: 'cancellation', on: on(1), due: now + HOUR },
    ])
  })

  it('goes on waiting while the line changes otherwise', () => {
    const first = put(order(BACKORDERED))
    const waits = waitFor([first], sceneOf([first], after(HOUR)), REGISTRY)
    const second = put(order({ ...BACKORDERED, supplierInvoiceNumber: 'i-1' }))
    expect(waitFor([second], { ...sceneOf([first, ...waits, second], after(HOUR)), now: now + 60_000 }, REGISTRY)).toEqual([])
  })

  it('is nothing without a policy', () => {
    const changed = put(order(BACKORDERED))
    expect(waitFor([changed], sceneOf([changed], undefined), REGISTRY)).toEqual([])
  })

  it('is all anew under another policy', () => {
    const changed = put(order(BACKORDERED))
    const waits = waitFor([changed], sceneOf([changed], after(HOUR)), REGISTRY)
    const scene = { ...sceneOf([changed, ...waits], after(2 * HOUR)), now: now + 1 }
    expect(waitAnew(scene, REGISTRY).at(-1)).toMatchObject({ to: { step: 'backorder', due: now + 1 + 2 * HOUR } })
    expect(waitAnew({ ...scene, session: session(undefined) }, REGISTRY)).toMatchObject([{ kind: 'step', to: undefined }])
  })

  it('comes by time, and at one time by id', () => {
    const step = (id: string, due: number | undefined): WaitingStep => ({
      id,
      step: 'backorder',
      on: { kind: 'order', id: 'o', part: id },
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
    const changes = take(
      { step: 'backorder', on: { kind: 'order', id: changed.id, part: idAt(1) } },
      sceneOf([changed], undefined),
      REGISTRY,
    )
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

  it.each<[string, string, Partial<Line>, RegExp]>([
    ['a line that waits for no answer', 'cancellation', {}, /no cancellation of line .* waits/],
    ['a line whose cancellation is asked for', 'backorder', { ...BACKORDERED, cancellation: 'pending' }, /cancel/i],
  ])('says why it cannot be taken: %s', (_what, step, state, reason) => {
    const changed = put(order(state))
    expect(take({ step, on: { kind: 'order', id: changed.id, part: idAt(0) } }, sceneOf([changed], undefined), REGISTRY)).toMatch(reason)
  })

  it('says that its line is not there', () => {
    const changed = put(order({}))
    const scene = sceneOf([changed], undefined)
    expect(take({ step: 'backorder', on: { kind: 'order', id: changed.id, part: idAt(7) } }, scene, REGISTRY)).toMatch(/there is no line/)
    expect(take({ step: 'sent', on: { kind: 'allocation', id: 'x/y' } }, scene, REGISTRY)).toMatch(/there is no allocation/)
  })

  it('is not known of what is not there', () => {
    expect(nextSteps({ kind: 'order', id: 'nobody' }, sceneOf([], undefined), REGISTRY)).toBeUndefined()
  })
})
