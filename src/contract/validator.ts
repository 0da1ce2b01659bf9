import type { Ajv2020, CodeOptions, ValidateFunction } from 'ajv/dist/2020.js'
import { type Issue, MAX_ISSUES, pointerPart } from '../base/http.ts'
import { kindOf, mayName, wordsIn } from '../document/keys.ts'
import type { LoadedDocument, ValidateFunctions } from '../document/load.ts'
import { DocumentError, messageFrom } from '../base/problem.ts'
import { closureOf } from './closure.ts'
import { type Expression, expressionOf } from './expressions.ts'
import { FORMATS } from './formats.ts'
import { type Check, choicesOf, issuesOf } from './issues.ts'
import type { Explainer } from './meant.ts'
import { ajv } from '../packages.ts'
import { BASE, isJson, type Json, type Located, type Reader } from './schema.ts'
import { createShapes, isDeclared, type Shape, strangers } from './shapes.ts'
import { createWeighing } from './weight.ts'

/** What is compiled at its first use. */
export interface Compilable {
  /** @throws DocumentError for a schema that does not compile */
  compile(): void
}

export interface Validator {
  /** A check against the schema, compiled at its first use (2 to 11 ms); throws DocumentError then if it does not compile. */
  check(schema: Located): Check & Compilable
  /** Names what the value holds but the schema does not declare, wherever the schema does not say it is open. */
  undeclared(schema: Located): Check
}

const FINE: readonly Issue[] = Object.freeze([])

/**
 * A validator for one document: one ajv instance that reads every schema in place.
 * @param isOften Whether the same is checked again and again: what checks it is then made to be fast, which takes half the time that it takes to make
 * @param precompiled What says whether a value is well, by `keyOf` of its schema: what is wrong is explained by the schema itself
 */
export function createValidator(document: LoadedDocument, reader: Reader, isOften = true, precompiled?: ValidateFunctions): Validator {
  // Most values are well, and one that is not is looked at again: stopping at the first issue is the faster check. Neither is made
  // before it is needed: to read a document's schemas takes longer than all the rest of a start.
  const instances = new Map<boolean, Ajv2020>()
  const ajvOf = (allErrors: boolean): Ajv2020 => {
    const ajv = instances.get(allErrors) ?? createAjv(document, { allErrors, verbose: true }, { optimize: isOften })
    instances.set(allErrors, ajv)
    return ajv
  }
  const shapeOf = createShapes(reader)
  const heavyIn = createWeighing(reader)

  const validator: Validator = {
    check(declared) {
      // Ajv loses its way where a pointer leads to nothing but a reference to a whole file.
      const schema = followed(declared, reader)
      const key = keyOf(schema)
      const compile = (allErrors: boolean): ValidateFunction => {
        try {
          const heavy = heavyIn(schema)
          if (heavy)
            throw new DocumentError(
              `${reader.where(heavy)}: the schema at #${heavy.pointer} stands for millions of others that speak of one value; let it refer to each once`,
            )
          return ajvOf(allErrors).compile({ $ref: BASE + key })
        } catch (error) {
          if (error instanceof DocumentError) throw error
          const place = reader.placeOf(schema.value)
          const reason = error instanceof RangeError ? 'it stands in itself, or is nested too deep' : messageFrom(error)
          throw new DocumentError(`${schema.uri}:${place?.line ?? '?'}: the schema at #${schema.pointer} does not compile: ${reason}`)
        }
      }
      const isWell = precompiled?.get(key, () => closureOf(schema, reader))
      let first: ValidateFunction | undefined
      let explain: ValidateFunction | undefined
      const check: Check = (value, at, all = true) => {
        if ((isWell ?? (first ??= compile(false)))(value)) return FINE
        if (all) {
          explain ??= compile(true)
          explain(value)
          return issuesOf(explain.errors ?? [], at, explainer, true)
        }
        first ??= compile(false)
        first(value)
        return issuesOf(first.errors ?? [], at, explainer, false)
      }
      return Object.assign(check, { compile: () => void (isWell ?? (first ??= compile(false))) })
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

/** What a schema is known by beside others of its document. A name with half a character in it is none that a reference could have: it does not compile. */
function keyOf({ uri, pointer }: Located): string {
  return `${encodeURI(uri)}#${encodeURI(pointer.toWellFormed())}`
}

/** An instance that knows a document's schemas. */
export function createAjv(
  document: LoadedDocument,
  told: { readonly allErrors: boolean; readonly verbose: boolean; readonly messages?: boolean },
  code: CodeOptions,
): Ajv2020 {
  const made = new (ajv().Ajv2020)({
    ...told,
    strict: false,
    strictNumbers: true,
    validateSchema: false,
    logger: false,
    addUsedSchema: false,
    // Twice the time for each object, so only where a name of the document is one that every object has.
    ownProperties: document.sources.some(({ content }) => !INHERITED.isDisjointFrom(wordsIn(content))),
    // 19.99 is a multiple of 0.01, though no double is.
    multipleOfPrecision: 8,
    code: { regExp, ...code },
    formats: FORMATS,
  })
  for (const { uri, content } of document.sources)
    if (isJson(content)) made.addSchema(mayName(content) ? asSchema(content) : unseen(asSchema(content)), BASE + encodeURI(uri))
  return made
}

const regExp = Object.assign(
  (pattern: string): Expression => {
    const found = expressionOf(pattern)
    if (!found) throw new SyntaxError(`the pattern ${pattern} is no regular expression`)
    return found
  },
  // What code that is written out calls it.
  { code: 'expressionOf' },
)

const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/** Ajv takes each file for a schema, also one that holds something else, such as a parameter: what it says of itself is none of a schema's rules. */
function asSchema(content: Json): Json {
  const schema = mayName(content) ? withoutNames(content) : content
  if (!isJson(schema) || !['in', 'content', 'schema'].some((key) => Object.hasOwn(schema, key))) return isJson(schema) ? schema : {}
  const { required: _, ...rest } = schema
  return rest
}

/**
 * Ajv goes through all that it sees of a schema, for names that parts have given themselves. Where there are none it need see nothing: references
 * lead to what is not enumerable as well, and a document of a thousand operations is ready for the first as soon as one of ten.
 */
function unseen(file: Json): Json {
  const isThere = HOLDING.filter((key) => Object.hasOwn(file, key))
  if (isThere.length === 0) return file
  return Object.defineProperties({ ...file }, Object.fromEntries(isThere.map((key) => [key, { enumerable: false }])))
}

/** What holds the parts of a document, and says nothing in a schema. */
const HOLDING = ['paths', 'webhooks', 'components']

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
