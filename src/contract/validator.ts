import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { type Issue, MAX_ISSUES, pointerPart } from '../base/http.ts'
import { kindOf } from '../document/keys.ts'
import type { LoadedDocument } from '../document/load.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'
import { type Expression, expressionOf } from './expressions.ts'
import { addFormats } from './formats.ts'
import { CHOICES, distinct, type Explainer, isToldByDiscriminator, issuesOfMeant, placed } from './meant.ts'
import { excerpt } from './excerpt.ts'
import { BASE, isJson, type Json, type Located, type Reader } from './schema.ts'
import { createWeighing } from './weight.ts'

/** Says what is wrong with a value; `at` is the JSON pointer of the value itself. As much as is told, unless the first issue is enough. */
export type Check = (value: unknown, at: string, all?: boolean) => readonly Issue[]

export interface Validator {
  /** A check against the schema, compiled at its first use (2 to 11 ms); throws DocumentError then if it does not compile. */
  check(schema: Located): Check & { compile(): void }
  /** Names what the value holds but the schema does not declare, wherever the schema does not say it is open. */
  undeclared(schema: Located): Check
}

const FINE: readonly Issue[] = Object.freeze([])

/**
 * A validator for one document: one ajv instance that reads every schema in place.
 * @param isOften Whether the same is checked again and again: what checks it is then made to be fast, which takes half the time that it takes to make
 */
export function createValidator(document: LoadedDocument, reader: Reader, isOften = true): Validator {
  // Most values are well, and one that is not is looked at again: stopping at the first issue is the faster check. Neither is made
  // before it is needed: to read a document's schemas takes longer than all the rest of a start.
  const made = new Map<boolean, Ajv2020>()
  const ajvOf = (allErrors: boolean): Ajv2020 => {
    const ajv = made.get(allErrors) ?? createAjv(document, allErrors, isOften)
    made.set(allErrors, ajv)
    return ajv
  }
  const shapeOf = createShapes(reader)
  const heavyIn = createWeighing(reader)

  const validator: Validator = {
    check(declared) {
      // Ajv loses its way where a pointer leads to nothing but a reference to a whole file.
      const schema = followed(declared, reader)
      // A name with half a character in it is none that a reference could have: it does not compile.
      const uri = `${BASE}${encodeURI(schema.uri)}#${encodeURI(schema.pointer.toWellFormed())}`
      const compile = (allErrors: boolean): ValidateFunction => {
        try {
          const heavy = heavyIn(schema)
          if (heavy)
            throw new DocumentError(
              `${reader.where(heavy)}: the schema at #${heavy.pointer} stands for millions of others that speak of one value; let it refer to each once`,
            )
          return ajvOf(allErrors).compile({ $ref: uri })
        } catch (error) {
          if (error instanceof DocumentError) throw error
          const place = reader.placeOf(schema.value)
          const reason = error instanceof RangeError ? 'it stands in itself, or is nested too deep' : messageFrom(error)
          throw new DocumentError(`${schema.uri}:${place?.line ?? '?'}: the schema at #${schema.pointer} does not compile: ${reason}`)
        }
      }
      let isFine: ValidateFunction | undefined
      let explain: ValidateFunction | undefined
      const check: Check = (value, at, all = true) => {
        isFine ??= compile(false)
        if (isFine(value)) return FINE
        if (!all) return issuesOf(isFine.errors ?? [], at, explainer, false)
        explain ??= compile(true)
        explain(value)
        return issuesOf(explain.errors ?? [], at, explainer, true)
      }
      return Object.assign(check, { compile: () => void (isFine ??= compile(false)) })
    },
    undeclared(schema) {
      let shape: Shape | undefined
      return (value, at) => {
        shape ??= shapeOf([schema])
        if (isDeclared(value, shape)) return FINE
        const found: Issue[] = []
        for (const { pointer, name, declared } of strangers(value, shape, at)) {
          const names = [...declared]
          found.push({
            at: `${pointer}/${pointerPart(name)}`,
            rule: 'undeclared',
            message: `the document declares no "${name}" here`,
            wanted: names,
            fix: `leave it out; declared are ${names.join(', ')}`,
          })
          if (found.length === MAX_ISSUES) break
        }
        return found
      }
    },
  }
  const branches = new WeakMap<object, Check>()
  const checkBranch = (branch: Located): Check => {
    const check = branches.get(branch.value) ?? validator.check(branch)
    branches.set(branch.value, check)
    return check
  }
  const explainer: Explainer = { reader, checkBranch, schemasOfChoice: choicesOf(reader) }
  return validator
}

