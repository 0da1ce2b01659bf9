import type { Registry } from '../registry.ts'
import type { Scenario } from './written.ts'

/** What scenarios can name, beside one another. */
export interface Known {
  /** The APIs, with their words, steps and settings. */
  readonly registry: Registry
  /** Operations of the APIs, by id. */
  readonly operations: ReadonlyMap<string, KnownOperation>
  scenario(name: string): Scenario | undefined
  scenarios(): readonly string[]
}

export interface KnownOperation {
  readonly template: string
  readonly parameters: readonly string[]
  /** The documented answers: `200`, `4XX`, `default`. */
  readonly statuses: readonly string[]
  /** The same with the names of their examples. */
  readAnswers(): readonly {
    readonly status: string
    readonly contents: readonly { readonly examples: readonly { readonly name: string }[] }[]
  }[]
}
