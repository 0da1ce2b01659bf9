import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type Issue, pointerPart } from '../http.ts'
import type { LoadedDocument } from '../load.ts'
import { DocumentError } from '../problem.ts'
import { isJson, type Located, type Reader } from './schema.ts'

/** Says what is wrong with a value; `at` is the JSON pointer of the value itself. */
export type Check = (value: unknown, at: string) => readonly Issue[]

export interface Validator {
  /** A check against the schema, compiled at its first use (2 to 11 ms); throws DocumentError then if it does not compile. */
  check(schema: Located): Check & { compile(): void }
  /** Names what the value holds but the schema does not declare, wherever the schema does not say it is open. */
  undeclared(schema: Located): Check
}

const FINE: readonly Issue[] = Object.freeze([])

/** Longest excerpt of a client's value that stands in a message. */
const EXCERPT = 80

/** A validator for one document: one ajv instance that reads every schema in place. */
export function createValidator(document: LoadedDocument, reader: Reader): Validator {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, verbose: true, logger: false, addUsedSchema: false })
  addFormats.default(ajv)
  const base = `mock://${document.name}/`
  for (const { uri, content } of document.sources) if (isJson(content)) ajv.addSchema(content, base + uri)
  const shapes = new Map<object, Shape>()

  return {
    check(schema) {
      let compiled: ReturnType<typeof ajv.compile> | undefined
      const compile = (): ReturnType<typeof ajv.compile> => {
        if (compiled) return compiled
        try {
          compiled = ajv.compile({ $ref: `${base}${schema.uri}#${encodeURI(schema.pointer)}` })
        } catch (error) {
          const place = reader.placeOf(schema.value)
          throw new DocumentError(
            `${schema.uri}:${place?.line ?? '?'}: the schema at #${schema.pointer} does not compile: ${String(error instanceof Error ? error.message : error)}`,
          )
        }
        return compiled
      }
      const check: Check = (value, at) => {
        const validate = compile()
        return validate(value) ? FINE : issuesOf(validate.errors ?? [], at, reader)
      }
      return Object.assign(check, { compile: () => void compile() })
    },
    undeclared(schema) {
      let shape: Shape | undefined
      return (value, at) => {
        shape ??= shapeOf(schema, reader, shapes)
        if (isDeclared(value, shape)) return FINE
        const found: Issue[] = []
        walk(value, shape, at, (pointer, name, declared) =>
          found.push({
            at: `${pointer}/${pointerPart(name)}`,
            rule: 'undeclared',
            message: `the document declares no "${name}" here`,
            fix: `leave it out; declared are ${declared.join(', ')}`,
          }),
        )
        return found
      }
    },
  }
}

/** The value as it may stand in a message. */
export function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text
}

function issuesOf(errors: readonly ErrorObject[], at: string, reader: Reader): Issue[] {
  const composites = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const isBranch = (error: ErrorObject, of: ErrorObject): boolean => error !== of && error.schemaPath.startsWith(`${of.schemaPath}/`)
  return errors
    .filter((error) => !composites.some((composite) => isBranch(error, composite)))
    .map((error) => {
      const branches = errors.filter((other) => isBranch(other, error))
      const [first] = branches
      // "One of these members is needed" is one missing member, with alternatives.
      const missing = branches.map((branch) => missingMember(branch))
      if (first && missing.every((name) => name !== undefined && first.instancePath === error.instancePath))
        return {
          at: `${at}${error.instancePath}/${pointerPart(missing[0] ?? '')}`,
          rule: 'required',
          message: `is missing${missing.length > 1 ? `, and so is ${missing.slice(1).join(', ')} that could stand for it` : ''}`,
          wanted: missing,
          ...placed(error, reader),
        }
      return issueOf(error, branches, at, reader)
    })
}

function missingMember({ keyword, params }: ErrorObject): string | undefined {
  const name: unknown = keyword === 'required' ? params['missingProperty'] : undefined
  return typeof name === 'string' ? name : undefined
}

function placed(error: ErrorObject, reader: Reader): Pick<Issue, 'place'> {
  const place = reader.placeOf(error.parentSchema, error.keyword)
  return place ? { place } : {}
}

function issueOf(error: ErrorObject, branches: readonly ErrorObject[], at: string, reader: Reader): Issue {
  const missing = missingMember(error)
  const where = `${at}${error.instancePath}${missing === undefined ? '' : `/${pointerPart(missing)}`}`
  const wanted = branches.length > 0 ? branches.map((branch) => wantedBy(branch)) : wantedBy(error)
  return {
    at: where,
    rule: error.keyword,
    message: missing === undefined ? `is ${excerpt(error.data)}; ${sentence(error, wanted)}` : 'is missing',
    ...(missing === undefined && { value: error.data }),
    wanted,
    ...placed(error, reader),
  }
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

function sentence({ keyword }: ErrorObject, wanted: unknown): string {
  const list = [wanted].flat().map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  switch (keyword) {
    case 'type':
      return `the type must be ${list.join(' or ')}`
    case 'enum':
    case 'const':
      return `it must be ${list.length > 1 ? 'one of ' : ''}${list.join(', ')}`
    case 'anyOf':
    case 'oneOf':
      return `it must be ${list.join(' or ')}`
    case 'format':
      return `it must be a ${list.join()}`
    case 'pattern':
      return `it must match ${list.join()}`
    case 'minimum':
      return `it must be at least ${list.join()}`
    case 'maximum':
      return `it must be at most ${list.join()}`
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

/** What a schema declares, as far as names go: all its branches together. */
interface Shape {
  readonly members: Map<string, Shape>
  items?: Shape
  /** Anything may stand here. */
  open: boolean
}

function shapeOf(schema: Located, reader: Reader, shapes: Map<object, Shape>): Shape {
  const known = shapes.get(schema.value)
  if (known) return known
  const shape: Shape = { members: new Map(), open: false }
  shapes.set(schema.value, shape)
  collect(schema, shape, reader, shapes)
  // A schema that names no member at all leaves them free.
  if (shape.members.size === 0) shape.open = true
  return shape
}

function collect(schema: Located, into: Shape, reader: Reader, shapes: Map<object, Shape>): void {
  for (const [name, member] of reader.children(schema, 'properties')) into.members.set(name, shapeOf(member, reader, shapes))
  const items = reader.child(schema, 'items')
  if (items) into.items = shapeOf(items, reader, shapes)
  const { additionalProperties, patternProperties, unevaluatedProperties } = schema.value
  if (patternProperties !== undefined || [additionalProperties, unevaluatedProperties].some((rule) => rule !== undefined && rule !== false))
    into.open = true
  for (const key of ['allOf', 'anyOf', 'oneOf'])
    for (const [, branch] of reader.children(schema, key)) collect(branch, into, reader, shapes)
  for (const key of ['if', 'then', 'else']) {
    const branch = reader.child(schema, key)
    if (branch) collect(branch, into, reader, shapes)
  }
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

/** Reports what `isDeclared` found wanting, with its pointer. */
function walk(value: unknown, shape: Shape, pointer: string, report: (pointer: string, name: string, declared: string[]) => void): void {
  if (Array.isArray(value)) {
    if (shape.items) for (let index = 0; index < value.length; index++) walk(value[index], shape.items, `${pointer}/${index}`, report)
  } else if (typeof value === 'object' && value !== null && shape.members.size > 0) {
    for (const [name, inner] of Object.entries(value)) {
      const member = shape.members.get(name)
      if (member) walk(inner, member, `${pointer}/${pointerPart(name)}`, report)
      else if (!shape.open) report(pointer, name, [...shape.members.keys()])
    }
  }
}