/** What a schema that is only a reference stands for. */
function followed(schema: Located, reader: Reader): Located {
  const target = Object.keys(schema.value).length === 1 ? reader.target(schema) : undefined
  return target?.pointer === '' ? followed(target, reader) : schema
}

function createAjv(document: LoadedDocument, allErrors: boolean, isOften: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    strictNumbers: true,
    allErrors,
    validateSchema: false,
    verbose: true,
    logger: false,
    addUsedSchema: false,
    // Twice the time for each object, so only where a name of the document is one that every object has.
    ownProperties: document.sources.some(({ content }) => namesInherited(content)),
    // 19.99 is a multiple of 0.01, though no double is.
    multipleOfPrecision: 8,
    code: { regExp, optimize: isOften },
  })
  addFormats(ajv)
  for (const { uri, content } of document.sources) if (isJson(content)) ajv.addSchema(asSchema(content), BASE + encodeURI(uri))
  return ajv
}

const regExp = Object.assign(
  (pattern: string): Expression => {
    const found = expressionOf(pattern)
    if (!found) throw new SyntaxError(`the pattern ${pattern} is no regular expression`)
    return found
  },
  // Code is never written out.
  { code: 'expressionOf' },
)

const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

function namesInherited(value: unknown): boolean {
  if (typeof value === 'string') return INHERITED.has(value)
  if (typeof value !== 'object' || value === null) return false
  const isList = Array.isArray(value)
  for (const name of Object.keys(value)) if (!isList && INHERITED.has(name)) return true
  return Object.values(value).some((inner) => (typeof inner === 'string' ? isList && INHERITED.has(inner) : namesInherited(inner)))
}

/** What is wrong by the schemas of these is no fault by itself. */
const TRIED: ReadonlySet<string> = new Set([...CHOICES, 'contains', 'propertyNames'])

/** Ajv takes each file for a schema, also one that holds something else, such as a parameter: what it says of itself is none of a schema's rules. */
function asSchema(content: Json): Json {
  const schema = withoutNames(content)
  if (!isJson(schema) || !['in', 'content', 'schema'].some((key) => Object.hasOwn(schema, key))) return isJson(schema) ? schema : {}
  const { required: _, ...rest } = schema
  return rest
}

/** A value without data in which something has a name that ajv would take for a schema's. The same where there is none: objects are known by themselves. */
function withoutNames(value: unknown, isNamed = false): unknown {
  if (typeof value !== 'object' || value === null) return value
  let changed = false
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const kind = kindOf(key, isNamed)
    const isDropped = kind === 'data' && key !== 'enum' && key !== 'const' && isNaming(inner)
    const now = isDropped ? undefined : kind === 'data' ? inner : withoutNames(inner, kind === 'names')
    changed ||= isDropped || now !== inner
    return isDropped ? [] : [[key, now]]
  })
  if (!changed) return value
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

const NAMING = new Set(['$id', '$anchor', '$dynamicAnchor'])

function isNaming(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => (NAMING.has(key) && typeof inner === 'string') || isNaming(inner))
}

/**
 * One issue for each thing that is wrong, up to as many as are told. Where all branches of an anyOf or oneOf fail, ajv lists what is wrong with each, and then the
 * choice itself: read from the end, a choice takes the errors of its branches with it.
 */
