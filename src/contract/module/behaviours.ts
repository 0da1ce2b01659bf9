import { DocumentError } from '../../base/problem.ts'
import type { Side } from '../generate.ts'
import { isJson, type Located } from '../schema.ts'
import { access, codeOf, comment, key, laidOut, Names, object, pascal, quoted, WIDTH } from './names.ts'
import { type Answer, type Declared, type Held, idOf, type Named, type Role } from './roles.ts'
import { inlineOf, isAssignable, type Member, type Shape, textOf, type Type } from './type.ts'
import type { Types } from './types.ts'
import { type Entry, type IdRule, TooClever, type Value, type Values } from './values.ts'

/** What stands in the table of behaviours for an operation. */
export type Stub = { readonly operation: Declared; readonly text: string } & (
  | {
      readonly kind: 'live'
      readonly of: Shape
      /** What its text names. */
      readonly types: readonly Type[]
      readonly refuses: boolean
    }
  | { readonly kind: 'rest' }
)

interface Ground {
  readonly request: Side
  readonly response: Side
  readonly types: Types
  readonly values: Values
  readonly names: ReadonlyMap<Shape, { readonly kind: string }>
}

/** What a client sends that the entity takes over. */
interface Body {
  /** How it is called among the parameters, and of what type. */
  readonly pattern: string
  readonly text: string
  readonly types: readonly Type[]
  readonly isRequired: boolean
  /** What it gives for certain. */
  readonly given: ReadonlySet<string>
  /** Bodies that a client could send, without what is left out. */
  readonly samples: readonly Readonly<Record<string, unknown>>[]
}

/** Of the statements of a behaviour. */
const INDENT = ' '.repeat(6)
/** A type of a body is written where it is used, if it is short. */
const SHORT = 72
const NONE: readonly never[] = []

/** Writes what operations do. All that is written is tried on a value first: what the document would refuse is not written. */
export class Behaviours {
  readonly #ground: Ground
  readonly #values: Values
  readonly #ids: ReadonlyMap<Shape, IdRule | undefined>

  constructor(ground: Ground, known: readonly { readonly role: Role | undefined }[]) {
    this.#ground = ground
    this.#values = ground.values
    this.#ids = new Map(
      [...ground.names.keys()].map((shape) => {
        const parameters = known.flatMap(({ role }) =>
          role && 'named' in role && role.of === shape && role.named.by === 'id' ? role.named.parameter : [],
        )
        return [shape, this.#values.idRule(shape, parameters)]
      }),
    )
  }

  /** What the table of kinds says of new ids. */
  newIdOf(shape: Shape): string | undefined {
    return this.#ids.get(shape)?.newId
  }

  of(operation: Declared, role: Role | undefined): Stub {
    const { method, template, summary } = operation
    const said = comment(`${method} ${template}${summary === '' ? '' : `: ${summary}`}`)
    try {
      if (role) {
        const { text, ...live } = this.#live(operation, role)
        return { kind: 'live', operation, of: role.of, ...live, text: `    /** ${said} */\n${text}` }
      }
    } catch (error) {
      // Of a schema that does not compile, or that nothing fits, nobody knows what works.
      if (!(error instanceof TooClever || error instanceof DocumentError)) throw error
    }
    const places = new Set(operation.parameters.map((parameter) => parameter.in))
    const inputs = ['path', 'query'].filter((place) => places.has(place))
    if (operation.located.value['requestBody'] !== undefined) inputs.push('body')
    const stub = `${comment(key(operation.key))}: (${inputs.length === 0 ? '_input' : object(inputs)}, scene) => reply(200, …),`
    return { kind: 'rest', operation, text: `    // ${said}\n    // ${stub} // answered from the document until it stands here` }
  }

