import { isJson, type Json } from '../contract/schema.ts'
import { pointerPart } from '../http.ts'
import { type ResultItem, withinInteraction } from './finding.ts'
import { own, targetOf } from './schemas.ts'

/** Where the rule stands that an item is about. */
export function ruleOf({ code, mockDetails, specDetails }: ResultItem, content: Json): string {
  const location = specDetails?.location ?? ''
  const [, schema, within] = code.endsWith('.body.incompatible') ? (/^(.*?\.content\..*?\.schema)\.(.*)$/s.exec(location) ?? []) : []
  if (schema === undefined || within === undefined) return atLocation(location, content).pointer
  // In a body the way through the schemas is that of the value: ajv begins it anew at references, without saying at which.
  const [, , ...parts] = withinInteraction(mockDetails?.location ?? '').split('.')
  let at = atReference(atLocation(schema, content), content)
  for (const part of parts) {
    const next = memberOf(at, part, content)
    if (!next) break
    at = next
  }
  const [keyword = ''] = within.split('.').slice(-1)
  return stepInto(at, keyword)?.at.pointer ?? at.pointer
}

/** The schema of a property or of the items, also where it stands in one of several parts or choices. */
function memberOf({ node, pointer }: At, part: string, content: Json): At | undefined {
  if (!isJson(node)) return undefined
  const { properties, items, additionalProperties } = node
  const below = (value: unknown, path: string): At => atReference({ node: value, pointer: `${pointer}/${path}` }, content)
  if (isJson(properties) && part in properties) return below(properties[part], `properties/${pointerPart(part)}`)
  if (/^\d+$/.test(part) && isJson(items)) return below(items, 'items')
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    const list = node[key]
    for (const [index, branch] of Array.isArray(list) ? list.entries() : []) {
      const found = memberOf(below(branch, `${key}/${index}`), part, content)
      if (found) return found
    }
  }
  return isJson(additionalProperties) ? below(additionalProperties, 'additionalProperties') : undefined
}

function atReference(at: At, content: Json): At {
  const target = isJson(at.node) ? targetOf(at.node['$ref'], content) : undefined
  return target ? { node: target.value, pointer: target.pointer } : at
}

/**
 * What a location in the document names, such as `[root].paths./orders/{id}/.get.responses.200.content.application/json.schema.type`.
 * Its parts hold dots themselves, so the document is asked at each step which of its names comes next; references are followed. As far as
 * it leads: what the comparator made of a schema does not stand in it.
 */
function atLocation(location: string, content: Json): At {
  let at: At = { node: content, pointer: '' }
  let owner = at
  let rest = location.replace(/^\[root\]\.?/, '')
  while (rest !== '') {
    // Where a reference leads, ajv begins anew.
    const next =
      stepFrom(at, owner, rest, content) ?? (rest.startsWith('components.') ? stepInto({ node: content, pointer: '' }, rest) : undefined)
    if (!next) break
    owner = at
    ;({ at, rest } = next)
  }
  return at
}

interface At {
  readonly node: unknown
  readonly pointer: string
}

interface Step {
  readonly at: At
  readonly rest: string
}

function stepFrom(at: At, owner: At, rest: string, content: Json): Step | undefined {
  const [text, index] = /^parameters\[(\d+)\]\.?/.exec(rest) ?? []
  if (text !== undefined) {
    const found = parametersOf(at, owner, content)[Number(index)]
    return found && { at: found, rest: rest.slice(text.length) }
  }
  const direct = stepInto(at, rest)
  if (direct) return direct
  // The document may have a range of statuses, or an answer for all others.
  const [status] = at.pointer.endsWith('/responses') ? (/^\d{3}/.exec(rest) ?? []) : []
  if (status !== undefined)
    return [`${status.charAt(0)}XX`, 'default'].map((key) => stepInto(at, `${key}${rest.slice(3)}`)).find((step) => step !== undefined)
  const target = isJson(at.node) ? targetOf(at.node['$ref'], content) : undefined
  return target && stepInto({ node: target.value, pointer: target.pointer }, rest)
}

function stepInto({ node, pointer }: At, rest: string): Step | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const [key] = Object.keys(node)
    .filter((key) => rest === key || rest.startsWith(`${key}.`))
    .toSorted((one, other) => other.length - one.length)
  return key === undefined
    ? undefined
    : { at: { node: own(node, key), pointer: `${pointer}/${pointerPart(key)}` }, rest: rest.slice(key.length + 1) }
}

/** An operation's parameters as the comparator counts them: its own, then the path's that it does not replace. */
function parametersOf(operation: At, item: At, content: Json): At[] {
  const found = new Map<string, At>()
  for (const { node, pointer } of [operation, item]) {
    const list: unknown = isJson(node) ? node['parameters'] : undefined
    for (const [index, entry] of Array.isArray(list) ? list.entries() : []) {
      if (!isJson(entry)) continue
      const { value, pointer: place } = targetOf(entry['$ref'], content) ?? { value: entry, pointer: `${pointer}/parameters/${index}` }
      const key = `${String(value['in'])} ${String(value['name'])}`
      if (!found.has(key)) found.set(key, { node: value, pointer: place })
    }
  }
  return [...found.values()]
}
