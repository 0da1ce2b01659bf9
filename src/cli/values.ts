import { UsageError } from '../base/problem.ts'
import { readText } from '../base/values.ts'
import { checkHost } from '../options/checks.ts'
import { readDuration, writtenDuration } from '../core/clock.ts'
import { isRecord, parsed } from '../verification/pact/value.ts'

/** Readers of what only options of commands have to be; the others stand in base/values.ts. */

/** As it is given: it is listened on. */
export function readHost(text: string): string {
  checkHost(readText(text))
  return text
}

export function readHeader(text: string): readonly [name: string, value: string] {
  const at = text.indexOf(':')
  if (at < 1) throw new UsageError('give NAME: VALUE, such as Authorization: Bearer abc')
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

export function readJsonObject(text: string): Readonly<Record<string, unknown>> {
  const value = parsed(text)
  if (!isRecord(value)) throw new UsageError('give a JSON object, such as {"mainBranch":true}')
  return value
}

/** One value, or a list of them. */
export function separateJson(text: string): string[] {
  const value = parsed(text)
  return Array.isArray(value) ? value.map((one: unknown) => JSON.stringify(one)) : [text]
}

export function readDate(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}(T.+)?$/.test(text) || Number.isNaN(Date.parse(text))) throw new UsageError('give a date like 2026-01-31')
  return text
}

/** Node takes the types out of these, whatever the package around them says of `.js`. */
export function readModuleName(text: string): string {
  if (!/\.m?ts$/.test(text)) throw new UsageError('give a file that ends in .ts or .mts, such as parcels.ts')
  return text
}

/** Milliseconds; none will do. */
export function readPause(text: string): number {
  const duration = readDuration(text)
  if (duration === undefined || duration > LONGEST_PAUSE)
    throw new UsageError(`give a duration like 10s, of ${writtenDuration(LONGEST_PAUSE)} at most, or 0s`)
  return duration
}

/** Who has not found another server by then does not look for one, in milliseconds. */
const LONGEST_PAUSE = 3_600_000

/** The address that the ready line says; that of the console, or of a control route, is taken as well. */
export function readMockUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError('give the URL that the ready line of the mock shows, such as http://127.0.0.1:4010')
  return text.replace(/\/__mock(\/.*)?$/s, '')
}

export function readStatus(text: string): string {
  if (!/^[1-5](\d\d|xx)$/i.test(text)) throw new UsageError('give a status like 404, or a class like 4xx')
  return text
}
