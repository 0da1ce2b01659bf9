import { isJson, type Json, type Located, partsOf, type Reader } from './schema.ts'

/** A value as XML, by what its schema says of names, attributes and lists (OpenAPI 3.1, section 4.8.26). */
export function xmlOf(value: unknown, schema: Located | undefined, reader: Reader): string {
  const name = schema ? (saidOf(schema, reader).name ?? nameOf(schema, reader)) : 'root'
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementOf(name, Array.isArray(value) ? { item: value } : value, schema, reader, Array.isArray(value))}`
}

/** What a schema says of its form in XML. */
interface Said {
  readonly name?: string
  readonly prefix?: string
  readonly namespace?: string
  readonly isAttribute: boolean
  readonly isWrapped: boolean
}

function saidOf(schema: Located, reader: Reader): Said {
  const all = partsOf(schema, reader).flatMap(({ value: { xml } }) => (isJson(xml) ? [xml] : []))
  const textIn = (key: string): string | undefined => all.map((xml) => xml[key]).find((text) => typeof text === 'string')
  const [name, prefix, namespace] = [textIn('name'), textIn('prefix'), textIn('namespace')]
  return {
    ...(name !== undefined && { name }),
    ...(prefix !== undefined && { prefix }),
    ...(namespace !== undefined && { namespace }),
    isAttribute: all.some((xml) => xml['attribute'] === true),
    isWrapped: all.some((xml) => xml['wrapped'] === true),
  }
}

/** The name of the schema that a reference leads to. */
function nameOf(schema: Located, reader: Reader): string {
  const { pointer } = reader.target(schema) ?? schema
  return /\/(?:schemas|definitions|\$defs)\/([^/]+)$/.exec(pointer)?.[1] ?? 'root'
}

/** @param isList its only member stands for the elements of a list, which are named by their schema */
function elementOf(name: string, value: unknown, schema: Located | undefined, reader: Reader, isList = false): string {
  const said = schema ? saidOf(schema, reader) : undefined
  const tag = nameIn(said?.prefix === undefined ? name : `${said.prefix}:${name}`)
  const space =
    said?.namespace === undefined ? '' : ` xmlns${said.prefix === undefined ? '' : `:${nameIn(said.prefix)}`}="${escaped(said.namespace)}"`
  if (!isJson(value)) return value === null ? `<${tag}${space}/>` : `<${tag}${space}>${escaped(textOf(value))}</${tag}>`
  const members = Object.entries(value).map(([key, inner]) => {
    const own = isList ? schema : schema && memberOf(schema, key, reader)
    return { key, inner, own, said: own && !isList ? saidOf(own, reader) : undefined }
  })
  const attributes = members.flatMap(({ key, inner, said: of }) =>
    of?.isAttribute ? [` ${nameIn(of.name ?? key)}="${escaped(textOf(inner))}"`] : [],
  )
  const inside = members.flatMap(({ key, inner, own, said: of }) => {
    if (of?.isAttribute) return []
    if (!Array.isArray(inner)) return [elementOf(of?.name ?? key, inner, own, reader)]
    const items = own && itemsOf(own, reader)
    const outer = of?.name ?? key
    const itemName = (items && (saidOf(items, reader).name ?? (isList ? nameOf(items, reader) : undefined))) ?? (isList ? key : outer)
    const each = inner.map((item: unknown) => elementOf(itemName === 'root' ? key : itemName, item, items, reader)).join('')
    return [of?.isWrapped ? `<${nameIn(outer)}>${each}</${nameIn(outer)}>` : each]
  })
  return `<${tag}${space}${attributes.join('')}>${inside.join('')}</${tag}>`
}

function memberOf(schema: Located, key: string, reader: Reader): Located | undefined {
  return partsOf(schema, reader).flatMap((part) => reader.schemas(part, 'properties').filter(([name]) => name === key))[0]?.[1]
}

function itemsOf(schema: Located, reader: Reader): Located | undefined {
  return partsOf(schema, reader).flatMap((part) => reader.schema(part, 'items') ?? [])[0]
}

/** What cannot stand in a name is written as an underscore. */
function nameIn(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}_.:-]/gu, '_')
  return /^[\p{L}_]/u.test(plain) ? plain : `_${plain}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const ENTITIES: Json = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Characters that XML 1.0 does not have are left out (section 2.2). */
function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '').replaceAll(/[&<>"]/g, (one) => String(ENTITIES[one]))
}
