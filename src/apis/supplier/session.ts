import type { Session as CoreSession } from '../../core/session.ts'
import type { Assumptions } from './assumptions.ts'

/** The organisations of a population. The first of each has the documents' example data. */
export const SUPPLIERS = 4
export const RETAILERS = 3

/** A session as this API knows it. */
export interface Session extends CoreSession {
  readonly assumptions: Assumptions
  readonly settings: Settings
}

/** What it is set to. A token that stands nowhere is the first supplier's. */
export type Settings = {
  /** How many orders nobody stored. */
  readonly orders: number
  readonly supplierTokens: readonly NamedToken[]
  readonly retailerTokens: readonly NamedToken[]
}

/** A token that names somebody. */
export interface NamedToken {
  readonly token: string
  readonly kind: OrganizationKind
  /** Which of the population's suppliers or retailers, from 1. */
  readonly organization: number
}

export type OrganizationKind = 'supplier' | 'retailer'

/** The token that the document shows: the first supplier's. */
export const SUPPLIER_TOKEN = '1234567890'
/** The first retailer's, printed at start. */
export const RETAILER_TOKEN = 'retailer-1234567890'
/** Always wrong, so that a client can meet a 401. */
export const REFUSED_TOKEN = 'invalid'
