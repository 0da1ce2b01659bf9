import { kindOf, mayName } from '../document/keys.ts'
import type { LoadedDocument } from '../document/load.ts'
import { pointerPart, valueAt } from '../base/http.ts'
import { DocumentError } from '../base/problem.ts'
import { createReader, isJson, type Json, type Located, type Reader } from './schema.ts'

/** Where schemas stand that are another's with what is in scope filled in. */
const FILLED = 'x-filled'

/**
 * The document with references to names that schemas give themselves (`$id`, `$anchor`) as pointers, and with every `$dynamicRef` as a `$ref` to what it means: of the `$dynamicAnchor`s of that name, the one of the outermost schema
 * that leads there (JSON Schema 2020-12, 8.2.3.2). A schema that means something else from another begins a copy: a list of pets is the generic
 * list, filled in. Ajv takes the keyword for another: it refuses what fits, and a document with two anchors of a name. The document itself
 * where there is none; references to other files are left as they are.
 */
export function withoutDynamic(document: LoadedDocument): LoadedDocument {
  if (!document.sources.some(({ content }) => mayName(content) && hasDynamic(content))) return document
  const reader = createReader(document)
  return {
    ...document,
    sources: document.sources.map((source) => {
      const filling = new Filling(reader, source.uri, source.content)
      return { ...source, content: filling.content(), lineOf: (pointer) => source.lineOf(filling.originOf(pointer)) }
    }),
  }
}

const NAMING = ['$dynamicRef', '$anchor', '$id']

function hasDynamic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (
    NAMING.some((key) => typeof Object.getOwnPropertyDescriptor(value, key)?.value === 'string') || Object.values(value).some(hasDynamic)
  )
}

/** Anchors by their names, each the pointer of its schema. */
type Scope = ReadonlyMap<string, string>

class Filling {
  readonly #reader: Reader
  readonly #uri: string
  readonly #content: unknown
  /** The anchors of each schema that has a scope of its own: one with an `$id`, or with a name. */
  readonly #anchors = new Map<string, { readonly dynamic: Map<string, string>; readonly plain: Map<string, string> }>()
  readonly #roots = new Set<string>()
  readonly #copies: unknown[] = []
  readonly #origins: string[] = []
  readonly #known = new Map<string, number>()

  constructor(reader: Reader, uri: string, content: unknown) {
    this.#reader = reader
    this.#uri = uri
    this.#content = content
    this.#collect(content, '', '', false)
  }

  content(): unknown {
    const content = this.#filled(this.#content, '', new Map(), false, false)
    return this.#copies.length > 0 && isJson(content) ? { ...content, [FILLED]: this.#copies } : content
  }

  /** Where in the file stands what was copied. */
  originOf(pointer: string): string {
    const [, place = '', rest = ''] = /^\/x-filled\/(\d+)(.*)$/s.exec(pointer) ?? []
    return place === '' ? pointer : (this.#origins[Number(place)] ?? '') + rest
  }

  #collect(value: unknown, pointer: string, around: string, isNamed: boolean): void {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) this.#collect(one, `${pointer}/${index}`, around, false)
    if (!isJson(value)) return
    const isRoot = !isNamed && (typeof value['$id'] === 'string' || /^\/components\/schemas\/[^/]+$/.test(pointer))
    const root = isRoot ? pointer : around
    if (isRoot) this.#roots.add(pointer)
    const own = this.#anchors.get(root) ?? { dynamic: new Map(), plain: new Map() }
    this.#anchors.set(root, own)
    if (!isNamed && typeof value['$dynamicAnchor'] === 'string') own.dynamic.set(value['$dynamicAnchor'], pointer)
    if (!isNamed && typeof value['$anchor'] === 'string') own.plain.set(value['$anchor'], pointer)
    for (const [key, inner] of Object.entries(value)) {
      const kind = kindOf(key, isNamed)
      if (kind !== 'data') this.#collect(inner, `${pointer}/${pointerPart(key)}`, root, kind === 'names')
    }
  }

