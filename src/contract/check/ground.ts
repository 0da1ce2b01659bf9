import { valueAt } from '../../base/http.ts'
import type { LoadedDocument } from '../../document/load.ts'
import { formOf } from '../form.ts'
import type { Role } from '../mending.ts'
import type { Generate, Side } from '../generate.ts'
import type { Purpose } from '../generation.ts'
import { createReader, isJson, type Located, type Reader } from '../schema.ts'
import { createValidator, type Validator } from '../validator.ts'
import { type Finding, rowOf, type RuleName } from './finding.ts'
import { meant, type Node, Walk } from './walk.ts'

/** What makes values, and what they hang on. */
export interface Tools {
  readonly generate: Generate
  readonly chance: Purpose['chance']
}

/** A finding, and what it is about: the operations that come to it are those that it stops. */
export interface Found {
  readonly finding: Finding
  readonly node: Node
}

/** What is read of a document, and asked again and again. */
export class Ground {
  readonly main: string
  readonly reader: Reader
  readonly walk: Walk
  readonly tools: Tools
  /** Path items that are served, by their templates. */
  readonly items: readonly Node[]
  /** What operations come to: to read what is sent, and to answer. */
  readonly sent: ReadonlySet<Node>
  readonly answered: ReadonlySet<Node>
  readonly #document: LoadedDocument
  readonly #sides = new Map<Role, Side>()
  readonly #forms = new Map<Role, LoadedDocument>()

  constructor(document: LoadedDocument, main: string, tools: Tools) {
    this.#document = document
    this.main = main
    this.tools = tools
    this.reader = createReader(document)
    this.walk = new Walk(this.reader, { value: objectAt(document, main), uri: main, pointer: '' })
    this.items = this.walk.root.inside.filter(({ kind, located }) => kind === 'item' && located.pointer.startsWith('/paths/'))
    const inside = this.items.flatMap((item) => meant(item).inside)
    const operations = inside.filter(({ kind }) => kind === 'operation')
    const parts = operations.flatMap((operation) => operation.inside)
    this.answered = this.walk.reached(parts.filter(({ kind }) => kind === 'response'))
    this.sent = this.walk.reached([...inside, ...parts].filter(({ kind }) => kind === 'parameter' || kind === 'body'))
  }

  isUsed(node: Node): boolean {
    return this.sent.has(node) || this.answered.has(node)
  }

  /** How a schema is read: for what is answered, unless it is only ever sent. */
  rolesOf(node: Node): readonly Role[] {
    const sent = this.sent.has(node)
    return this.answered.has(node) ? (sent ? ['response', 'request'] : ['response']) : [sent ? 'request' : 'response']
  }

  side(role: Role): Side {
    const known = this.#sides.get(role)
    if (known) return known
    const form = this.#formOf(role)
    // Where both sides read alike, one is enough.
    const same = [...this.#forms].find(([other, one]) => other !== role && one === form)?.[0]
    const reader = createReader(form)
    const side = (same && this.#sides.get(same)) ?? { reader, validator: sparing(createValidator(form, reader, false)) }
    this.#sides.set(role, side)
    return side
  }

  /** A schema as a side reads it; undefined for one that is written otherwise there. */
  formed({ located: { uri, pointer } }: Node, role: Role): Located | undefined {
    const value = valueAt(this.#formOf(role).sources.find((source) => source.uri === uri)?.content, pointer)
    return isJson(value) ? { value, uri, pointer } : undefined
  }

  found(rule: RuleName, node: Node, message: string, key?: string, severity: Finding['severity'] = rowOf(rule).severity): Found {
    const { uri, pointer } = node.located
    const place = { ...node.located, pointer: key === undefined ? pointer : `${pointer}/${key}` }
    const line = Number(this.reader.where(place).slice(uri.length + 1))
    return { node, finding: { rule, severity, file: uri, ...(Number.isFinite(line) && { line }), message } }
  }

  #formOf(role: Role): LoadedDocument {
    const form = this.#forms.get(role) ?? formOf(this.#document, role)
    this.#forms.set(role, form)
    return form
  }
}

function objectAt(document: LoadedDocument, uri: string): Located['value'] {
  const content = document.sources.find((source) => source.uri === uri)?.content
  return isJson(content) ? content : {}
}

/** Compiles schemas that say the same once: that is what takes the time. */
function sparing(validator: Validator): Validator {
  const known = new Map<string, ReturnType<Validator['check']>>()
  return {
    ...validator,
    check(schema) {
      const text = textOf(schema)
      const check = known.get(text) ?? validator.check(schema)
      known.set(text, check)
      return check
    },
  }
}

const texts = new WeakMap<object, string>()

/** Keywords that say nothing of what fits. */
const REMARKS = new Set(['description', 'title', 'example', 'examples', 'deprecated', 'externalDocs', 'xml', '$comment'])

/** The same for schemas that say the same: of some thousands in a document few differ. */
export function textOf({ value, uri }: Located): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = `${uri} ${JSON.stringify(value, (key: string, one: unknown) => (REMARKS.has(key) && !isJson(one) ? undefined : one))}`
  texts.set(value, text)
  return text
}
