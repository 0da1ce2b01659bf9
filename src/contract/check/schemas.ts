import { DocumentError, messageFrom } from '../../base/problem.ts'
import { pointerPart } from '../../base/http.ts'
import { isEndless } from '../expressions.ts'
import type { Role } from '../mending.ts'
import { excerpt } from '../excerpt.ts'
import { isJson, type Json } from '../schema.ts'
import { findingOf } from './finding.ts'
import { type Found, type Ground, textOf } from './ground.ts'
import type { Node } from './walk.ts'

/** Compiles schemas, each that says the same once, and says which of them is the one that does not. */
export class Compiling {
  readonly #ground: Ground
  readonly #known = new Map<string, DocumentError | undefined>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  errorOf(node: Node, role: Role): DocumentError | undefined {
    const located = this.#ground.formed(node, role)
    if (!located) return undefined
    const key = `${role} ${textOf(located)}`
    if (this.#known.has(key)) return this.#known.get(key)
    let error: DocumentError | undefined
    try {
      this.#ground.side(role).validator.check(located).compile()
    } catch (cause) {
      error = errorFrom(cause)
    }
    this.#known.set(key, error)
    return error
  }

  /**
   * The innermost schemas that do not compile, of one that does not; of some that stand in one another the first.
   * @returns whether there is one
   */
  *origins(
    node: Node,
    role: Role,
    known = new Map<Node, boolean>(),
    depth = 0,
  ): Generator<{ readonly node: Node; readonly error: DocumentError }, boolean> {
    const before = known.get(node)
    if (before !== undefined) return before
    known.set(node, false)
    const error = this.errorOf(node, role)
    if (!error) return false
    let isFound = false
    if (depth < MOST_DEPTH)
      for (const one of [...node.inside, node.target])
        if (one?.kind === 'schema') isFound = (yield* this.origins(one, role, known, depth + 1)) || isFound
    if (!isFound) yield { node, error }
    known.set(node, true)
    return true
  }
}

/** Deeper nobody looks for what it is: each level is compiled with all that is below it. */
const MOST_DEPTH = 20

function errorFrom(cause: unknown): DocumentError {
  if (cause instanceof DocumentError) return cause
  if (cause instanceof RangeError) return new DocumentError('it is nested too deep to be compiled')
  throw cause
}

/** The schemas that stand in something else than a schema: what they have in them is compiled with them. */
export function rootsOf(ground: Ground): readonly Node[] {
  return ground.walk.all.filter(
    (node) => node.kind === 'schema' && (ground.walk.around.get(node) ?? []).some(({ kind }) => kind !== 'schema'),
  )
}

/** What is wrong with schemas: with patterns and keywords, which have a place of their own, and with all else that does not compile. */
export function* schemaFindings(ground: Ground, compiling: Compiling): Generator<Found | undefined> {
  const broken = new Map<Node, DocumentError>()
  for (const node of rootsOf(ground)) {
    yield undefined
    for (const role of ground.rolesOf(node))
      if (compiling.errorOf(node, role)) for (const { node: origin, error } of compiling.origins(node, role)) broken.set(origin, error)
  }
  const judged = new Map<string, boolean>()
  const isExponential = (pattern: string): boolean => {
    const found = judged.get(pattern) ?? isEndless(pattern)
    judged.set(pattern, found)
    return found
  }
  for (const node of ground.walk.all) {
    if (node.kind !== 'schema') continue
    const isStopping =
      ground.isUsed(node) && (broken.has(node) || ground.rolesOf(node).some((role) => hasOwnSlip(node) && compiling.errorOf(node, role)))
    const stops = isStopping ? 'error' : 'warning'
    const own: Found[] = []
    for (const [pattern, key] of patternsIn(node.located.value)) {
      const invalid = invalidity(pattern)
      if (invalid !== undefined)
        own.push(
          ground.found(
            'pattern-invalid',
            node,
            `the pattern ${excerpt(pattern)} is no regular expression of ECMA-262 with Unicode: ${invalid}`,
            key,
            stops,
          ),
        )
      else if (isExponential(pattern))
        yield ground.found(
          'pattern-exponential',
          node,
          `the pattern ${excerpt(pattern)} can read some texts in so many ways that to find that one does not match takes twice as long with each character; let what repeats be read in one way only, as ^a+$ does for ^(a+)+$`,
          key,
        )
    }
    for (const [key, wanted] of slipsIn(node.located.value))
      own.push(ground.found('keyword-invalid', node, `${key} is ${excerpt(node.located.value[key])}; it must be ${wanted}`, key, stops))
    yield* own
    const error = broken.get(node)
    if (error && own.length === 0) {
      const finding = findingOf(error, 'schema-uncompilable', node.located.uri, stops)
      yield { node, finding }
    }
  }
}

