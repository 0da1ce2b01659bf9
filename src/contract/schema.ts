import { type Place, pointerPart, pointerParts } from '../http.ts'
import type { LoadedDocument } from '../load.ts'
import { DocumentError } from '../problem.ts'

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
  /** The entries of an object under a key, references followed. */
  children(parent: Located, key: string): [name: string, child: Located][]
  /** Where an object of the document stands; undefined for one that is none of its. */
  placeOf(node: unknown, key?: string): Place | undefined
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

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
      if (!isJson(value)) throw new DocumentError(`${uri}:${sources.get(uri)?.lineOf(pointer) ?? '?'}: nothing stands at #${pointer}`)
      const reference = value['$ref']
      if (typeof reference !== 'string') return { value, uri, pointer }
      if (seen.has(here)) throw new DocumentError(`${here}: the reference leads back to itself`)
      seen.add(here)
      const [file = '', fragment = ''] = reference.split('#')
      if (file !== '') uri = new URL(file, `file:///${uri}`).pathname.slice(1)
      pointer = decodeURIComponent(fragment)
    }
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
      return Object.keys(inner).map((name) => [name, at(parent.uri, `${parent.pointer}/${pointerPart(key)}/${pointerPart(name)}`)])
    },
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