  /** The schema with a scope of its own that a place is in. */
  #rootOf(pointer: string): string {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (this.#roots.has(at)) return at
    return ''
  }

  /** What was in scope before counts more. */
  #entered(scope: Scope, root: string): Scope {
    return new Map([...(this.#anchors.get(root)?.dynamic ?? []), ...scope])
  }

  #filled(value: unknown, pointer: string, around: Scope, isNamed: boolean, isCopy: boolean): unknown {
    if (Array.isArray(value)) return value.map((one, index) => this.#filled(one, `${pointer}/${index}`, around, false, isCopy))
    if (!isJson(value)) return value
    const scope = this.#roots.has(pointer) ? this.#entered(around, pointer) : around
    const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      const kind = kindOf(key, isNamed)
      if (kind === 'data') return [[key, inner]]
      // A copy is nobody's to refer to.
      if (!isNamed && (key === '$dynamicAnchor' || (isCopy && (key === '$anchor' || key === '$id')))) return []
      if (!isNamed && key === '$dynamicRef' && typeof inner === 'string') return [['$ref', this.#meant(inner, pointer, scope)]]
      if (!isNamed && key === '$ref' && typeof inner === 'string') return [[key, this.#reference(inner, value, pointer, scope)]]
      return [[key, this.#filled(inner, `${pointer}/${pointerPart(key)}`, scope, kind === 'names', isCopy)]]
    })
    return Object.fromEntries(entries)
  }

  #meant(reference: string, pointer: string, scope: Scope): string {
    const name = reference.slice(1)
    const own = this.#anchors.get(this.#rootOf(pointer))
    const isPlain = own?.plain.has(name) === true && !own.dynamic.has(name)
    const target = isPlain ? own.plain.get(name) : (scope.get(name) ?? own?.dynamic.get(name))
    return reference.startsWith('#') && target !== undefined ? `#${encodeURI(target)}` : reference
  }

  #reference(reference: string, value: Json, pointer: string, scope: Scope): string {
    const target = this.#target(value, pointer)
    if (!target) return reference
    // Ajv loses names below keys with slashes, as paths and media types are.
    const plain = reference.startsWith('#/') || target.pointer === '' ? reference : `#${encodeURI(target.pointer)}`
    const inside = this.#entered(scope, this.#rootOf(target.pointer))
    const own = this.#entered(new Map(), this.#rootOf(target.pointer))
    const other = [...this.#wantedBy(target.pointer)].filter((name) => inside.get(name) !== own.get(name)).toSorted()
    if (other.length === 0) return plain
    const key = JSON.stringify([target.pointer, ...other.map((name) => [name, inside.get(name)])])
    const known = this.#known.get(key) ?? this.#copies.length
    if (!this.#known.has(key)) {
      this.#known.set(key, known)
      this.#copies.push({})
      this.#origins.push(target.pointer)
      this.#copies[known] = this.#filled(target.value, target.pointer, inside, false, true)
    }
    return `#/${FILLED}/${known}`
  }

  /** The names that a schema, and all that it refers to, looks for in scope. */
  #wantedBy(pointer: string): ReadonlySet<string> {
    const names = new Set<string>()
    const seen = new Set<object>()
    const look = (value: unknown, at: string): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return
      seen.add(value)
      if (isJson(value)) {
        const { $dynamicRef } = value
        if (typeof $dynamicRef === 'string') names.add($dynamicRef.slice(1))
        const target = this.#target(value, at)
        if (target) look(target.value, target.pointer)
      }
      for (const [key, inner] of Object.entries(value)) if (kindOf(key, false) !== 'data') look(inner, `${at}/${pointerPart(key)}`)
    }
    look(valueAt(this.#content, pointer), pointer)
    return names
  }

  /** What a reference leads to in the same file. One that leads nowhere says so where it is used. */
  #target(value: Json, pointer: string): Located | undefined {
    try {
      const target = this.#reader.target({ value, uri: this.#uri, pointer })
      return target?.uri === this.#uri ? target : undefined
    } catch (error) {
      if (error instanceof DocumentError) return undefined
      throw error
    }
  }
}
