import type { Located, Reader } from '../schema.ts'
import { camel, plural } from './names.ts'
import type { Member, Shape, Type } from './type.ts'
import type { Types } from './types.ts'

/** An operation as it stands in the document. */
export interface Declared {
  readonly method: string
  readonly template: string
  /** What its behaviour stands under. */
  readonly key: string
  readonly summary: string
  readonly located: Located
  /** Those of the path and its own, with their schemas. */
  readonly parameters: readonly Parameter[]
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly type: Type
  readonly schema: Located | undefined
}

/** What an operation answers when all is well. */
export interface Answer {
  readonly status: number
  /** Of its JSON; undefined where it has no body. */
  readonly schema: Located | undefined
  /** A kind in it, if it holds one. */
  readonly holds: Held | undefined
}

/** Where an answer holds one of a kind, or a list of them. */
export interface Held {
  readonly kind: Shape
  readonly isList: boolean
  /** The one member that holds it; undefined where the answer is it. */
  readonly member: string | undefined
  /** What else the answer has to have. */
  readonly beside: readonly Member[]
}

/** How the entity that a path names is found: under its id, or by what it says of itself. */
export interface Named {
  readonly parameter: Parameter
  readonly by: 'id' | Member
}

/** What an operation does. */
export type Role =
  | { readonly kind: 'create' | 'list'; readonly of: Shape; readonly answer: Answer }
  | { readonly kind: 'get' | 'change' | 'remove'; readonly of: Shape; readonly answer: Answer; readonly named: Named }

/** The `id` of a shape whose entities can be kept under it; undefined for any other. */
export function idOf({ isNamed, members }: Shape): Member | undefined {
  if (!isNamed) return undefined
  return members.find(({ name, type }) => name === 'id' && type.kind === 'plain' && (type.name === 'string' || type.name === 'number'))
}

/** Tells by method, path and answer what operations do. */
export class Roles {
  readonly #reader: Reader
  readonly #types: Types
  readonly #answers: ReadonlyMap<Declared, Answer>
  /** What the items and the lists of a path are of. */
  readonly #kinds = new Map<string, Shape>()

  constructor(operations: readonly Declared[], reader: Reader, types: Types) {
    this.#reader = reader
    this.#types = types
    this.#answers = new Map(
      operations.flatMap((operation) => {
        const answer = this.#answerOf(operation)
        return answer ? [[operation, answer] as const] : []
      }),
    )
    for (const [{ method, template }, { holds }] of this.#answers) {
      const path = pathOf(template)
      // At the end of an item's path stands its name; a list stands at any other.
      const isAtHome = method !== 'POST' && holds?.isList === !path.endsWith('/{}')
      if (isAtHome && !this.#kinds.has(path)) this.#kinds.set(path, holds.kind)
    }
  }