  #live(operation: Declared, role: Role): { readonly text: string; readonly types: readonly Type[]; readonly refuses: boolean } {
    switch (role.kind) {
      case 'create':
        return { ...this.#create(operation, role), refuses: false }
      case 'list':
        return { ...this.#list(operation, role), refuses: false }
      case 'get':
      case 'change':
      case 'remove':
        return { ...this.#onOne(operation, role, role.named), refuses: true }
      default:
        return role satisfies never
    }
  }

  #create(operation: Declared, { of, answer }: Role): { text: string; types: readonly Type[] } {
    const rule = this.#ids.get(of)
    if (!rule) throw new TooClever('no id fits')
    const fromPath = operation.parameters.filter((parameter) => parameter.in === 'path')
    const body = this.#body(operation, of, fromPath, false)
    const id = idOf(of)
    const filled = of.members
      .filter(({ name, isRequired }) => isRequired && name !== 'id' && !body?.given.has(name))
      .map((member) => this.#fromPath(member, fromPath) ?? this.#values.filled(member))
    const isCounted = id && !body?.given.has('id') && isAssignable(id.type, { kind: 'plain', name: 'number' })
    const number = { name: 'id', code: `nextId(scene.list(${this.#kind(of)}))`, value: rule.first }
    const entries = isCounted ? [number, ...filled] : filled
    const inPath = fromPath.filter(({ name }) => entries.some(({ code }) => code === access('path', name)))
    for (const sample of body?.samples ?? [{}]) {
      const entity = { id: rule.first, ...valueOf(entries), ...sample }
      this.#fits(entity, of.schema)
      this.#answers(answer, entity)
    }
    const members = [...entries.map(memberText), ...(body ? ['...body'] : [])]
    const isOnlyBody = body?.isRequired === true && members.length === 1
    const before = `scene.add(${this.#kind(of)}, `
    return this.#arrow(operation, inPath, body, {
      expression: isOnlyBody ? `${before}body)` : `${before}${object(members)})`,
      statement: (start) => (isOnlyBody ? `${start}${before}body)` : laidOut(start + before, members, ')')),
      name: 'added',
      answer,
    })
  }

