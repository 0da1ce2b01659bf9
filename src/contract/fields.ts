import { decoded, parsedJson } from '../base/decode.ts'
import { isJson, type Located, type Reader } from './schema.ts'
import { branchesOf, coerce, typesOf } from './texts.ts'

/** A field of a form as it was sent. */
export interface Field {
  readonly name: string
  readonly text: string
  /** A file, or what says of itself that it is JSON. */
  readonly kind: 'text' | 'file' | 'json'
}

/** The pairs of `application/x-www-form-urlencoded`. */
export function fieldsOf(text: string): Field[] {
  return [...new URLSearchParams(text)].map(([name, value]) => ({ name, text: value, kind: 'text' }))
}

/** The parts of `multipart/form-data` (RFC 7578); undefined for a text that has none. */
export function partsIn(text: string, contentType: string): Field[] | undefined {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const said = boundary?.[1] ?? boundary?.[2] ?? /^--(\S+)\r?\n/.exec(text)?.[1]
  if (said === undefined) return undefined
  const pieces = `\r\n${text}`.split(`\r\n--${said}`)
  if (pieces.length < 2) return undefined
  return pieces.slice(1).flatMap((piece): Field[] => {
    if (piece.startsWith('--')) return []
    const end = piece.indexOf('\r\n\r\n')
    const head = end === -1 ? piece : piece.slice(0, end)
    const name = /^content-disposition:.*?;\s*name=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/im.exec(head)
    if (!name) return []
    const kind = /;\s*filename\*?=/i.test(head) ? 'file' : /^content-type:\s*[^\s;]*[/+]json\b/im.test(head) ? 'json' : 'text'
    return [{ name: decoded(name[1] ?? name[2] ?? ''), text: end === -1 ? '' : piece.slice(end + 4), kind }]
  })
}

/**
 * The fields of a form as the schemas of its members would have them: typed, lists put together, and `a[b]`, `a[]` and `a[0]` as members and elements, where
 * no property has that very name.
 */
export function formValue(
  fields: readonly Field[],
  declared: ReadonlyMap<string, readonly Located[]>,
  reader: Reader,
): Readonly<Record<string, unknown>> {
  const tree = new Map<string, Node>()
  for (const field of fields) grow(tree, declared.has(field.name) ? [field.name] : pathOf(field.name), field)
  return Object.fromEntries([...tree].map(([name, node]) => [name, valueOf(node, declared.get(name) ?? [], reader)]))
}

/** What stands under a name: texts, or more names. */
interface Node {
  readonly fields: Field[]
  readonly inner: Map<string, Node>
}

/** How deep names may stand in one another. */
const DEEPEST = 20

function pathOf(name: string): string[] {
  const [, head, rest] = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(name) ?? []
  if (head === undefined || rest === undefined) return [name]
  const path = [head, ...rest.slice(1, -1).split('][')]
  return path.length > DEEPEST ? [name] : path
}

function grow(tree: Map<string, Node>, [name = '', ...rest]: readonly string[], field: Field): void {
  // What has no name is one more.
  const key = name === '' ? String(tree.size) : name
  const node = tree.get(key) ?? { fields: [], inner: new Map<string, Node>() }
  tree.set(key, node)
  const isLast = rest.length === 0 || (rest.length === 1 && rest[0] === '' && node.inner.size === 0)
  if (isLast) node.fields.push(rest.length === 1 ? { ...field, name: '' } : field)
  else grow(node.inner, rest, field)
}

function valueOf({ fields, inner }: Node, schemas: readonly Located[], reader: Reader): unknown {
  const types = new Set(schemas.flatMap((schema) => [...typesOf(schema, reader).own]))
  if (inner.size > 0) {
    const names = [...inner.keys()]
    const isList = names.every((name) => /^\d+$/.test(name)) && !types.has('object')
    if (isList) return [...inner.values()].map((node) => valueOf(node, itemsOf(schemas, reader), reader))
    const members = schemas.map((schema) => membersOf(schema, reader))
    return Object.fromEntries(
      [...inner].map(([name, node]) => [
        name,
        valueOf(
          node,
          members.flatMap((all) => all.get(name) ?? []),
          reader,
        ),
      ]),
    )
  }
  const [first] = fields
  const isList = types.has('array') || fields.length > 1 || first?.name === ''
  if (isList) {
    const [only] = fields.length === 1 ? fields : []
    const whole = only && only.kind !== 'file' ? parsedJson(only.text) : undefined
    if (Array.isArray(whole)) return whole
    return fields.map((field) => read(field, itemsOf(schemas, reader), reader))
  }
  return first && read(first, schemas, reader)
}

function read({ text, kind }: Field, schemas: readonly Located[], reader: Reader): unknown {
  if (kind === 'file') return text
  const types = new Set(schemas.flatMap((schema) => [...typesOf(schema, reader).own]))
  // An object is sent as JSON where nothing else is said (OpenAPI 3.0, 4.7.15).
  const whole = kind === 'json' || types.has('object') ? parsedJson(text) : undefined
  return whole === undefined || (kind !== 'json' && !isJson(whole)) ? coerce(text, types) : whole
}

/** The members that a schema declares, with all that it says of each. */
export function membersOf(schema: Located, reader: Reader): Map<string, Located[]> {
  const members = new Map<string, Located[]>()
  for (const part of branchesOf(schema, reader))
    for (const [name, member] of reader.schemas(part, 'properties')) members.set(name, [...(members.get(name) ?? []), member])
  return members
}

function itemsOf(schemas: readonly Located[], reader: Reader): Located[] {
  return schemas.flatMap((schema) => branchesOf(schema, reader)).flatMap((part) => reader.schema(part, 'items') ?? [])
}
