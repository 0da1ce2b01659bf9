import type { LibraryOption } from '../base/option.ts'
import { checkWholeNumber, readWholeNumber } from '../base/values.ts'
import type { Schema } from './schema.ts'

/** What a session of an API is set to: an option of the mock, with a flag and an environment variable. */
export type Setting<Value = unknown> = LibraryOption & {
  /** Of the value as a scenario has it, under `population`; a scenario cannot set what has none. */
  readonly schema?: Schema
  /** Of a list, each item is checked. @returns what sessions have @throws UsageError that says what would do */
  readonly check: (value: unknown) => Value
  /** @throws UsageError where it does not go with the other settings */
  agree?(settings: Readonly<Record<string, unknown>>): void
  /** As an export has it. @param replace a stand-in for a secret */
  write?(value: unknown, replace: (secret: string) => string): unknown
}

const MAX_COUNT = 1_000_000_000

/** How many of something a session starts with. @param name the flag's: `--orders` for `orders` */
export function countSetting(name: string, count: number, help: string): Setting<number> {
  return {
    schema: { type: 'integer', minimum: 0, maximum: MAX_COUNT },
    flag: `--${name} <number>`,
    help: `${help}, up to ${MAX_COUNT}`,
    default: count,
    read: readWholeNumber(0, MAX_COUNT),
    check: checkWholeNumber(0, MAX_COUNT),
  }
}