  /** @returns undefined for what is not one of these */
  of(operation: Declared): Role | undefined {
    const answer = this.#answers.get(operation)
    if (!answer) return undefined
    const { method, template } = operation
    const held = answer.holds
    const parameter = lastParameter(operation)
    if (!parameter) {
      if (method === 'GET' && held?.isList) return { kind: 'list', of: held.kind, answer }
      const path = pathOf(template)
      const of = held ? (held.isList ? undefined : held.kind) : (this.#kinds.get(path) ?? this.#kinds.get(`${path}/{}`))
      const isCreation = method === 'POST' && of && !(held === undefined && answer.schema) && this.#isCollection(template, of)
      return isCreation ? { kind: 'create', of, answer } : undefined
    }
    const of = held && !held.isList ? held.kind : this.#kinds.get(pathOf(template))
    const named = of && namedBy(parameter, of)
    if (!named || held?.isList) return undefined
    if (method === 'GET') return held ? { kind: 'get', of, named, answer } : undefined
    if (method === 'PUT' || method === 'PATCH') return held || !answer.schema ? { kind: 'change', of, named, answer } : undefined
    return method === 'DELETE' ? { kind: 'remove', of, named, answer } : undefined
  }

  /** What is created there: its items are read below the path, its list at it; or it is called as they are. */
  #isCollection(template: string, of: Shape): boolean {
    const path = pathOf(template)
    const isAround = [...this.#kinds].some(([other, kind]) => kind === of && (other === path || other === `${path}/{}`))
    const word = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
    const name = camel(of.called)
    return isAround || [name, plural(name)].some((own) => own.toLowerCase() === word.replaceAll(/[^\p{L}\p{Nd}]/gu, ''))
  }

  /** The first good answer that is JSON, or nothing; undefined where there is none, or one that has to have headers. */
  #answerOf({ method, located }: Declared): Answer | undefined {
    const responses = this.#reader.children(located, 'responses')
    const good = responses.filter(([status]) => /^2(\d\d|XX)$/i.test(status)).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const all = good.length > 0 ? good : responses.filter(([status]) => status === 'default')
    const read = all.flatMap(([status, response]): Answer[] => {
      const contents = this.#reader.children(response, 'content')
      const json = contents.find(([type]) => type === 'application/json')?.[1]
      const hasHeaders = this.#reader.children(response, 'headers').some(([, header]) => header.value['required'] === true)
      if (hasHeaders || (contents.length > 0 && !json)) return []
      const schema = json && this.#reader.schema(json, 'schema')
      const code = /^\d+$/.test(status) ? Number(status) : method === 'POST' ? 201 : 200
      return [{ status: code, schema, holds: schema && this.#heldIn(schema) }]
    })
    const isFitting = ({ schema, holds }: Answer): boolean => (method === 'DELETE' ? !schema : holds !== undefined)
    return read.find(isFitting) ?? read[0]
  }

  #heldIn(schema: Located): Held | undefined {
    const direct = this.#kindIn(this.#types.of(schema, 'Answer'), undefined, [])
    if (direct) return direct
    const shape = this.#types.shapeOf(schema, 'Answer')
    if (!shape) return undefined
    // An object that says more than the kind it is.
    for (const part of this.#reader.schemas(schema, 'allOf').map(([, part]) => part)) {
      const kind = this.#types.shapeOf(part, 'Answer')
      if (kind && idOf(kind))
        return {
          kind,
          isList: false,
          member: undefined,
          beside: shape.members.filter(({ name, isRequired }) => isRequired && !kind.members.some((own) => own.name === name)),
        }
    }
    const held = shape.members.flatMap((member) => {
      const beside = shape.members.filter((other) => other !== member && other.isRequired)
      return this.#kindIn(member.type, member.name, beside) ?? []
    })
    const [only, other] = held
    return only && !other ? only : undefined
  }

  #kindIn(type: Type, member: string | undefined, beside: readonly Member[]): Held | undefined {
    const isList = type.kind === 'list'
    const of = isList ? type.of : type
    return of.kind === 'shape' && idOf(of.shape) ? { kind: of.shape, isList, member, beside } : undefined
  }
}

/** A path without the names of its parameters, and without a slash at its end. */
function pathOf(template: string): string {
  return template.replaceAll(/\{[^{}]*\}/g, '{}').replace(/\/$/, '')
}

/** The parameter that a path ends with. */
function lastParameter({ template, parameters }: Declared): Parameter | undefined {
  const name = /\/\{([^{}]+)\}\/?$/.exec(template)?.[1]
  return parameters.find((one) => one.in === 'path' && one.name === name)
}

function namedBy(parameter: Parameter, of: Shape): Named | undefined {
  const { name, type } = parameter
  if (type.kind === 'list' || type.kind === 'shape' || type.kind === 'record') return undefined
  const member = name === 'id' ? undefined : of.members.find((one) => one.name === name)
  if (!member) return { parameter, by: 'id' }
  return baseOf(type) !== undefined && baseOf(type) === baseOf(member.type) ? { parameter, by: member } : undefined
}

/** What can be compared with each other. */
function baseOf(type: Type): string | undefined {
  return type.kind === 'plain' && (type.name === 'string' || type.name === 'number') ? type.name : undefined
}