  #list(operation: Declared, { of, answer }: Role): { text: string; types: readonly Type[] } {
    this.#answers(answer, [])
    const expression = `scene.list(${this.#kind(of)})`
    return this.#arrow(operation, NONE, undefined, { expression, statement: (start) => start + expression, name: 'all', answer })
  }

  #onOne(operation: Declared, { kind, of, answer }: Role, { parameter, by }: Named): { text: string; types: readonly Type[] } {
    const value = access('path', parameter.name)
    const id = isAssignable(parameter.type, { kind: 'plain', name: 'string' }) ? value : `String(${value})`
    const isById = by === 'id'
    const find = isById
      ? `scene.get(${this.#kind(of)}, ${id})`
      : `scene.list(${this.#kind(of)}).find((one) => ${access('one', by.name)} === ${value})`
    const refusal = `scene.refuse(${quoted(codeOf(this.#ground.names.get(of)?.kind ?? ''))})`
    if (kind === 'get') {
      const found = this.#wrapped(answer.holds, { code: 'found', value: this.#values.sample(of) })
      const whole = `return found ? reply(${answer.status}, ${found.code}) : ${refusal}`
      const lines =
        INDENT.length + whole.length <= WIDTH
          ? [whole]
          : [`if (!found) return ${refusal}`, ...this.#replied(answer, 'found', (start) => `${start}found`)]
      return this.#block(operation, [parameter], undefined, [`const found = ${find}`, ...lines])
    }
    if (kind === 'remove') {
      const isShown = !isById || answer.holds !== undefined
      const shown = isShown ? [`const found = ${find}`, `if (!found) return ${refusal}`] : [`if (!${find}) return ${refusal}`]
      const other = answer.schema && !answer.holds ? this.#values.done(answer.schema) : undefined
      const gone = `scene.remove(${this.#kind(of)}, ${isById ? id : 'String(found.id)'})`
      const last = answer.holds
        ? this.#replied(answer, 'found', (start) => `${start}found`)
        : [`return reply(${answer.status}${other ? `, ${other.code}` : ''})`]
      return this.#block(operation, [parameter], undefined, [...shown, gone, ...last])
    }
    const body = this.#body(operation, of, [parameter], true)
    if (!body) throw new TooClever('nothing says what is changed')
    for (const sample of body.samples) this.#answers(answer, { ...this.#values.sample(of), ...sample })
    const before = `scene.put(${this.#kind(of)}, `
    const members = ['...found', '...body']
    return this.#block(operation, [parameter], body, [
      `const found = ${find}`,
      `if (!found) return ${refusal}`,
      ...this.#replied(answer, `${before}${object(members)})`, (start) => laidOut(start + before, members, ')'), 'changed'),
    ])
  }

  /** What a body gives an entity; undefined where there is none. */
  #body(operation: Declared, of: Shape, path: Declared['parameters'], isChange: boolean): Body | undefined {
    const { request, response, types } = this.#ground
    const { reader } = response
    const declared = reader.child(operation.located, 'requestBody')
    if (!declared) return undefined
    const json = reader.children(declared, 'content').find(([name]) => /^application\/(?:[^;]*\+)?json$/.test(name))?.[0]
    const sent = request.reader.child(
      request.reader.at(operation.located.uri, operation.located.pointer),
      'requestBody',
      'content',
      json ?? '',
    )
    const media = json === undefined ? undefined : reader.child(declared, 'content', json)
    const [schema, sentSchema] = [media && reader.schema(media, 'schema'), sent && request.reader.schema(sent, 'schema')]
    const called = `${pascal(operation.key)}Body`
    const shape = schema && types.shapeOf(schema, called)
    if (!schema || !sentSchema || !shape) throw new TooClever('the body is not an object of known members')
    const isRequired = declared.value['required'] === true
    const members = shape.members.filter(({ isReadOnly }) => !isReadOnly)
    const left = members.filter(({ name, type }) => {
      const own = of.members.find((member) => member.name === name)
      return (isChange && name === 'id') || (own ? !isAssignable(type, own.type) : of.isClosed)
    })
    if (left.length > 0 && !isRequired) throw new TooClever('what may not be there cannot be taken apart')
    const samples = [true, false].map((usesExamples) => {
      const made = this.#values.generated(sentSchema, usesExamples, request)
      if (!isJson(made)) throw new TooClever('the body is not an object')
      return Object.fromEntries(
        Object.entries(made).filter(([name]) => members.some((member) => member.name === name) && !left.some((one) => one.name === name)),
      )
    })
    const unused = new Names([])
    const taken = left.map(({ name }) => `${key(name)}: ${unused.take(`_${name.replaceAll(/[^\w$]/g, '')}`)}`)
    const pattern = left.length === 0 ? 'body' : `body: ${object([...taken, '...body'])}`
    const whole = ({ text }: { text: string }): string => (isRequired ? text : `${text} | undefined`)
    const ways = this.#bodyTypes(shape, members, called, schema)
    const fitting = ways.find((way) => this.#head(operation, path, { pattern, text: whole(way) }).length + ' => {'.length <= WIDTH)
    const type = fitting ?? ways.at(-1) ?? { text: 'object', types: [] }
    return {
      pattern,
      text: whole(type),
      types: type.types,
      isRequired,
      given: new Set(isRequired ? members.filter((one) => one.isRequired && !left.includes(one)).map(({ name }) => name) : []),
      samples: isRequired ? samples : [...samples, {}],
    }
  }

  /** In which ways the type of a body can be written, the best first. */
  #bodyTypes(shape: Shape, members: readonly Member[], called: string, schema: Located): { text: string; types: readonly Type[] }[] {
    if (members.length === 0) return [{ text: 'object', types: [] }]
    const short = inlineOf(members)
    const isNamed = typeof schema.value['$ref'] === 'string'
    const unsent = shape.members.filter((member) => !members.includes(member)).map(({ name }) => quoted(name))
    const part = unsent.length === 0 ? shape : this.#ground.types.part(shape, called, members)
    const own = {
      types: [{ kind: 'shape', shape: part }] as const,
      get text() {
        return part.name
      },
    }
    if (!isNamed) return short.length <= SHORT ? [{ text: short, types: members.map(({ type }) => type) }, own] : [own]
    return unsent.length === 0 ? [own] : [{ text: `Omit<${shape.name}, ${unsent.join(' | ')}>`, types: [{ kind: 'shape', shape }] }, own]
  }

  #fromPath({ name, type }: Member, parameters: Declared['parameters']): Entry | undefined {
    const own = parameters.find((parameter) => parameter.name === name && isAssignable(parameter.type, type))
    if (!own?.schema) return undefined
    return { name, code: access('path', name), value: this.#values.generated(own.schema) }
  }

  /** @throws TooClever where the document would refuse the answer */
  #answers({ schema, holds }: Answer, value: unknown): void {
    if (schema) this.#fits(this.#wrapped(holds, { code: '', value }).value, schema)
  }

  #fits(value: unknown, schema: Located): void {
    if (this.#ground.response.validator.check(schema)(value, '', false).length > 0) throw new TooClever('the document asks for more')
  }

  /** An entity, or a list of them, as an answer holds it. */
  #wrapped(holds: Held | undefined, { code, value }: Value): Value {
    if (!holds) return { code, value }
    const { member, beside, isList } = holds
    if (member === undefined && beside.length === 0) return { code, value }
    const others = beside.map((one): Entry => {
      const isCount = isList && /^(total|count)/i.test(one.name) && isAssignable({ kind: 'plain', name: 'number' }, one.type)
      return isCount && Array.isArray(value) ? { name: one.name, code: `${code}.length`, value: value.length } : this.#values.filled(one)
    })
    const own = member === undefined ? `...${code}` : member === code ? code : `${key(member)}: ${code}`
    const inner = member === undefined && isJson(value) ? value : member === undefined ? {} : { [member]: value }
    return { code: object([own, ...others.map(memberText)]), value: { ...inner, ...valueOf(others) } }
  }

  /** The statements that answer with an expression. */
  #replied(answer: Answer, expression: string, statement: (start: string) => string, name = 'found'): readonly string[] {
    const written = (start: string): string => statement(INDENT + start).slice(INDENT.length)
    if (!answer.schema) return [...(expression === name ? [] : [written('')]), `return reply(${answer.status})`]
    const sample = answer.holds?.isList ? [] : {}
    const { code } = this.#wrapped(answer.holds, { code: expression, value: sample })
    const line = `return reply(${answer.status}, ${code})`
    // What stands there twice is named once.
    const isTwice = code.split(expression).length > 2 && expression !== name
    if (INDENT.length + line.length <= WIDTH && !isTwice) return [line]
    const wrapped = this.#wrapped(answer.holds, { code: name, value: sample }).code
    const first = expression === name ? [] : [written(`const ${name} = `)]
    return [...first, `return reply(${answer.status}, ${wrapped})`]
  }

  #arrow(
    operation: Declared,
    path: Declared['parameters'],
    body: Body | undefined,
    does: { expression: string; statement: (start: string) => string; name: string; answer: Answer },
  ): { text: string; types: readonly Type[] } {
    const { expression, statement, name, answer } = does
    const lines = this.#replied(answer, expression, statement, name)
    const [only = '', other] = lines
    const types = [...path.map(({ type }) => type), ...(body?.types ?? [])]
    const head = `${this.#head(operation, path, body)} =>`
    if (other === undefined && !only.includes('\n')) {
      const inner = only.slice('return '.length)
      if (`${head} ${inner},`.length <= WIDTH) return { types, text: `${head} ${inner},` }
      if (`${INDENT}${inner},`.length <= WIDTH) return { types, text: `${head}\n${INDENT}${inner},` }
    }
    return this.#block(operation, path, body, lines)
  }

  #block(
    operation: Declared,
    path: Declared['parameters'],
    body: Body | undefined,
    lines: readonly string[],
  ): { text: string; types: readonly Type[] } {
    const head = `${this.#head(operation, path, body)} => {`
    return {
      types: [...path.map(({ type }) => type), ...(body?.types ?? [])],
      text: [head.length <= WIDTH ? head : broken(head), ...lines.map((line) => INDENT + line), '    },'].join('\n'),
    }
  }

  #head({ key: own }: Declared, path: Declared['parameters'], body: Pick<Body, 'pattern' | 'text'> | undefined): string {
    const before = `    ${key(own)}: `
    if (path.length === 0 && !body) return `${before}(_input, scene)`
    const inPath = path.map(({ name, type }) => `${key(name)}: ${textOf(type)}`)
    const names = [...(path.length > 0 ? ['path'] : []), ...(body ? [body.pattern] : [])]
    const types = [...(path.length > 0 ? [`path: { ${inPath.join('; ')} }`] : []), ...(body ? [`body: ${body.text}`] : [])]
    return `${before}(${object(names)}: Input<{ ${types.join('; ')} }>, scene)`
  }

  #kind(of: Shape): string {
    return quoted(this.#ground.names.get(of)?.kind ?? '')
  }
}

/** A head that is too long for its line. */
function broken(head: string): string {
  return head.replace(/\(\{ /, '(\n      { ').replace(/, scene\) => \{$/, ',\n      scene,\n    ) => {')
}

function memberText({ name, code }: Entry): string {
  return `${key(name)}: ${code}`
}

function valueOf(entries: readonly Entry[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]))
}
