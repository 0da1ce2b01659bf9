import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, extname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileKind, readText, realPath } from './file.ts'
import { kindOf, namedIn } from './keys.ts'
import { linesOfJson, nearest, parse, type Source } from './parse.ts'
import { percentDecoded } from '../base/decode.ts'
import { parseExact } from '../base/exact.ts'
import { pointerPart, valueAt } from '../base/http.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'

/** A document and the files it refers to, the main one first. */
export interface LoadedDocument {
  /** The file's name without its ending: `supplier-orders`. */
  readonly name: string
  /** The main file's, where it is one that may change. */
  readonly folder?: string
  readonly sources: readonly Source[]
  /** What the build has compiled of the schemas of its requests, and of its answers. */
  readonly precompiled?: Precompiled
}

export interface Precompiled {
  readonly request: ValidateFunctions
  readonly response: ValidateFunctions
  /** Of the closures of the schemas that they were made of, by `digestOf`. */
  readonly digests: Digests
}

type Digests = Readonly<Record<'request' | 'response', Readonly<Record<string, string>>>>

/** What says whether a value is well, by the place of its schema. */
export interface ValidateFunctions {
  /** @param closure all that the schema says now, with what it refers to */
  get(key: string, closure: () => string): ((value: unknown) => boolean) | undefined
}

/** What `compileDocument` keeps of a document, so that nobody parses YAML at start. */
export interface CompiledDocument {
  readonly name: string
  /** What of it was precompiled, where something was. */
  readonly precompiledOf?: Digests
  readonly sources: readonly { readonly uri: string; readonly content: unknown }[]
}

/** Lines by pointer, one object a source, in a file of their own: only a refusal asks for them. */
export type CompiledLines = readonly Readonly<Record<string, number>>[]

/** More names help nobody to find the one that was meant. */
const MAX_NAMES = 12

/**
 * Reads a YAML or JSON document and every file it refers to. References may not leave the document's folder, symbolic links
 * resolved, and never go to the network; one that comes through a pipe has no folder, and refers to no files.
 * @throws DocumentError for a file that cannot be read or parsed, is too large, or lies outside, and for a reference that leads
 * nowhere: what it stands for would be taken to allow everything.
 */
export async function loadDocument(file: string): Promise<LoadedDocument> {
  const { document, faults } = await readDocument(file)
  const [fault] = faults
  if (fault !== undefined) throw new DocumentError(fault)
  return document
}

/** A document as far as it can be read. */
export interface ReadDocument {
  readonly document: LoadedDocument
  /** What is wrong with its references, with the line of each. */
  readonly faults: readonly string[]
}

/**
 * The same for a document that is used as far as it goes: what a reference stands for that leads nowhere is known to be missing where it is used.
 * @throws DocumentError for a file that cannot be read or parsed, or is too large
 */
export async function readDocument(file: string): Promise<ReadDocument> {
  const main = realPath(file, `document ${file}`)
  const root = dirname(main)
  const sources = new Map<string, Source>()
  const waiting = [main]
  const ends: (Reference & { readonly file: string; readonly fragment: string })[] = []
  const faults: (Reference & { readonly message: string })[] = []
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const uri = uriOf(path, root)
    if (sources.has(uri)) continue
    const source = await parse(path, uri)
    sources.set(uri, source)
    for (const { target, pointer } of referencesOf(source)) {
      // The line is looked for when somebody is to read it.
      const where = (): string => `${uri}:${source.lineOf(pointer) ?? '?'} ($ref: ${target})`
      const reference = { target, uri, where }
      try {
        const { path: found, fragment } = targetOf(reference, path, root, main)
        ends.push({ ...reference, file: found === path ? uri : uriOf(found, root), fragment })
        if (found !== path) waiting.push(found)
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        faults.push({ ...reference, message: error.message })
      }
    }
  }
  for (const { file: uri, fragment, ...reference } of ends) {
    const content = sources.get(uri)?.content
    if (!isTarget(valueAt(content, fragment)))
      faults.push({ ...reference, message: `${reference.where()}: it leads nowhere${besideIt(content, fragment)}` })
  }
  const names =
    faults.length === 0
      ? []
      : [...sources.values()].flatMap(({ uri, content }) => [...namedIn(content)].map(([name]) => [uri, name] as const))
  return {
    document: {
      name: basename(main, extname(main)),
      ...(fileKind(main) === 'pipe' ? {} : { folder: root }),
      sources: [...sources.values()],
    },
    faults: faults.filter((fault) => !isOfName(fault, names)).map(({ message }) => message),
  }
}

