import { isJson, type Json } from '../../contract/schema.ts'
import type { Interaction } from './pact.ts'

/** What a matcher for the status may name (Pact specification, version 4). */
const CLASSES: Readonly<Record<string, readonly [from: number, to: number]>> = {
  info: [100, 199],
  success: [200, 299],
  redirect: [300, 399],
  clientError: [400, 499],
  serverError: [500, 599],
  nonError: [100, 399],
  error: [400, 599],
}

/** Whether the verifier takes a status for an answer to the interaction: by the matcher, where there is one, else the example's alone. */
export function isAdmitted({ status, raw }: Interaction, candidate: number): boolean {
  const { matchers, combine } = ruleOf(raw)
  if (matchers.length === 0) return candidate === status
  const admits = (matcher: unknown): boolean => matches(isJson(matcher) ? matcher : {}, candidate, status)
  return combine === 'OR' ? matchers.some(admits) : matchers.every(admits)
}

/** Those of the documented statuses (`200`, `4XX`, `default`) that hold an answer to the interaction. */
export function documentedFor(interaction: Interaction, documented: readonly string[]): readonly string[] {
  const found = new Set(statusesFor(interaction, documented).map((status) => keyOf(status, documented)))
  return documented.filter((key) => found.has(key))
}

/**
 * The statuses by which an interaction is to be compared, the example's first: one for each documented answer that holds an admitted one.
 * Where none does, the one that stands for all that are admitted; none where nothing is.
 */
export function statusesFor(interaction: Interaction, documented: readonly string[]): readonly number[] {
  const candidates = ruleOf(interaction.raw).matchers.length === 0 ? [interaction.status] : [interaction.status, ...ALL]
  const admitted = candidates.filter((status) => isAdmitted(interaction, status))
  const byAnswer = new Map<string, number>()
  for (const status of admitted) {
    const key = keyOf(status, documented)
    if (key !== undefined && !byAnswer.has(key)) byAnswer.set(key, status)
  }
  return byAnswer.size > 0 ? [...byAnswer.values()] : admitted.slice(0, 1)
}

const ALL = Array.from({ length: 500 }, (_, index) => index + 100)

/** The documented answer that a status has. */
function keyOf(status: number, documented: readonly string[]): string | undefined {
  return [String(status), `${Math.floor(status / 100)}XX`, 'default'].find((key) => documented.includes(key))
}

function ruleOf({ response }: Json): { readonly matchers: readonly unknown[]; readonly combine: unknown } {
  const rules = isJson(response) && isJson(response['matchingRules']) ? response['matchingRules'] : {}
  const category = isJson(rules['status']) ? rules['status'] : {}
  const rule = isJson(category['$']) ? category['$'] : isJson(category['']) ? category[''] : category
  const matchers: unknown = rule['matchers']
  return { matchers: Array.isArray(matchers) ? matchers : [], combine: rule['combine'] }
}

function matches({ match, status: wanted, regex, value }: Json, candidate: number, example: number): boolean {
  switch (match) {
    case 'statusCode': {
      if (Array.isArray(wanted)) return wanted.includes(candidate)
      const [from, to] = (typeof wanted === 'string' && Object.hasOwn(CLASSES, wanted) && CLASSES[wanted]) || [example, example]
      return candidate >= from && candidate <= to
    }
    case 'type':
    case 'number':
    case 'integer':
      return true
    case 'include':
      return String(candidate).includes(String(value))
    case 'regex':
      return typeof regex === 'string' && isMatch(regex, String(candidate))
    default:
      return candidate === example
  }
}

function isMatch(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text)
  } catch {
    return false
  }
}
