import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, extname, relative, resolve, sep } from 'node:path'
import { isUtf8 } from 'node:buffer'
import { fileURLToPath } from 'node:url'
import type { Document, LineCounter } from 'yaml'
import { countNames, linesIn } from './json-lines.ts'
import { kindOf, namedIn } from './keys.ts'
import { parsedJson, percentDecoded } from '../base/decode.ts'
import { parseExact } from '../base/exact.ts'
import { pointerPart, pointerParts, valueAt } from '../base/http.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'

/** One file of a document. */
interface Source {
  /** Relative to the main document's folder; the URI that references inside the document resolve against. */
  readonly uri: string
  readonly content: unknown
  /** The line, from 1, on which the value at a JSON pointer begins; of its nearest parent when it has none of its own. */
  lineOf(pointer: string): number | undefined
}

/** A document and the files it refers to, the main one first. */
export interface LoadedDocument {
  /** The file's name without its ending: `supplier-orders`. */
  readonly name: string
  /** The main file's, where it is one that may change. */
  readonly folder?: string
  readonly sources: readonly Source[]
}

/** What `compileDocument` keeps of a document, so that nobody parses YAML at start. */
export interface CompiledDocument {
  readonly name: string
  readonly sources: readonly { readonly uri: string; readonly content: unknown }[]
}

/** Lines by pointer, one object a source, in a file of their own: only a refusal asks for them. */
export type CompiledLines = readonly Readonly<Record<string, number>>[]

/** The largest documents that are published have some fourteen million: GitHub's. */
const MAX_BYTES = 25_000_000
/** How many values a file may have, each as often as aliases stand for it; GitHub's has half a million. */
const MAX_VALUES = 3_000_000
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
      const where = `${uri}:${source.lineOf(pointer) ?? '?'} ($ref: ${target})`
      const reference = { target, uri, where }
      try {
        const { path: found, fragment } = targetOf(reference, path, root, main)
        ends.push({ ...reference, file: uriOf(found, root), fragment })
        waiting.push(found)
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        faults.push({ ...reference, message: error.message })
      }
    }
  }
  for (const { file: uri, fragment, ...reference } of ends) {
    const content = sources.get(uri)?.content
    if (!isTarget(valueAt(content, fragment)))
      faults.push({ ...reference, message: `${reference.where}: it leads nowhere${besideIt(content, fragment)}` })
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
  readonly where: string
}

/** @throws DocumentError for a reference to no file that may be read */
function targetOf({ target, where }: Reference, path: string, root: string, main: string): { path: string; fragment: string } {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('//'))
    throw new DocumentError(`${where}: references may name files beside the document, not addresses`)
  const [file, fragment] = partsOf(target, where)
  if (fragment !== '' && !fragment.startsWith('/'))
    throw new DocumentError(
      `${where}: what stands behind # must be a pointer, which begins with a slash, or a name that a schema has given itself`,
    )
  if (file !== '' && fileKind(main) === 'pipe')
    throw new DocumentError(`${where}: beside a document from a pipe there are no files; bundle it, or name its file`)
  const found = file === '' ? path : realPath(resolve(dirname(path), file), where)
  if (!found.startsWith(root + sep)) throw new DocumentError(`${where}: the file lies outside the document's folder ${root}`)
  return { path: found, fragment }
}

/** Whether a reference means a schema by a name that it has given itself: `$id`, which others hang on, or `$anchor`. */
function isOfName({ target, uri }: Reference, names: readonly (readonly [uri: string, name: string])[]): boolean {
  const [before = '', behind = ''] = target.split('#', 2)
  if (before === '') return names.some(([file, name]) => file === uri && name === `#${behind}`)
  const ids = names.flatMap(([, name]) => (name.startsWith('#') ? [] : [name]))
  return ids.some((id) => id === before || (URL.canParse(before, id) && ids.includes(new URL(before, id).href)))
}

/** The compiled form of a document, to be written as two JSON files. */
export function compileDocument(loaded: LoadedDocument): { document: CompiledDocument; lines: CompiledLines } {
  return {
    document: { name: loaded.name, sources: loaded.sources.map(({ uri, content }) => ({ uri, content })) },
    lines: loaded.sources.map((source) =>
      Object.fromEntries(pointersOf(source.content).map((pointer) => [pointer, source.lineOf(pointer) ?? 1])),
    ),
  }
}

