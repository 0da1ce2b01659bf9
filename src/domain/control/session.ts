import type { Assumptions } from '../assumption.ts'
import type { Data } from '../scenario.ts'
import { type Clock, dayOf, timeOf } from '../clock.ts'

/** 1 to 64 of letters, digits, dot, underscore and hyphen. */
export type SessionName = string & { readonly __brand: 'SessionName' }

/** Tokens that name somebody; a token that stands nowhere is the first supplier's. */
export interface NamedToken {
  readonly token: string
  readonly kind: 'supplier' | 'retailer'
  /** Which of the population's suppliers or retailers, from 1. */
  readonly organization: number
}

/** What a session is set to. */
export interface SessionSettings {
  readonly seed: string
  readonly clock: Clock
  readonly orders: number
  readonly allocations: number
  readonly assumptions: Assumptions
  readonly tokens: readonly NamedToken[]
}

/** What every new session starts from. */
export interface SessionDefaults extends SessionSettings {
  /** What it holds beside its population. */
  readonly data: Data
}

/** A session's own settings. They are the first change of its log, made by its first request. */
export interface Session extends SessionSettings {
  /** Its clock at creation, cut to the UTC day: what the population's dates hang on. */
  readonly epoch: number
}

export function isSessionName(text: string): text is SessionName {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text)
}

/** What requests that name no session belong to. */
export const DEFAULT_SESSION = 'default'

export function beginSession(settings: SessionSettings, real: number): Session {
  return { ...settings, epoch: dayOf(timeOf(settings.clock, real)) }
}

/** The id under which a session keeps its own settings. */
export const SESSION_ID = 'session'
