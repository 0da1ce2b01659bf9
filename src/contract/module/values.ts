import { DocumentError } from '../../base/problem.ts'
import type { Generate, Side } from '../generate.ts'
import type { Purpose } from '../generation.ts'
import { isJson, type Located, partsOf } from '../schema.ts'
import { literal, quoted } from './names.ts'
import { idOf, type Named } from './roles.ts'
import { isAssignable, isOfType, type Member, type Shape, type Type } from './type.ts'
import type { Types } from './types.ts'

/** What values are made by. */
export interface Making {
  readonly generate: Generate
  readonly chance: Purpose['chance']
}

/** A value as it is written, and one that it has. */
export interface Value {
  readonly code: string
  readonly value: unknown
}
export type Entry = Value & { readonly name: string }

/** The ids of new entities: as the mock makes them, or as `newId` does. */
export interface IdRule {
  readonly newId: string | undefined
  readonly first: unknown
}

/** Nothing that works can be written for the operation: the document asks for more than is known here. */
export class TooClever extends Error {}

const UUID = '2b1c7bd0-5a0c-4d25-8f0e-9d2f3c1e6a47'
/** How deep values are made that nobody has given. */
const DEEP = 5
/** Times that are the session's. */
const TIMES = [
  { format: 'date-time', value: '2026-01-31T12:00:00.000Z', code: 'new Date(scene.now).toISOString()' },
  { format: 'date', value: '2026-01-31', code: 'new Date(scene.now).toISOString().slice(0, 10)' },
] as const

/** Makes the values that no client gives: as plain as the document allows, and each tried against it. */
export class Values {
  readonly #response: Side
  readonly #types: Types
  readonly #making: Making

  constructor(response: Side, types: Types, making: Making) {
    this.#response = response
    this.#types = types
    this.#making = making
  }

  /** An entity as somebody may have placed it. */
  sample(of: Shape): Readonly<Record<string, unknown>> {
    const made = this.generated(of.schema, false)
    if (!isJson(made)) throw new TooClever('an entity is not an object')
    return made
  }

  /** A value for a member that nobody gives: as plain as its schema allows. @throws TooClever */
  filled({ name, type, schemas }: Member, depth = 0): Entry {
    if (depth > DEEP) throw new TooClever('it holds itself')
    const { validator, reader } = this.#response
    const checks = schemas.map((schema) => validator.check(schema))
    const fits = (value: unknown): boolean => isOfType(value, type) && checks.every((check) => check(value, '', false).length === 0)
    const rules = schemas.flatMap((schema) => partsOf(schema, reader)).map(({ value }) => value)
    const time = TIMES.find(({ format }) => rules.some((rule) => rule['format'] === format))
    if (time && fits(time.value)) return { name, ...time }
    const usual = rules.flatMap((rule) => ('default' in rule ? [rule['default']] : []))
    const examples = rules.flatMap((rule) => [
      ...('example' in rule ? [rule['example']] : []),
      ...(Array.isArray(rule['examples']) ? rule['examples'].map((one: unknown) => one) : []),
    ])
    let value = [...usual, ...this.#plain(type, depth), ...examples].find(fits)
    if (value === undefined && schemas[0]) value = this.generated(schemas[0])
    if (!fits(value)) throw new TooClever('no value is found')
    return { name, value, code: literal(value) }
  }

  /** The plainest values of a type. */
  #plain(type: Type, depth: number): readonly unknown[] {
    switch (type.kind) {
      case 'plain':
        return { string: [''], number: [0, 1], boolean: [false], null: [null], object: [{}], unknown: ['', 0, {}] }[type.name]
      case 'literal':
        return [type.value]
      case 'list':
        return [[]]
      case 'record':
        return [{}]
      case 'union':
        // Nobody knows yet is plainer than any text.
        return type.of.flatMap((one) => this.#plain(one, depth)).toSorted((a, b) => Number(b === null) - Number(a === null))
      case 'alias':
        return this.#plain(type.of, depth)
      case 'shape': {
        const required = type.shape.members.filter(({ isRequired }) => isRequired)
        return [Object.fromEntries(required.map((member) => [member.name, this.filled(member, depth + 1).value]))]
      }
      default:
        return type satisfies never
    }
  }

  /** What says that something is done: where it says whether, it is. */
  done(schema: Located): Value {
    const made = this.filled({ name: '', type: this.#types.of(schema, 'Answer'), isRequired: true, schemas: [schema], isReadOnly: false })
    if (!isJson(made.value)) return made
    const value = Object.fromEntries(Object.entries(made.value).map(([name, one]) => [name, one === false ? true : one]))
    return this.#response.validator.check(schema)(value, '', false).length === 0 ? { value, code: literal(value) } : made
  }

  /** @throws DocumentError where nothing is found that fits */
  generated(schema: Located, usesExamples = true, side = this.#response): unknown {
    return this.#making.generate(schema, side, { chance: this.#making.chance, usesExamples })
  }

  /** @param parameters those of paths that name one by its id @returns undefined where no id is found that fits */
  idRule(shape: Shape, parameters: readonly Named['parameter'][]): IdRule | undefined {
    const id = idOf(shape)
    if (!id) return undefined
    const { validator } = this.#response
    const own = id.schemas.map((schema) => validator.check(schema))
    const paths = parameters.map(({ schema, type }) => {
      const check = schema && validator.check(schema)
      const isNumber = isAssignable(type, { kind: 'plain', name: 'number' })
      return (value: unknown): boolean => !check || check(isNumber ? Number(value) : String(value), '', false).length === 0
    })
    const fits = (value: unknown): boolean =>
      own.every((check) => check(value, '', false).length === 0) && paths.every((path) => path(value))
    try {
      if (isAssignable(id.type, { kind: 'plain', name: 'number' })) return fits(1) ? { newId: undefined, first: 1 } : undefined
      if (fits(UUID)) return { newId: undefined, first: UUID }
      const sample = id.schemas[0] && this.generated(id.schemas[0])
      const tail = /[\da-z]+$/i.exec(String(sample))?.[0] ?? ''
      const prefix = String(sample).slice(0, String(sample).length - tail.length)
      const number = (prefix: string, width: number): ((of: number) => string) => {
        return (of) => prefix + String(of + 1).padStart(width, '0')
      }
      const [plain, shaped] = [number('', 0), number(prefix, tail.length)]
      const isFit = (make: (of: number) => string): boolean => [0, 1, 9, 999].every((of) => fits(make(of)))
      if (isFit(plain)) return { newId: 'newId: (number) => String(number + 1)', first: plain(0) }
      const digits = `String(number + 1).padStart(${tail.length}, '0')`
      const code = prefix === '' ? digits : `${quoted(prefix)} + ${digits}`
      return isFit(shaped) ? { newId: `newId: (number) => ${code}`, first: shaped(0) } : undefined
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      return undefined
    }
  }
}
