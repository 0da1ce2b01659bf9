import type { Assumptions } from './assumption.ts'
import { type Clock, dayOf, timeOf } from './clock.ts'
import type { Fault, Progress, TimelineStep } from './scenario/settings.ts'
import type { Data, Scenario } from './scenario/written.ts'

/** What a session is set to. */
interface SessionSettings {
  readonly seed: string
  readonly clock: Clock
  /** What its APIs are set to, each by its setting's name. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly assumptions: Assumptions
  /** Undefined where nothing goes on without a caller. */
  readonly progress: Progress | undefined
  readonly faults: readonly Fault[]
}

/** What a session starts from. */
export interface SessionStart extends SessionSettings {
  /** The scenario that says so, with those that it extends, and its name where it has one. */
  readonly scenario: { readonly name: string | undefined; readonly written: Scenario }
  /** What it holds beside its population. */
  readonly data: Data
  /** What happens in it by itself, by time. */
  readonly timeline: readonly TimelineStep[]
  /** All that it holds from the beginning, where it is one that was saved: when that one began by its clock, and its changes. */
  readonly kept?: {
    readonly begun: number
    readonly changes: readonly { readonly kind: string; readonly id: string; readonly to: object | undefined }[]
  }
  /** What it starts from again with the next reset, where this is a provider state's. */
  readonly home?: SessionStart
}

/** A session's own settings. They are the first change of its log, made by its first request, and change when the control API says so. */
export interface Session extends SessionSettings {
  /** Its clock at creation, cut to the UTC day: what the population's dates hang on. */
  readonly epoch: number
  /** Its clock at creation: what the times of its timeline and of its faults count from. */
  readonly begun: number
  /** What it started from, and a reset starts it from again. */
  readonly from: SessionStart
}

/** The settings of a session that starts when the world's time is `real`. */
export function beginSession<From extends SessionStart>(from: From, real: number): Session & Pick<From, 'settings' | 'assumptions'> {
  const { seed, clock, settings, assumptions, progress, faults } = from
  const begun = from.kept?.begun ?? timeOf(clock, real)
  // Behaviours are given it as it is kept.
  for (const part of [settings, assumptions]) Object.freeze(part)
  return Object.freeze({ seed, clock, settings, assumptions, progress, faults, epoch: dayOf(begun), begun, from })
}

/** The id under which a session keeps its own settings. */
export const SESSION_ID = 'session'