/** Reads what `compileDocument` made. The lines are read when the first one is asked for. */
export function loadCompiled(file: string, linesFile: string): LoadedDocument {
  const { name, sources }: CompiledDocument = JSON.parse(readFileSync(file, 'utf8'))
  let lines: CompiledLines | undefined
  return {
    name,
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
    ? loadCompiled(compiled, compiled.replace(/\.json$/, '.lines.json'))
    : loadDocument(fileURLToPath(new URL(`../../spec/${name}.yaml`, import.meta.url)))
}

const schemas = new Map<string, Promise<LoadedDocument>>()

/** A JSON Schema that comes with the mock, for files that users write or hand around: `export`, `scenario`. Read once. */
export function loadSchema(name: string): Promise<LoadedDocument> {
  const schema = schemas.get(name) ?? loadDocument(fileURLToPath(new URL(`../../spec/${name}.schema.json`, import.meta.url)))
  schemas.set(name, schema)
  return schema
}

/** A file's path, symbolic links resolved; a pipe has no other than its name. */
function realPath(file: string, what: string): string {
  const kind = fileKind(file)
  if (kind === 'none') throw new DocumentError(`${what}: there is no such file`)
  if (kind === 'folder') throw new DocumentError(`${what}: it is not a file, but a folder`)
  return kind === 'file' ? realpathSync(file) : file
}

/** What a name stands for. A pipe, such as `/dev/stdin` or `<(…)` of a shell, is read once from begin to end. */
export function fileKind(name: string): 'file' | 'folder' | 'pipe' | 'none' {
  try {
    const found = statSync(name)
    return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'pipe'
  } catch {
    // Nothing, or nothing that this user may look at.
    return 'none'
  }
}

/** What has come through pipes, by their names: who reads again finds them empty. */
const read = new Map<string, string>()

/** @throws DocumentError for what cannot be read, or is too large */
function readText(path: string, name: string, what: string): string {
  const known = read.get(path)
  if (known !== undefined) return known
  const chunks: Buffer[] = []
  let size = 0
  try {
    const file = openSync(path, 'r')
    try {
      for (let chunk = readChunk(file); chunk.length > 0 && size <= MAX_BYTES; chunk = readChunk(file)) {
        chunks.push(chunk)
        size += chunk.length
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new DocumentError(`${name}: it cannot be read (${messageFrom(error)})`)
  }
  if (size > MAX_BYTES) throw new DocumentError(`${name}: ${size} bytes or more; a ${what} may have ${MAX_BYTES}`)
  const text = textIn(Buffer.concat(chunks), name)
  if (fileKind(path) === 'pipe') read.set(path, text)
  return text
}

/** @throws DocumentError for what is not UTF-8: read as it, names would be others than they are */
function textIn(bytes: Buffer, name: string): string {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isWide) throw new DocumentError(`${name}:1: it is UTF-16; save it as UTF-8`)
  const lineAt = (end: number): number => bytes.subarray(0, end).filter((byte) => byte === LINE_FEED).length + 1
  const empty = bytes.indexOf(0)
  if (empty !== -1) throw new DocumentError(`${name}:${lineAt(empty)}: it holds the character U+0000, which no text has; is it a text?`)
  if (!isUtf8(bytes)) throw new DocumentError(`${name}:${lineAt(endOfUtf8(bytes))}: it is not UTF-8; save it as UTF-8`)
  return bytes.toString()
}

const LINE_FEED = 0x0a

/** Where what is UTF-8 ends. */
function endOfUtf8(bytes: Buffer): number {
  let [low, high] = [0, bytes.length]
  // What is cut within a character is none; so each end is looked at up to three bytes before.
  const isWell = (end: number): boolean => [0, 1, 2, 3].some((back) => isUtf8(bytes.subarray(0, Math.max(0, end - back))))
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isWell(middle)) low = middle
    else high = middle - 1
  }
  return low
}

function readChunk(file: number): Buffer {
  const chunk = Buffer.allocUnsafe(65_536)
  return chunk.subarray(0, readSync(file, chunk))
}

function uriOf(path: string, root: string): string {
  return relative(root, path).split(sep).join('/')
}

/** The file that a reference names, empty for its own, and what stands behind the number sign; decoded. */
function partsOf(reference: string, where: string): [file: string, fragment: string] {
  const [before = '', behind = ''] = reference.split('#')
  const [file, fragment] = [percentDecoded(before), percentDecoded(behind)]
  if (file === undefined || fragment === undefined)
    throw new DocumentError(`${where}: the reference holds a percent sign that encodes nothing`)
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
    return [...references(content)]
  } catch (error) {
    // An alias that stands for what it stands in has no end.
    if (error instanceof RangeError) throw new DocumentError(`${uri}: it is nested without end`)
    throw error
  }
}