function issuesOf(errors: readonly ErrorObject[], at: string, explainer: Explainer, all: boolean): Issue[] {
  const { reader, schemasOfChoice } = explainer
  const told: { readonly error: ErrorObject; readonly branches: readonly ErrorObject[] }[] = []
  // By the schema itself: its path is not one schema's where references are compiled apart.
  const mistyped = new Map<unknown, Set<string>>()
  for (const { keyword, instancePath, parentSchema } of errors)
    if (keyword === 'type') mistyped.set(parentSchema, (mistyped.get(parentSchema) ?? new Set()).add(instancePath))
  for (let index = errors.length - 1; index >= 0; index--) {
    const error = errors[index]
    if (!error) continue
    // What stands behind a condition has its own.
    if (error.keyword === 'if') continue
    const branches: ErrorObject[] = []
    if (TRIED.has(error.keyword)) {
      const inside = schemasOfChoice(error)
      for (let other = errors[index - 1]; other && inside.has(other.parentSchema); other = errors[index - 1]) {
        branches.push(other)
        index--
      }
      branches.reverse()
    }
    // What is of the wrong type has no length, limit or form that could be wrong too.
    if (error.keyword !== 'type' && mistyped.get(error.parentSchema)?.has(error.instancePath)) continue
    told.push({ error, branches })
  }
  const issues: Issue[] = []
  for (const { error, branches } of told.toReversed()) {
    if (issues.length >= MAX_ISSUES) break
    if (isToldByDiscriminator(error, errors)) continue
    issues.push(...(issuesOfMeant(error, at, explainer, all) ?? [issueOf(error, branches, at, reader)]))
  }
  // Parts of allOf that ask for the same are not obeyed one by one.
  return [...new Map(issues.map((issue) => [`${issue.rule} ${issue.at} ${issue.message}`, issue])).values()].slice(0, MAX_ISSUES)
}

/**
 * The objects of the document that a choice's branches are made of, references followed: errors of these rules are the branches'. Found
 * once for each choice.
 */
function choicesOf(reader: Reader): Explainer['schemasOfChoice'] {
  const known = new Map<string, WeakMap<object, ReadonlySet<unknown>>>([...TRIED].map((keyword) => [keyword, new WeakMap()]))
  const find = (schema: Json, keyword: string): ReadonlySet<unknown> => {
    const found = new Set<unknown>()
    const collect = (one: Located): void => {
      if (found.has(one.value)) return
      found.add(one.value)
      const target = reader.target(one)
      if (target) collect(target)
      for (const key of Object.keys(one.value)) {
        const inner = reader.schema(one, key)
        if (inner && typeof one.value[key] === 'object') collect(inner)
        for (const [, other] of reader.schemas(one, key)) collect(other)
      }
    }
    const place = reader.placeOf(schema)
    if (!place) return found
    const located = { value: schema, uri: place.file, pointer: place.pointer }
    const tried = CHOICES.has(keyword) ? reader.schemas(located, keyword).map(([, branch]) => branch) : reader.schema(located, keyword)
    for (const one of [tried ?? []].flat()) collect(one)
    return found
  }
  return ({ parentSchema, keyword }) => {
    if (!isJson(parentSchema)) return new Set()
    const schemas = known.get(keyword)?.get(parentSchema) ?? find(parentSchema, keyword)
    known.get(keyword)?.set(parentSchema, schemas)
    return schemas
  }
}

function missingMember({ keyword, params }: ErrorObject): string | undefined {
  const name: unknown = keyword === 'required' ? params['missingProperty'] : undefined
  return typeof name === 'string' ? name : undefined
}

