import { basisAt, type Place, pointerPart, pointerParts } from '../base/http.ts'
import { namedIn } from '../document/keys.ts'
import { soFar } from './on-demand.ts'
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
  /** The same, with what is wrong in place of an entry that leads nowhere. */
  items(parent: Located, key: string): [name: string, child: Located | DocumentError][]
  /** The names of what `children` gives. */
  names(parent: Located, key: string): readonly string[]
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

/** What the files of a document stand below. Not with its name: names of hosts are compared without case, and those of documents are not. */
export const BASE = 'mock://document/'

/** Schemas `true` and `false`, written out. */
const ANYTHING: Json = {}
const NOTHING: Json = { not: {} }

/** Objects whose names are paths, statuses or media types, so that an `x-` before one is an extension. */
const EXTENDED = new Set(['paths', 'responses', 'callbacks', 'content'])

/** @throws DocumentError when a pointer leads nowhere, or references run in a circle. */
export function createReader(document: LoadedDocument): Reader {
  const sources = new Map(document.sources.map((source) => [source.uri, source]))
  const places = new WeakMap<object, { uri: string; pointer: string }>()
  const toldPlaces = new WeakMap<object, Map<string | undefined, Place | undefined>>()
  const placed = (node: object, key: string | undefined): Place | undefined => {
    const found = places.get(node) ?? placeIn(sources.values(), node)
    places.set(node, found)
    if (found === NOWHERE) return undefined
    const pointer = key === undefined ? found.pointer : `${found.pointer}/${pointerPart(key)}`
    const line = sources.get(found.uri)?.lineOf(pointer)
    const basis = basisAt(sources.get(found.uri)?.content, pointer)
    return { file: found.uri, pointer, ...(line !== undefined && { line }), ...(basis !== undefined && { basis }) }
  }
  let known: Map<string, { uri: string; pointer: string }> | undefined

  function lookup(uri: string, pointer: string): unknown {
    let value: unknown = sources.get(uri)?.content
    for (const part of pointerParts(pointer))
      value = typeof value === 'object' && value !== null && Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined
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
      if (seen.has(here)) throw new DocumentError(`${lineAt(uri, pointer)}: the reference ${here} leads back to itself`)
      seen.add(here)
      const target = meant(reference, uri, pointer)
      if (lookup(target.uri, target.pointer) === undefined) throw leadingNowhere(reference, uri, pointer)
      ;({ uri, pointer } = target)
    }
  }

  function lineAt(uri: string, pointer: string): string {
    return `${uri}:${sources.get(uri)?.lineOf(pointer) ?? '?'}`
  }

  function nothingAt(uri: string, pointer: string): DocumentError {
    return new DocumentError(`${lineAt(uri, pointer)}: nothing stands at #${pointer}`)
  }

  function leadingNowhere(reference: string, uri: string, pointer: string): DocumentError {
    const place = pointer === '' ? uri : lineAt(uri, `${pointer}/$ref`)
    return new DocumentError(`${place} ($ref: ${reference}): it leads nowhere`)
  }

  /** Names that schemas give themselves, by the file and by the whole. */
  function names(): ReadonlyMap<string, { uri: string; pointer: string }> {
    if (!known) {
      known = new Map()
      for (const source of sources.values())
        for (const [name, pointer] of namedIn(source.content))
          known.set(name.startsWith('#') ? source.uri + name : name, { uri: source.uri, pointer })
    }
    return known
  }

  /** What a reference means: a place, or a schema by the name that it has given itself (`$id`, `$anchor`). */
  function meant(reference: string, uri: string, from: string): { uri: string; pointer: string } {
    const target = resolve(reference, uri)
    const [before = '', behind = ''] = reference.split('#', 2)
    if (behind !== '' && !behind.startsWith('/')) return names().get(`${target.uri}#${behind}`) ?? target
    const isAddress = /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(before) && !before.startsWith(BASE)
    if (before === '' || (!isAddress && sources.has(target.uri))) return target
    const whole = names().get(before) ?? names().get(new URL(before, idAround(uri, from) ?? BASE + uri).href)
    if (whole) return { uri: whole.uri, pointer: whole.pointer + target.pointer }
    return isAddress ? { uri: before, pointer: target.pointer } : target
  }

  /** The identity that relative references hang on: that of the nearest schema around. */
  function idAround(uri: string, from: string): string | undefined {
    for (let at = from; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const value = lookup(uri, at)
      if (isJson(value) && typeof value['$id'] === 'string' && URL.canParse(value['$id'])) return value['$id']
    }
    return undefined
  }

  function located(uri: string, pointer: string, value: unknown): Located {
    return { value: isJson(value) ? value : value === false ? NOTHING : ANYTHING, uri, pointer }
  }

  function child(parent: Located, ...keys: string[]): Located | undefined {
    let found: Located | undefined = parent
    for (const key of keys) found = found && key in found.value ? at(found.uri, `${found.pointer}/${pointerPart(key)}`) : undefined
    return found
  }

  function namesUnder({ value }: Located, key: string): string[] {
    const inner = value[key]
    if (typeof inner !== 'object' || inner === null) return []
    return Object.keys(inner).filter((name) => !EXTENDED.has(key) || !name.startsWith('x-') || name.includes('/'))
  }

  function below({ pointer }: Located, key: string, name: string): string {
    return `${pointer}/${pointerPart(key)}/${pointerPart(name)}`
  }

  return {
    at,
    child,
    names: namesUnder,
    children: (parent, key) => namesUnder(parent, key).map((name) => [name, at(parent.uri, below(parent, key, name))]),
    items: (parent, key) =>
      namesUnder(parent, key).map((name) => {
        try {
          return [name, at(parent.uri, below(parent, key, name))]
        } catch (error) {
          if (error instanceof DocumentError) return [name, error]
          throw error
        }
      }),
    schema: (parent, key) =>
      Object.hasOwn(parent.value, key) && parent.value[key] !== null
        ? located(parent.uri, `${parent.pointer}/${pointerPart(key)}`, parent.value[key])
        : undefined,
    schemas(parent, key) {
      const inner = parent.value[key]
      if (typeof inner !== 'object' || inner === null) return []
      const base = `${parent.pointer}/${pointerPart(key)}`
      return Object.entries(inner).map(([name, value]) => [name, located(parent.uri, `${base}/${pointerPart(name)}`, value)])
    },
    target({ value: { $ref: reference }, uri, pointer: from }) {
      if (typeof reference !== 'string') return undefined
      const { uri: file, pointer } = meant(reference, uri, from)
      const value = lookup(file, pointer)
      // A schema that is not there would allow everything.
      if (value === undefined) throw leadingNowhere(reference, uri, from)
      return located(file, pointer, value)
    },

    where: ({ uri, pointer }) => lineAt(uri, pointer),
    placeOf(node, key) {
      if (typeof node !== 'object' || node === null) return undefined
      // The same is wrong again and again.
      const told = toldPlaces.get(node) ?? new Map<string | undefined, Place | undefined>()
      if (told.size === 0) toldPlaces.set(node, told)
      if (!told.has(key)) told.set(key, placed(node, key))
      return told.get(key)
    },
  }
}

