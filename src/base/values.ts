import { UsageError } from './problem.ts'

/*
 * What values of options have to be. Readers make a value of a text, from a flag or an environment variable; checks look at a value that a
 * program gave. Both throw a UsageError that says what would do, and leave it to the caller to name the option and the value met.
 */

export function readText(text: string): string {
  if (text === '') throw new UsageError('it must not be empty')
  return text
}

export function readWholeNumber(least: number, most: number): (text: string) => number {
  const check = checkWholeNumber(least, most)
  return (text) => check(/^\d+$/.test(text) ? Number(text) : text)
}

export function readTruth(text: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false
  throw new UsageError('give true or false')
}

export function readPair(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError('give NAME=VALUE, such as oms.cancel.again=200')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** What repeated pairs make. */
export function recordOf(pairs: readonly (readonly [name: string, value: string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs)
}

/** Reader and check in one. */
export function choice<const Value extends string>(...values: readonly Value[]): (value: unknown) => Value {
  return (value) => {
    const found = values.find((one) => one === value)
    if (found === undefined) throw new UsageError(`give ${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`)
    return found
  }
}

export function checkWholeNumber(least: number, most: number): (value: unknown) => number {
  return (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new UsageError(`give a whole number from ${least} to ${most}`)
    return value
  }
}

export function checkText(value: unknown): string {
  if (typeof value !== 'string') throw new UsageError('give a text')
  return value
}

export function checkTruth(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new UsageError('give true or false')
  return value
}

export function checkFunction(value: unknown): void {
  if (typeof value !== 'function') throw new UsageError('give a function')
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