function issueOf(error: ErrorObject, branches: readonly ErrorObject[], at: string, reader: Reader): Issue {
  // "One of these members is needed" is one missing member, with others that could stand for it.
  const alternatives = branches.map((branch) => (branch.instancePath === error.instancePath ? missingMember(branch) : undefined))
  const isOneEach = new Set(branches.map(({ parentSchema }) => parentSchema)).size === branches.length
  const [missing, ...others] =
    branches.length === 0
      ? [missingMember(error)]
      : isOneEach && alternatives.every((name) => name !== undefined)
        ? distinct(alternatives)
        : []
  const here = at + error.instancePath
  if (missing !== undefined)
    return {
      at: `${here}/${pointerPart(missing)}`,
      rule: 'required',
      fix: `send ${[missing, ...others].join(' or ')}`,
      message: `is missing${others.length > 0 ? `, and so is ${others.join(', ')} that could stand for it` : ''}`,
      wanted: others.length > 0 ? [missing, ...others] : missing,
      ...placed(error, reader),
    }
  const stray = strayMember(error)
  if (stray !== undefined)
    return {
      at: `${here}/${pointerPart(stray)}`,
      rule: error.keyword,
      message: `is not among the names allowed here: "${stray}"`,
      ...knownMembers(error),
      ...placed(error, reader),
    }
  const named: unknown = error.keyword === 'propertyNames' ? error.params['propertyName'] : undefined
  if (typeof named === 'string')
    return {
      at: `${here}/${pointerPart(named)}`,
      rule: error.keyword,
      message: `has a name that is not allowed here; ${branches.map((branch) => sentence(branch, wantedBy(branch))).join(', ')}`,
      wanted: error.schema,
      ...placed(error, reader),
    }
  // A choice among branches is told by the branches that it has itself.
  const own = !CHOICES.has(error.keyword)
    ? []
    : branches.filter(({ instancePath, keyword }) => instancePath === error.instancePath && !CHOICES.has(keyword))
  const wanted = own.length > 0 ? distinct(own.flatMap((branch) => wantedBy(branch))) : wantedBy(error)
  const isPlain = own.every(({ keyword }) => VALUES.has(keyword))
  return {
    at: here,
    rule: error.keyword,
    message: `is ${excerpt(error.data)}; ${isPlain ? sentence(error, wanted) : `it must ${phrases(own).join(' or ')}`}`,
    value: error.data,
    wanted,
    ...formShown(error),
    ...placed(error, reader),
  }
}

/** What a pattern means is seen by examples. */
function formShown({ keyword, parentSchema }: ErrorObject): Pick<Issue, 'fix'> {
  const examples: unknown = keyword === 'pattern' ? parentSchema?.['examples'] : undefined
  return Array.isArray(examples) && examples.length > 0 ? { fix: `give one like ${examples.join(' or ')}` } : {}
}

function strayMember({ params }: ErrorObject): string | undefined {
  const name: unknown = params['additionalProperty'] ?? params['unevaluatedProperty']
  return typeof name === 'string' ? name : undefined
}

/** The names that would do. */
function knownMembers({ parentSchema }: ErrorObject): Pick<Issue, 'wanted'> {
  const properties: unknown = parentSchema?.['properties']
  return isJson(properties) ? { wanted: Object.keys(properties) } : {}
}

/** What a failed keyword asks for, as a value. */
function wantedBy({ keyword, params, schema }: ErrorObject): unknown {
  if (keyword === 'type' || keyword === 'format') return schema
  if (keyword === 'required') return params['missingProperty']
  if (keyword === 'enum') return params['allowedValues']
  if (keyword === 'const') return params['allowedValue']
  if ('limit' in params) return params['limit']
  return schema
}

function sentence({ keyword, params }: ErrorObject, wanted: unknown): string {
  const list = [wanted].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  switch (keyword) {
    case 'type':
      return `the type must be ${list.join(' or ')}`
    case 'enum':
    case 'const':
      return `it must be ${list.length > 1 ? 'one of ' : ''}${list.join(', ')}`
    case 'anyOf':
    case 'oneOf':
      // Of what fits several branches ajv names the two that it found.
      return params['passingSchemas'] ? `it must be only one of ${list.join(', ')}` : `it must be ${list.join(' or ')}`
    case 'format':
      return `it must be a ${list.join()}`
    case 'pattern':
      return `it must match ${list.join()}`
    case 'minimum':
      return `it must be at least ${list.join()}`
    case 'maximum':
      return `it must be at most ${list.join()}`
    case 'contains':
      return `${timesOf(params)} of its elements must fit ${excerpt(wanted)}`
    case 'minProperties':
      return `it must have at least ${list.join()} member(s)`
    case 'minItems':
      return `it must have at least ${list.join()} element(s)`
    case 'maxItems':
      return `it must have at most ${list.join()} element(s)`
    case 'minLength':
      return `it must have at least ${list.join()} character(s)`
    case 'maxLength':
      return `it must have at most ${list.join()} character(s)`
    default:
      return `it breaks "${keyword}": ${excerpt(wanted)}`
  }
}

/** These say which values, or which kinds of them, would do. */
const VALUES: ReadonlySet<string> = new Set(['type', 'enum', 'const', 'format'])