/** A reader to which a reference that leads nowhere is none: for what is only looked through. */
export function passingOver(reader: Reader): Reader {
  return {
    ...reader,
    target(schema) {
      try {
        return reader.target(schema)
      } catch (error) {
        if (error instanceof DocumentError) return undefined
        throw error
      }
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

/** A reference that means from the document's main folder what another means from one of its files. */
export function referenceFrom(reference: string, from: string): string {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(reference)) return reference
  const { uri } = resolve(reference, from)
  const [, fragment = ''] = reference.split('#', 2)
  return `${encodeURI(uri)}#${fragment}`
}

/** The file and the pointer that a reference means, read from the file it stands in. */
function resolve(reference: string, from: string): { uri: string; pointer: string } {
  const [file = '', fragment = ''] = reference.split('#')
  const uri = file === '' ? from : decodeURIComponent(new URL(file, `file:///${encodeURI(from)}`).pathname.slice(1))
  return { uri, pointer: decodeURIComponent(fragment) }
}

const NOWHERE = { uri: '', pointer: '' }

/**
 * Where an object stands. It is looked for when it is asked for, which of most is never: the places of all that a large document holds would
 * take more memory than the document.
 */
function placeIn(sources: Iterable<LoadedDocument['sources'][number]>, node: object): { uri: string; pointer: string } {
  const keys: string[] = []
  const isBelow = (value: unknown): boolean => {
    if (value === node) return true
    if (typeof value !== 'object' || value === null) return false
    const known = soFar(value)
    for (const key in known) {
      if (isBelow(Reflect.get(known, key))) {
        keys.push(key)
        return true
      }
    }
    return false
  }
  for (const { uri, content } of sources)
    if (isBelow(content))
      return {
        uri,
        pointer: keys
          .toReversed()
          .map((key) => `/${pointerPart(key)}`)
          .join(''),
      }
  return NOWHERE
}
