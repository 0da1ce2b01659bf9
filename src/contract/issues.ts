import type { ErrorObject } from 'ajv/dist/2020.js'
import { type Issue, MAX_ISSUES, pointerPart } from '../base/http.ts'
import { excerpt } from './excerpt.ts'
import { CHOICES, distinct, type Explainer, isToldByDiscriminator, issuesOfMeant, placed } from './meant.ts'
import { isJson, type Json, type Located, type Reader } from './schema.ts'

/* What ajv found wrong with a value, told as issues. */

/** Says what is wrong with a value; `at` is the JSON pointer of the value itself. As much as is told, unless the first issue is enough. */
export type Check = (value: unknown, at: string, all?: boolean) => readonly Issue[]

/** What is wrong by the schemas of these is no fault by itself. */
const TRIED: ReadonlySet<string> = new Set([...CHOICES, 'contains', 'propertyNames'])

/**
 * One issue for each thing that is wrong, up to as many as are told. Where all branches of an anyOf or oneOf fail, ajv lists what is wrong with each, and then the
 * choice itself: read from the end, a choice takes the errors of its branches with it.
 */
export function issuesOf(errors: readonly ErrorObject[], at: string, explainer: Explainer, all: boolean): Issue[] {
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
export function choicesOf(reader: Reader): Explainer['schemasOfChoice'] {
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