/** Whether the schema itself may be why it does not compile, whatever is wrong within. */
function hasOwnSlip({ located: { value } }: Node): boolean {
  return slipsIn(value).length > 0 || patternsIn(value).some(([pattern]) => invalidity(pattern) !== undefined)
}

function patternsIn({ pattern, patternProperties }: Json): [pattern: string, key: string][] {
  const named = isJson(patternProperties) ? Object.keys(patternProperties) : []
  return [
    ...(typeof pattern === 'string' ? [[pattern, 'pattern'] satisfies [string, string]] : []),
    ...named.map((one): [string, string] => [one, `patternProperties/${pointerPart(one)}`]),
  ]
}

/** Why a pattern is none; undefined for one that is. */
function invalidity(pattern: string): string | undefined {
  try {
    return void RegExp(pattern, 'u')
  } catch (error) {
    return messageFrom(error).replace(/^Invalid regular expression: .*: /s, '')
  }
}

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0
const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0
const isSchema = (value: unknown): boolean => isJson(value) || typeof value === 'boolean'
const isLimit = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

const NUMBER = { fits: (value: unknown) => typeof value === 'number', wanted: 'a number' }
const COUNT = { fits: isCount, wanted: 'a whole number, 0 or more' }
const LIMIT = { fits: isLimit, wanted: 'a number, or true beside a limit' }
const TEXT = { fits: (value: unknown) => typeof value === 'string', wanted: 'a text' }
const SCHEMA = { fits: isSchema, wanted: 'a schema' }
const SCHEMAS = { fits: isList, wanted: 'a list of schemas, one at least' }
const NAMED = { fits: isJson, wanted: 'an object: a schema by each name' }

/** What the value of a keyword may be. */
const KEYWORDS: Readonly<Record<string, { fits(value: unknown): boolean; readonly wanted: string }>> = {
  type: {
    fits: (value) => TYPES.has(value) || (Array.isArray(value) && isList(value) && value.every((one) => TYPES.has(one))),
    wanted: `one of ${[...TYPES].join(', ')}, or a list of some`,
  },
  enum: { fits: isList, wanted: 'a list of values, one at least' },
  required: { fits: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'), wanted: 'a list of names' },
  uniqueItems: { fits: (value) => typeof value === 'boolean', wanted: 'true or false' },
  multipleOf: { fits: (value) => typeof value === 'number' && value > 0, wanted: 'a number above 0' },
  minimum: NUMBER,
  maximum: NUMBER,
  exclusiveMinimum: LIMIT,
  exclusiveMaximum: LIMIT,
  minLength: COUNT,
  maxLength: COUNT,
  minItems: COUNT,
  maxItems: COUNT,
  minProperties: COUNT,
  maxProperties: COUNT,
  minContains: COUNT,
  maxContains: COUNT,
  pattern: TEXT,
  format: TEXT,
  items: SCHEMA,
  additionalProperties: SCHEMA,
  not: SCHEMA,
  allOf: SCHEMAS,
  anyOf: SCHEMAS,
  oneOf: SCHEMAS,
  properties: NAMED,
  patternProperties: NAMED,
}

function slipsIn(schema: Json): [key: string, wanted: string][] {
  return Object.entries(schema).flatMap(([key, value]): [string, string][] => {
    const rule = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined
    return rule && !rule.fits(value) ? [[key, rule.wanted]] : []
  })
}