import type * as YamlModule from 'yaml'
type Yaml = typeof YamlModule

async function parse(path: string, uri: string): Promise<Source> {
  const text = readText(path, uri, 'document').replace(/^\uFEFF/, '')
  const content = jsonIn(text)
  // What is no JSON after all is told by the parser of YAML, which knows the line.
  return content === undefined ? parseYaml(text, uri) : { uri, content, lineOf: linesOfJson(text) }
}

/** What a JSON text says, by the parser that is made for it: YAML's takes fifty times as long. Undefined for a text that YAML's has to judge. */
function jsonIn(text: string): unknown {
  const value = /^\s*[{[]/.test(text) ? parsedJson(text) : undefined
  try {
    return value !== undefined && countNames(text) === namesIn(value) ? value : undefined
  } catch (error) {
    // Nested too deep to be gone through.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inner: readonly unknown[] = Object.values(value)
  return inner.reduce<number>((sum, one) => sum + namesIn(one), Array.isArray(value) ? 0 : inner.length)
}

function linesOfJson(text: string): Source['lineOf'] {
  let lines: ReturnType<typeof linesIn> | undefined
  return (pointer) => nearest(pointer, (candidate) => (lines ??= linesIn(text))(candidate))
}

async function parseYaml(text: string, uri: string): Promise<Source> {
  // Loaded only when YAML is read: the bundled documents are compiled.
  const yaml = await import('yaml')
  const counter = new yaml.LineCounter()
  // Merge keys are not of YAML 1.2, and every other reader of documents takes them.
  const document = yaml.parseDocument(text, { lineCounter: counter, uniqueKeys: true, merge: true })
  const [error] = document.errors
  if (error) {
    const isDeep = error.message.startsWith('Maximum call stack')
    const message = isDeep ? 'it is nested too deep to be read' : (error.message.split('\n')[0] ?? '')
    throw new DocumentError(`${uri}:${error.linePos?.[0].line ?? '?'}: ${message}`)
  }
  let content: unknown
  try {
    content = document.toJS({ maxAliasCount: -1 })
  } catch (cause) {
    // What aliases stand for is only known now: there may be none of that name.
    throw new DocumentError(`${uri}: ${messageFrom(cause)}`)
  }
  const values = valuesIn(content)
  if (values > MAX_VALUES)
    throw new DocumentError(
      `${uri}: its aliases stand for ${values === Number.POSITIVE_INFINITY ? 'what has no end' : `${values} values in all`}; a document may have ${MAX_VALUES}`,
    )
  return { uri, content, lineOf: (pointer) => nearest(pointer, (candidate) => lineIn(document, counter, candidate, yaml)) }
}

/** How many values there are in one, each as often as it stands there; infinite where it stands in itself. */
function valuesIn(value: unknown, known = new Map<object, number>()): number {
  if (typeof value !== 'object' || value === null) return 1
  const before = known.get(value)
  if (before !== undefined) return before
  known.set(value, Number.POSITIVE_INFINITY)
  const inner: readonly unknown[] = Object.values(value)
  const all = inner.reduce<number>((sum, one) => sum + valuesIn(one, known), 1)
  known.set(value, all)
  return all
}

function nearest(pointer: string, lineAt: (pointer: string) => number | undefined): number | undefined {
  for (let candidate = pointer; ; candidate = candidate.slice(0, candidate.lastIndexOf('/'))) {
    const line = lineAt(candidate)
    if (line !== undefined || candidate === '') return line
  }
}

function lineIn(document: Document, counter: LineCounter, pointer: string, { isMap, isNode, isSeq }: Yaml): number | undefined {
  let node: unknown = document.contents
  let begin: unknown = node
  for (const part of pointerParts(pointer)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(key) === part)
      if (!pair) return undefined
      begin = pair.key
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(part)]
      begin = node
    } else return undefined
  }
  const offset = isNode(begin) ? begin.range?.[0] : undefined
  return offset === undefined ? undefined : counter.linePos(offset).line
}

function* references(value: unknown, pointer = '', named = false): Generator<{ target: string; pointer: string }> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${pointerPart(key)}`
    const kind = kindOf(key, named)
    if (kind === 'data') continue
    if (!named && key === '$ref' && typeof inner === 'string') yield { target: inner, pointer: at }
    else if (!named && key === 'discriminator') yield* mappedReferences(inner, at)
    else yield* references(inner, at, kind === 'names')
  }
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
