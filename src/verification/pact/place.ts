import { isJson, type Located, type Reader } from '../../contract/schema.ts'
import { pointerPart } from '../../base/http.ts'
import { type ResultItem, withinInteraction } from './finding.ts'

/** A place in one of the document's files. */
interface At {
  readonly node: unknown
  readonly uri: string
  readonly pointer: string
}

/** Where the rule stands that an item is about. */
export function ruleOf({ code, mockDetails, specDetails }: ResultItem, main: string, reader: Reader): At {
  const root: At = { node: reader.at(main, '').value, uri: main, pointer: '' }
  const location = specDetails?.location ?? ''
  const [, schema, within] = code.endsWith('.body.incompatible') ? (/^(.*?\.content\..*?\.schema)\.(.*)$/s.exec(location) ?? []) : []
  if (schema === undefined || within === undefined) return atLocation(location, root, reader)
  // In a body the way through the schemas is that of the value: ajv begins it anew at references, without saying at which.
  const [, , ...parts] = withinInteraction(mockDetails?.location ?? '').split('.')
  let at = atReference(atLocation(schema, root, reader), reader)
  for (const part of parts) {
    const next = memberOf(at, part, reader)
    if (!next) break
    at = next
  }
  const [keyword = ''] = within.split('.').slice(-1)
  return stepInto(at, keyword)?.at ?? at
}

/** The schema of a property or of the items, also where it stands in one of several parts or choices. */
function memberOf({ node, uri, pointer }: At, part: string, reader: Reader): At | undefined {
  if (!isJson(node)) return undefined
  const { properties, items, additionalProperties } = node
  const below = (value: unknown, path: string): At => atReference({ node: value, uri, pointer: `${pointer}/${path}` }, reader)
  if (isJson(properties) && part in properties) return below(properties[part], `properties/${pointerPart(part)}`)
  if (/^\d+$/.test(part) && isJson(items)) return below(items, 'items')
  for (const key of ['allOf', 'anyOf', 'oneOf']) {
    const list = node[key]
    for (const [index, branch] of Array.isArray(list) ? list.entries() : []) {
      const found = memberOf(below(branch, `${key}/${index}`), part, reader)
      if (found) return found
    }
  }
  return isJson(additionalProperties) ? below(additionalProperties, 'additionalProperties') : undefined
}

function atReference(at: At, reader: Reader): At {
  return targetOf(at, reader) ?? at
}

/** What a reference leads to, further ones followed; undefined for what is none, or leads in a circle. */
function targetOf({ node, uri, pointer }: At, reader: Reader): At | undefined {
  const seen = new Set<object>()
  let at: Located | undefined = isJson(node) ? { value: node, uri, pointer } : undefined
  for (let next = at; next && !seen.has(next.value); next = reader.target(next)) {
    seen.add(next.value)
    at = next
  }
  return at && at.value !== node && !('$ref' in at.value) ? { node: at.value, uri: at.uri, pointer: at.pointer } : undefined
}

/**
 * What a location in the document names, such as `[root].paths./orders/{id}/.get.responses.200.content.application/json.schema.type`.
 * Its parts hold dots themselves, so the document is asked at each step which of its names comes next; references are followed. As far as
 * it leads: what the comparator made of a schema does not stand in it.
 */
function atLocation(location: string, root: At, reader: Reader): At {
  let at = root
  let owner = at
  let rest = location.replace(/^\[root\]\.?/, '')
  while (rest !== '') {
    // Where a reference leads, ajv begins anew.
    const next = stepFrom(at, owner, rest, reader) ?? (rest.startsWith('components.') ? stepInto(root, rest) : undefined)
    if (!next) break
    owner = at
    ;({ at, rest } = next)
  }
  return at
}

interface Step {
  readonly at: At
  readonly rest: string
}

function stepFrom(at: At, owner: At, rest: string, reader: Reader): Step | undefined {
  const [text, index] = /^parameters\[(\d+)\]\.?/.exec(rest) ?? []
  if (text !== undefined) {
    const found = parametersOf(at, atReference(owner, reader), reader)[Number(index)]
    return found && { at: found, rest: rest.slice(text.length) }
  }
  const direct = stepInto(at, rest)
  if (direct) return direct
  // The document may have a range of statuses, or an answer for all others.
  const [status] = at.pointer.endsWith('/responses') ? (/^\d{3}/.exec(rest) ?? []) : []
  if (status !== undefined)
    return [`${status.charAt(0)}XX`, 'default'].map((key) => stepInto(at, `${key}${rest.slice(3)}`)).find((step) => step !== undefined)
  const target = targetOf(at, reader)
  return target && stepInto(target, rest)
}

function stepInto({ node, uri, pointer }: At, rest: string): Step | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  const [key] = Object.keys(node)
    .filter((key) => rest === key || rest.startsWith(`${key}.`))
    .toSorted((one, other) => other.length - one.length)
  if (key === undefined) return undefined
  const below = { node: Object.getOwnPropertyDescriptor(node, key)?.value, uri, pointer: `${pointer}/${pointerPart(key)}` }
  return { at: below, rest: rest.slice(key.length + 1) }
}

/** An operation's parameters as the comparator counts them: its own, then the path's that it does not replace. */
function parametersOf(operation: At, item: At, reader: Reader): At[] {
  const found = new Map<string, At>()
  for (const { node, uri, pointer } of [operation, item]) {
    const list: unknown = isJson(node) ? node['parameters'] : undefined
    for (const [index, entry] of Array.isArray(list) ? list.entries() : []) {
      const at = atReference({ node: entry, uri, pointer: `${pointer}/parameters/${index}` }, reader)
      if (!isJson(at.node)) continue
      const key = `${String(at.node['in'])} ${String(at.node['name'])}`
      if (!found.has(key)) found.set(key, at)
    }
  }
  return [...found.values()]
}