interface Reference {
  readonly target: string
  /** The file that it stands in. */
  readonly uri: string
  readonly where: () => string
}

/** @throws DocumentError for a reference to no file that may be read */
function targetOf({ target, where }: Reference, path: string, root: string, main: string): { path: string; fragment: string } {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('//'))
    throw new DocumentError(`${where()}: references may name files beside the document, not addresses`)
  const [file, fragment] = partsOf(target, where)
  if (fragment !== '' && !fragment.startsWith('/'))
    throw new DocumentError(
      `${where()}: what stands behind # must be a pointer, which begins with a slash, or a name that a schema has given itself`,
    )
  if (file !== '' && fileKind(main) === 'pipe')
    throw new DocumentError(`${where()}: beside a document from a pipe there are no files; bundle it, or name its file`)
  const found = file === '' ? path : realPath(resolve(dirname(path), file), where())
  if (!found.startsWith(root + sep)) throw new DocumentError(`${where()}: the file lies outside the document's folder ${root}`)
  return { path: found, fragment }
}

/** Whether a reference means a schema by a name that it has given itself: `$id`, which others hang on, or `$anchor`. */
function isOfName({ target, uri }: Reference, names: readonly (readonly [uri: string, name: string])[]): boolean {
  const [before = '', behind = ''] = target.split('#', 2)
  if (before === '') return names.some(([file, name]) => file === uri && name === `#${behind}`)
  const ids = names.flatMap(([, name]) => (name.startsWith('#') ? [] : [name]))
  return ids.some((id) => id === before || (URL.canParse(before, id) && ids.includes(new URL(before, id).href)))
}

/** The compiled form of a document, to be written as two JSON files. @param precompiledOf what of it was precompiled */
export function compileDocument(loaded: LoadedDocument, precompiledOf?: Digests): { document: CompiledDocument; lines: CompiledLines } {
  return {
    document: {
      name: loaded.name,
      ...(precompiledOf !== undefined && { precompiledOf }),
      sources: loaded.sources.map(({ uri, content }) => ({ uri, content })),
    },
    lines: loaded.sources.map((source) =>
      Object.fromEntries(pointersOf(source.content).map((pointer) => [pointer, source.lineOf(pointer) ?? 1])),
    ),
  }
}

/** Reads what `compileDocument` made. The lines, and what was precompiled, are read when the first one is asked for. */
export function loadCompiled(file: string, linesFile: string, precompiledFile = ''): LoadedDocument {
  const { name, sources, precompiledOf }: CompiledDocument = JSON.parse(readFileSync(file, 'utf8'))
  let lines: CompiledLines | undefined
  let functions: Functions | undefined
  const functionsOf = (side: 'request' | 'response'): ValidateFunctions => ({
    get: (key) => (functions ??= readPrecompiled(precompiledFile))[side].get(key),
  })
  return {
    name,
    ...(precompiledOf !== undefined && {
      precompiled: { request: functionsOf('request'), response: functionsOf('response'), digests: precompiledOf },
    }),
    sources: sources.map(({ uri, content }, index) => ({
      uri,
      content,
      lineOf: (pointer) => {
        const known: CompiledLines = (lines ??= JSON.parse(readFileSync(linesFile, 'utf8')))
        return nearest(pointer, (candidate) => known[index]?.[candidate])
      },
    })),
  }
}

/**
 * Reads a JSON file with the lines of its upper parts; its numbers keep their form. By JSON's own parser: a pact of a thousand interactions
 * takes YAML's seconds.
 * @throws DocumentError for a file that cannot be read or parsed, or is too large
 */
export function loadJson(file: string): LoadedDocument {
  const text = readText(realPath(file, file), file, 'file').replace(/^\uFEFF/, '')
  try {
    return { name: basename(file, extname(file)), sources: [{ uri: file, content: parseExact(text), lineOf: linesOfJson(text) }] }
  } catch (error) {
    if (error instanceof RangeError) throw new DocumentError(`${file}: it is nested too deep to be read`)
    throw new DocumentError(`${file}: it is not valid JSON: ${messageFrom(error)}`)
  }
}

const bundled = new Map<string, Promise<LoadedDocument>>()

/** A document that comes with the mock: compiled by the build where there is one, from YAML where the sources run. Read once. */
export function loadBundled(name: string): Promise<LoadedDocument> {
  const document = bundled.get(name) ?? readBundled(name)
  bundled.set(name, document)
  return document
}