/** What branches ask for, each, behind "it must". */
function phrases(errors: readonly ErrorObject[]): readonly string[] {
  const branches = Map.groupBy(errors, ({ parentSchema }) => parentSchema)
  return distinct([...branches.values()].map((all) => all.map(phrase).join(' and ').replaceAll(' and have ', ' and ')))
}

function phrase(branch: ErrorObject): string {
  const [missing, stray] = [missingMember(branch), strayMember(branch)]
  if (missing !== undefined) return `have ${missing}`
  if (stray !== undefined) return `have no ${stray}`
  const wanted = wantedBy(branch)
  return branch.keyword === 'type' ? `be ${[wanted].flat().join(' or ')}` : sentence(branch, wanted).replace(/^it (?:must )?/, '')
}

function timesOf({ minContains: least, maxContains: most }: ErrorObject['params']): string {
  return most === undefined ? `at least ${String(least ?? 1)}` : `${String(least ?? 1)} to ${String(most)}`
}

/** What several schemas together declare, as far as names go. */
interface Shape {
  readonly members: ReadonlyMap<string, Shape>
  readonly items: Shape | undefined
  /** Anything may stand here. */
  readonly open: boolean
}

/** Says what schemas declare that all speak of one value: a name is declared when one of them, or any branch of one, declares it. */
function createShapes(reader: Reader): (schemas: readonly Located[]) => Shape {
  const known = new Map<string, Shape>()

  function shapeOf(schemas: readonly Located[]): Shape {
    const key = schemas.map(({ uri, pointer }) => `${uri}#${pointer}`).join(' ')
    const found = known.get(key)
    if (found) return found
    const members = new Map<string, Located[]>()
    const items: Located[] = []
    let open = false
    const seen = new Set<object>()
    const collect = (schema: Located): void => {
      if (seen.has(schema.value)) return
      seen.add(schema.value)
      const { additionalProperties, patternProperties, unevaluatedProperties } = schema.value
      if (
        patternProperties !== undefined ||
        [additionalProperties, unevaluatedProperties].some((rule) => rule !== undefined && rule !== false)
      )
        open = true
      for (const [name, member] of reader.schemas(schema, 'properties')) members.set(name, [...(members.get(name) ?? []), member])
      for (const one of [reader.schema(schema, 'items')]) if (one) items.push(one)
      const branches = ['allOf', 'anyOf', 'oneOf', 'dependentSchemas'].flatMap((name) =>
        reader.schemas(schema, name).map(([, branch]) => branch),
      )
      const others = ['if', 'then', 'else'].map((name) => reader.schema(schema, name))
      for (const branch of [reader.target(schema), ...branches, ...others]) if (branch) collect(branch)
    }
    for (const schema of schemas) collect(schema)
    const shapes = new Map<string, Shape>()
    // Registered before its members are looked at: a schema may contain itself. One that names no member at all leaves names free.
    const shape = { members: shapes, items: undefined as Shape | undefined, open: open || members.size === 0 }
    known.set(key, shape)
    for (const [name, located] of members) shapes.set(name, shapeOf(located))
    if (items.length > 0) shape.items = shapeOf(items)
    return shape
  }
  return shapeOf
}

function isDeclared(value: unknown, shape: Shape): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) {
    const { items } = shape
    return items === undefined || value.every((element) => isDeclared(element, items))
  }
  if (shape.members.size === 0) return true
  for (const [name, inner] of Object.entries(value)) {
    const member = shape.members.get(name)
    if (member ? !isDeclared(inner, member) : !shape.open) return false
  }
  return true
}

/** What `isDeclared` found wanting, each with the pointer of the object that has it. */
function* strangers(
  value: unknown,
  shape: Shape,
  pointer: string,
): Generator<{ readonly pointer: string; readonly name: string; readonly declared: Iterable<string> }> {
  if (Array.isArray(value)) {
    if (shape.items) for (let index = 0; index < value.length; index++) yield* strangers(value[index], shape.items, `${pointer}/${index}`)
  } else if (typeof value === 'object' && value !== null && shape.members.size > 0) {
    for (const [name, inner] of Object.entries(value)) {
      const member = shape.members.get(name)
      if (member) yield* strangers(inner, member, `${pointer}/${pointerPart(name)}`)
      else if (!shape.open) yield { pointer, name, declared: shape.members.keys() }
    }
  }
}
