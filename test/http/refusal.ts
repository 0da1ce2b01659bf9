import type request from 'supertest'
import type { Response, Test } from 'supertest'
import type { Issue } from '../../src/base/http.ts'

/** What both suites of refusals send, and what they are told. */

type Agent = ReturnType<typeof request>
export type Send = (agent: Agent) => Test
export type Verb = 'get' | 'put' | 'post' | 'patch' | 'delete' | 'options' | 'head'

export interface Entry {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly operation?: string
  readonly assumption?: string
  readonly problem?: Reason
  readonly warnings?: readonly Issue[]
}

interface Reason {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly fix?: string
  readonly issues?: readonly Issue[]
}

export interface Refusal extends Reason {
  readonly answer: Response
  readonly body: unknown
  readonly entry: Entry
  readonly at: readonly string[]
}