async function readBundled(name: string): Promise<LoadedDocument> {
  const compiled = fileURLToPath(new URL(`../documents/${name}.json`, import.meta.url))
  return existsSync(compiled)
    ? loadCompiled(compiled, compiled.replace(/\.json$/, '.lines.json'), compiled.replace(/\.json$/, '.precompiled.js'))
    : loadDocument(fileURLToPath(new URL(`../../spec/${name}.${name.endsWith(SCHEMA) ? 'json' : 'yaml'}`, import.meta.url)))
}

const require = createRequire(import.meta.url)

type Functions = Readonly<Record<'request' | 'response', ReadonlyMap<string, (value: unknown) => boolean>>>

function readPrecompiled(file: string): Functions {
  const { default: functions }: { readonly default: Functions } = require(file)
  return functions
}

const SCHEMA = '.schema'

/** A JSON Schema that comes with the mock, for files that users write or hand around: `export`, `scenario`. Read once. */
export function loadSchema(name: string): Promise<LoadedDocument> {
  return loadBundled(name + SCHEMA)
}

function uriOf(path: string, root: string): string {
  return relative(root, path).split(sep).join('/')
}

/** The file that a reference names, empty for its own, and what stands behind the number sign; decoded. */
function partsOf(reference: string, where: () => string): [file: string, fragment: string] {
  const [before = '', behind = ''] = reference.split('#')
  const [file, fragment] = [percentDecoded(before), percentDecoded(behind)]
  if (file === undefined || fragment === undefined)
    throw new DocumentError(`${where()}: the reference holds a percent sign that encodes nothing`)
  return [file, fragment]
}

/** Schemas may be `true` and `false`; all else that is referred to is an object. */
function isTarget(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value))
}

/** The names that stand where a pointer finds its last one missing. */
function besideIt(content: unknown, pointer: string): string {
  const parent = valueAt(content, pointer.slice(0, Math.max(0, pointer.lastIndexOf('/'))))
  const names = typeof parent === 'object' && parent !== null ? Object.keys(parent) : []
  return names.length > 0 && names.length <= MAX_NAMES ? `; there are ${names.join(', ')}` : ''
}

function referencesOf({ content, uri }: Source): { target: string; pointer: string }[] {
  try {
    const found: { target: string; pointer: string }[] = []
    collect(content, [], false, found)
    return found
  } catch (error) {
    // An alias that stands for what it stands in has no end.
    if (error instanceof RangeError) throw new DocumentError(`${uri}: it is nested without end`)
    throw error
  }
}

/** @param path the keys that lead to the value: a pointer is made of them only where there is a reference */
function collect(value: unknown, path: string[], isNamed: boolean, found: { target: string; pointer: string }[]): void {
  if (typeof value !== 'object' || value === null) return
  for (const key in value) {
    const inner: unknown = Reflect.get(value, key)
    const kind = kindOf(key, isNamed)
    if (kind === 'data') continue
    path.push(key)
    if (!isNamed && key === '$ref' && typeof inner === 'string') found.push({ target: inner, pointer: pointerOf(path) })
    else if (!isNamed && key === 'discriminator') found.push(...mappedReferences(inner, pointerOf(path)))
    else collect(inner, path, kind === 'names', found)
    path.pop()
  }
}

function pointerOf(path: readonly string[]): string {
  return path.map((key) => `/${pointerPart(key)}`).join('')
}

/** What a discriminator's values stand for: a reference, or the name of a schema (OpenAPI 3.1, 4.8.25). */
function* mappedReferences(discriminator: unknown, pointer: string): Generator<{ target: string; pointer: string }> {
  const mapping: unknown =
    typeof discriminator === 'object' && discriminator !== null && 'mapping' in discriminator && discriminator.mapping
  if (typeof mapping !== 'object' || mapping === null) return
  for (const [value, schema] of Object.entries(mapping))
    if (typeof schema === 'string')
      yield {
        target: /^[\w.-]+$/.test(schema) && !/\.(json|ya?ml)$/.test(schema) ? `#/components/schemas/${schema}` : schema,
        pointer: `${pointer}/mapping/${pointerPart(value)}`,
      }
}

function pointersOf(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [pointer]
  return [pointer, ...Object.entries(value).flatMap(([key, inner]) => pointersOf(inner, `${pointer}/${pointerPart(key)}`))]
}
