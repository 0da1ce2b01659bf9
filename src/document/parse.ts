import type * as YamlModule from 'yaml'
import type { Document, LineCounter } from 'yaml'
import { parsedJson } from '../base/decode.ts'
import { pointerPart, pointerParts } from '../base/http.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'
import { readText } from './file.ts'
import { countNames, linesIn } from './json-lines.ts'
import { readAhead } from './read-ahead.ts'

/** One file of a document. */
export interface Source {
  /** Relative to the main document's folder; the URI that references inside the document resolve against. */
  readonly uri: string
  readonly content: unknown
  /** The line, from 1, on which the value at a JSON pointer begins; of its nearest parent when it has none of its own. */
  lineOf(pointer: string): number | undefined
}

/** How many values a file may have, each as often as aliases stand for it; GitHub's has half a million. */
const MAX_VALUES = 3_000_000
/** Published ones have some thirty. */
const MAX_LEVELS = 1_000

type Yaml = typeof YamlModule

/**
 * Reads and parses one file of a document.
 * @param uri what it is called in messages, and by references
 * @throws DocumentError for a file that cannot be read or parsed, or is too large
 */
export async function parse(path: string, uri: string): Promise<Source> {
  const text = readText(path, uri, 'document').replace(/^\uFEFF/, '')
  const content = jsonIn(text)
  // What is no JSON after all is told by the parser of YAML, which knows the line.
  const source = content === undefined ? await readYaml(text, uri) : { uri, content, lineOf: linesOfJson(text) }
  const deep = deepIn(source.content, content === undefined ? new Map() : undefined)
  if (deep !== undefined)
    throw new DocumentError(
      `${uri}:${source.lineOf(deep) ?? '?'}: it is nested too deep to be read: a document may have ${MAX_LEVELS} levels`,
    )
  return source
}

/**
 * The pointer of something that lies deeper than documents do; undefined where nothing does. What lies too deep to be gone through depends on the
 * machine.
 * @param known how deep lies what has been gone through, where there may be aliases: what they stand for lies in many places
 */
function deepIn(value: unknown, known: Map<object, number> | undefined, level = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (level > MAX_LEVELS) return ''
  if (known) {
    if ((known.get(value) ?? -1) >= level) return undefined
    known.set(value, level)
  }
  for (const key in value) {
    const deep = deepIn(Reflect.get(value, key), known, level + 1)
    if (deep !== undefined) return `/${pointerPart(key)}${deep}`
  }
  return undefined
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
  const isList = Array.isArray(value)
  let names = 0
  for (const key in value) names += (isList ? 0 : 1) + namesIn(Reflect.get(value, key))
  return names
}

export function linesOfJson(text: string): Source['lineOf'] {
  let lines: ReturnType<typeof linesIn> | undefined
  return (pointer) => nearest(pointer, (candidate) => (lines ??= linesIn(text))(candidate))
}

async function readYaml(text: string, uri: string): Promise<Source> {
  const ahead = readAhead(text)
  if (ahead) return { uri, content: ahead.content, lineOf: (pointer) => nearest(pointer, ahead.lineAt) }
  // Loaded only when YAML is read that the build has not.
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
    // The whole is meant where the machine says how deep is too deep.
    if (cause instanceof RangeError) throw new DocumentError(`${uri}:1: it is nested too deep to be read`)
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

/** The line of a pointer, or of the nearest above it that has one. */
export function nearest(pointer: string, lineAt: (pointer: string) => number | undefined): number | undefined {
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
