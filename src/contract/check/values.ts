import { parsedJson } from '../../base/decode.ts'
import { DocumentError } from '../../base/problem.ts'
import { type Issue, pointerPart } from '../../base/http.ts'
import type { Role } from '../mending.ts'
import { isJson } from '../schema.ts'
import type { Check } from '../issues.ts'
import { findingOf } from './finding.ts'
import { type Found, type Ground, textOf } from './ground.ts'
import { type Compiling, rootsOf } from './schemas.ts'
import { meant, type Node } from './walk.ts'

interface Example {
  /** Below the node. */
  readonly key: string
  readonly called: string
  readonly value: unknown
}

/** Checks examples against their schemas. Schemas that say the same share a check. */
export class Examples {
  readonly #ground: Ground
  readonly #compiling: Compiling
  readonly #checks = new Map<string, Check>()

  constructor(ground: Ground, compiling: Compiling) {
    this.#ground = ground
    this.#compiling = compiling
  }

  /** What is wrong with a value; nothing where it fits the schema as it is read for requests, or for answers. */
  issueOf(schema: Node, value: unknown): Issue | undefined {
    let first: Issue | undefined
    for (const role of this.#ground.rolesOf(schema)) {
      const check = this.#checkOf(schema, role)
      const [issue] = check?.(value, '', false) ?? []
      if (!issue) return undefined
      first ??= issue
    }
    return first
  }

  #checkOf(schema: Node, role: Role): Check | undefined {
    const located = this.#ground.formed(schema, role)
    if (!located || this.#compiling.errorOf(schema, role)) return undefined
    const key = `${role} ${textOf(located)}`
    const check = this.#checks.get(key) ?? this.#ground.side(role).validator.check(located)
    this.#checks.set(key, check)
    return check
  }

  *findings(): Generator<Found | undefined> {
    for (const node of this.#ground.walk.all) {
      yield undefined
      const schema = node.kind === 'schema' ? node : schemaOf(node)
      if (!schema) continue
      for (const { key, called, value } of examplesOf(node, this.#ground)) {
        if (isOtherText(node, value)) continue
        const issue = this.issueOf(schema, value)
        if (issue) yield this.#ground.found(key === 'default' ? 'default-unfit' : 'example-unfit', node, misfit(called, issue, value), key)
      }
    }
  }

  /** Whether an example stands for what would have to be made. */
  hasOne(node: Node): boolean {
    const schema = schemaOf(node)
    if (!schema) return false
    const own = examplesOf(node, this.#ground)
    const all = own.length > 0 ? own : examplesOf(meant(schema), this.#ground).filter(({ key }) => key !== 'default')
    return all.some(({ value }) => this.issueOf(schema, value) === undefined)
  }
}

function schemaOf(node: Node): Node | undefined {
  return node.inside.find(({ kind, name, located }) => kind === 'schema' && name === 'schema' && located.pointer.endsWith('/schema'))
}

function examplesOf({ kind, located }: Node, { reader }: Ground): Example[] {
  const { value } = located
  const one = 'example' in value ? [{ key: 'example', called: 'the example', value: value['example'] }] : []
  if (kind === 'schema') {
    const { examples } = value
    const several = Array.isArray(examples) ? examples : []
    const usual = 'default' in value ? [{ key: 'default', called: 'the default', value: value['default'] }] : []
    return [
      ...one,
      ...several.map((example: unknown, place) => ({ key: `examples/${place}`, called: 'the example', value: example })),
      ...usual,
    ]
  }
  if (kind !== 'media' && kind !== 'parameter' && kind !== 'header') return []
  const named = Object.keys(isJson(value['examples']) ? value['examples'] : {}).flatMap((name): Example[] => {
    try {
      const example = reader.child(located, 'examples', name)?.value
      const key = example && ('value' in example ? 'value' : 'dataValue' in example ? 'dataValue' : undefined)
      return key === undefined
        ? []
        : [{ key: `examples/${pointerPart(name)}/${key}`, called: `the example "${name}"`, value: example?.[key] }]
    } catch (error) {
      // It is told as a reference.
      if (error instanceof DocumentError) return []
      throw error
    }
  })
  return [...one, ...named]
}

/** Of a media type that is not JSON a text is what is sent, not the value that it stands for. */
function isOtherText({ kind, name }: Node, value: unknown): boolean {
  return kind === 'media' && typeof value === 'string' && !/[/+]json\s*(;|$)|\*/i.test(name)
}

function misfit(called: string, { at, rule, message, fix }: Issue, value: unknown): string {
  const isQuoted = at === '' && rule === 'type' && typeof value === 'string' && typeof parsedJson(value) === 'object'
  if (isQuoted) return `${called} is a text that holds JSON; write the value itself, without quotation marks around it`
  return `${called} does not fit its schema: ${at === '' ? 'it' : at} ${message}${fix === undefined ? '' : `; ${fix}`}`
}

/** Makes a value of each schema: what is answered has to be made where there is no example, and what no value fits is never taken. */
export function* generationFindings(ground: Ground, compiling: Compiling, examples: Examples): Generator<Found | undefined> {
  const known = new Map<string, DocumentError | undefined>()
  const failureOf = (schema: Node, role: Role): DocumentError | undefined => {
    const located = ground.formed(schema, role)
    if (!located || compiling.errorOf(schema, role)) return undefined
    const key = `${role} ${textOf(located)}`
    if (known.has(key)) return known.get(key)
    const failure = failureIn(() => ground.tools.generate(located, ground.side(role), { chance: ground.tools.chance, usesExamples: true }))
    known.set(key, failure)
    return failure
  }
  const told = new Set<string>()
  for (const node of ground.walk.all) {
    const schema = ground.answered.has(node) && (node.kind === 'media' || node.kind === 'header') ? schemaOf(node) : undefined
    const failure = schema && failureOf(meantSchema(schema), 'response')
    if (failure) {
      told.add(failure.message)
      const severity = examples.hasOne(node) ? 'warning' : 'error'
      yield { node, finding: findingOf(failure, 'response-ungeneratable', ground.main, severity) }
    }
    yield undefined
  }
  for (const node of rootsOf(ground)) {
    for (const role of ground.rolesOf(node)) {
      const failure = role === 'response' && ground.answered.has(node) ? undefined : failureOf(meantSchema(node), role)
      if (!failure || told.has(failure.message)) continue
      told.add(failure.message)
      yield { node, finding: findingOf(failure, 'schema-unsatisfiable', ground.main) }
    }
    yield undefined
  }
}

/** What a schema stands for that is a reference, and nothing beside it. */
function meantSchema(schema: Node, seen = new Set<Node>()): Node {
  const isMore = !schema.target || Object.keys(schema.located.value).length > 1 || seen.has(schema)
  return isMore || !schema.target ? schema : meantSchema(schema.target, seen.add(schema))
}

function failureIn(make: () => unknown): DocumentError | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
}
