import type { Input } from '../base/http.ts'
import { withoutSecretQuery } from '../base/secret.ts'
import { type Behaviour, reply, type Scene } from '../core/behaviour.ts'
import type { Registry } from '../core/registry.ts'
import { dueSteps, subjectOf } from '../core/scenario/progress.ts'
import { TIMELINE, type TimelineStep } from '../core/scenario/settings.ts'
import { nextNumber } from '../core/world.ts'

interface DueInput extends Input {
  readonly query: { readonly limit?: number }
}

/** What comes to pass by itself, as the journal will tell it. */
interface Coming {
  readonly origin: 'progress' | 'timeline'
  readonly name: string
  readonly subject: string
  /** By the session's clock, in milliseconds. */
  readonly at: number
}

/** What is due next in a session: steps and what of its timeline is still to come, then what waits to be read. */
export function listDue(registry: Registry): Behaviour<DueInput> {
  return {
    asFirst: 'shows',
    run({ query: { limit = 25 } }, { world, session }) {
      const timeline = session.from.timeline.slice(nextNumber(world, TIMELINE))
      const timed = [
        ...dueSteps(world, Number.POSITIVE_INFINITY, limit).steps.map(({ step, on, due }): Coming => ({
          origin: 'progress',
          name: step,
          subject: subjectOf(on, registry),
          at: due,
        })),
        ...timeline.slice(0, limit).map((step) => comingOf(step, session.begun)),
      ]
        // Of two that are due at once a step is taken first.
        .toSorted((a, b) => a.at - b.at)
        .slice(0, limit)
        .map((one) => ({ ...one, at: new Date(one.at).toISOString() }))
      return reply(200, {
        total: world.count('step') + timeline.length,
        due: [...timed, ...readFirst(world, limit - timed.length, registry)],
      })
    },
  }
}

function comingOf(step: TimelineStep, begun: number): Coming {
  const common = { origin: 'timeline', at: begun + step.at } as const
  switch (step.kind) {
    case 'call':
      return {
        ...common,
        name: step.operation,
        subject: withoutSecretQuery(`?${new URLSearchParams(step.parameters).toString()}`).slice(1),
      }
    case 'exists':
      return {
        ...common,
        name: 'exists',
        subject: Object.entries(step.data)
          .map(([word, list]) => `${list.length} of ${word}`)
          .join(', '),
      }
    default:
      return step satisfies never
  }
}

/** Steps that wait for reads, so many at most. */
function readFirst(world: Scene['world'], most: number, registry: Registry): object[] {
  const found: object[] = []
  for (const { step, on, reads } of world.all('step')) {
    if (found.length >= most) break
    if (reads !== undefined) found.push({ origin: 'progress', name: step, subject: subjectOf(on, registry), reads })
  }
  return found
}
