import { type Place, pointerPart, pointerParts } from '../base/http.ts'
import type { LoadedDocument } from '../document/load.ts'
import { DocumentError } from '../base/problem.ts'

export type Json = { readonly [key: string]: unknown }

/** A value of a document together with where it stands, so that rules can be named and schemas compiled in place. */
export interface Located {
  readonly value: Json
  readonly uri: string
  readonly pointer: string
}

/** Reads a loaded document by pointer, follows its references, and knows where each object stands. */
export interface Reader {
  at(uri: string, pointer: string): Located
  /** The object under a key, references followed. Undefined when there is no such key. */
  child(parent: Located, ...keys: string[]): Located | undefined
  /** The entries of an object under a key, references followed, extensions (`x-…`) left out where names cannot begin so. */
  children(parent: Located, key: string): [name: string, child: Located][]
  /** The schema under a key as it stands: what stands beside its reference counts too. `true` reads as `{}`. */
  schema(parent: Located, key: string): Located | undefined
  /** The schemas of a list or a map under a key, as they stand. */
  schemas(parent: Located, key: string): [name: string, schema: Located][]
  /** What a schema's reference leads to, if it has one. */
  target(schema: Located): Located | undefined
  /** Where an object of the document stands; undefined for one that is none of its. */
  placeOf(node: unknown, key?: string): Place | undefined
  /** The file and the line, for the reader of an error. */
  where(located: Located): string
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Schemas `true` and `false`, written out. */
const ANYTHING: Json = {}
const NOTHING: Json = { not: {} }

/** Objects whose names are paths, statuses or media types, so that an `x-` before one is an extension. */
const EXTENDED = new Set(['paths', 'responses', 'callbacks', 'content'])

/** @throws DocumentError when a pointer leads nowhere, or references run in a circle. */
export function createReader(document: LoadedDocument): Reader {
  const sources = new Map(document.sources.map((source) => [source.uri, source]))
  let places: WeakMap<object, { uri: string; pointer: string }> | undefined

  function lookup(uri: string, pointer: string): unknown {
    let value: unknown = sources.get(uri)?.content
    for (const part of pointerParts(pointer))
      value = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, part)?.value : undefined
    return value
  }

  function at(uri: string, pointer: string): Located {
    const seen = new Set<string>()
    for (;;) {
      const value = lookup(uri, pointer)
      const here = `${uri}#${pointer}`
      if (!isJson(value)) throw nothingAt(uri, pointer)
      const reference = value['$ref']
      if (typeof reference !== 'string') return { value, uri, pointer }
      if (seen.has(here)) throw new DocumentError(`${here}: the reference leads back to itself`)
      seen.add(here)
      ;({ uri, pointer } = resolve(reference, uri))
    }
  }

  function lineAt(uri: string, pointer: string): string {
    return `${uri}:${sources.get(uri)?.lineOf(pointer) ?? '?'}`
  }

  function nothingAt(uri: string, pointer: string): DocumentError {
    return new DocumentError(`${lineAt(uri, pointer)}: nothing stands at #${pointer}`)
  }

  function located(uri: string, pointer: string, value: unknown): Located {
    return { value: isJson(value) ? value : value === false ? NOTHING : ANYTHING, uri, pointer }
  }

  function child(parent: Located, ...keys: string[]): Located | undefined {
    let found: Located | undefined = parent
    for (const key of keys) found = found && key in found.value ? at(found.uri, `${found.pointer}/${pointerPart(key)}`) : undefined
    return found
  }

  function register(value: unknown, uri: string, pointer: string, into: WeakMap<object, { uri: string; pointer: string }>): void {
    if (typeof value !== 'object' || value === null) return
    into.set(value, { uri, pointer })
    for (const [key, inner] of Object.entries(value)) register(inner, uri, `${pointer}/${pointerPart(key)}`, into)
  }

  return {
    at,
    child,
    children(parent, key) {
      const inner = parent.value[key]
      if (typeof inner !== 'object' || inner === null) return []
      const names = Object.keys(inner).filter((name) => !EXTENDED.has(key) || !name.startsWith('x-') || name.includes('/'))
      return names.map((name) => [name, at(parent.uri, `${parent.pointer}/${pointerPart(key)}/${pointerPart(name)}`)])
    },
    schema: (parent, key) =>
      Object.hasOwn(parent.value, key) ? located(parent.uri, `${parent.pointer}/${pointerPart(key)}`, parent.value[key]) : undefined,
    schemas(parent, key) {
      const inner = parent.value[key]
      if (typeof inner !== 'object' || inner === null) return []
      const base = `${parent.pointer}/${pointerPart(key)}`
      return Object.entries(inner).map(([name, value]) => [name, located(parent.uri, `${base}/${pointerPart(name)}`, value)])
    },
    target({ value: { $ref: reference }, uri }) {
      if (typeof reference !== 'string') return undefined
      const { uri: file, pointer } = resolve(reference, uri)
      const value = lookup(file, pointer)
      // A schema that is not there would allow everything.
      if (value === undefined) throw nothingAt(file, pointer)
      return located(file, pointer, value)
    },
    where: ({ uri, pointer }) => lineAt(uri, pointer),
    placeOf(node, key) {
      if (typeof node !== 'object' || node === null) return undefined
      if (!places) {
        places = new WeakMap()
        for (const source of sources.values()) register(source.content, source.uri, '', places)
      }
      const found = places.get(node)
      if (!found) return undefined
      const pointer = key === undefined ? found.pointer : `${found.pointer}/${pointerPart(key)}`
      const line = sources.get(found.uri)?.lineOf(pointer)
      return { file: found.uri, pointer, ...(line !== undefined && { line }) }
    },
  }
}

/** The schema, what it refers to, and the parts of its `allOf`: all of them speak of one value. */
export function partsOf(schema: Located, reader: Reader, seen = new Set<object>()): Located[] {
  if (seen.has(schema.value)) return []
  seen.add(schema.value)
  const target = reader.target(schema)
  const parts = reader.schemas(schema, 'allOf').map(([, part]) => part)
  return [schema, ...(target ? [target, ...parts] : parts).flatMap((part) => partsOf(part, reader, seen))]
}

/** The schemas that a document has by name: those of `components/schemas`, or of `definitions` (Swagger 2.0). */
export function namedSchemas(reader: Reader, uri: string): [name: string, schema: Located][] {
  const root = reader.at(uri, '')
  const components = reader.child(root, 'components')
  return [...(components ? reader.schemas(components, 'schemas') : []), ...reader.schemas(root, 'definitions')]
}

/** The file and the pointer that a reference means, read from the file it stands in. */
function resolve(reference: string, from: string): { uri: string; pointer: string } {
  const [file = '', fragment = ''] = reference.split('#')
  const uri = file === '' ? from : decodeURIComponent(new URL(file, `file:///${encodeURI(from)}`).pathname.slice(1))
  return { uri, pointer: decodeURIComponent(fragment) }
}
