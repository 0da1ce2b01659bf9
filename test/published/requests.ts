import { type LoadedDocument, readDocument } from '../../src/document/load.ts'
import { formOf } from '../../src/contract/form.ts'
import { type Generate, loadGenerate, type Side } from '../../src/contract/generate.ts'
import { createContract, type Operation } from '../../src/contract/operation.ts'
import { createReader, isJson, type Located } from '../../src/contract/schema.ts'
import { openApiOf } from '../../src/contract/swagger.ts'
import { createValidator } from '../../src/contract/validator.ts'

/** A request as it goes to `fetch`. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

/** One thing made wrong, and the pointer that a refusal of it has to name. */
interface Wrong {
  readonly sent: Sent
  readonly at: string
  readonly what: string
}

export interface Trial {
  readonly operation: Operation
  /** The least that the document asks for. */
  readonly valid: Sent
  readonly wrong: readonly Wrong[]
}

export interface Tried {
  readonly document: LoadedDocument
  readonly trials: readonly (Trial | { readonly operation: Operation; readonly impossible: string })[]
}

const JSON_TYPE = /[/+]json\s*(;|$)/i
const FORM = 'application/x-www-form-urlencoded'
const PARTS = 'multipart/form-data'
const BOUNDARY = 'boundary-of-the-test'
const generating = loadGenerate()

/** For each operation of a document the least that it asks for, and the same with one thing wrong. */
export async function trialsOf(file: string): Promise<Tried> {
  const document = openApiOf((await readDocument(file)).document)
  const form = formOf(document, 'request')
  const reader = createReader(form)
  const side = { reader, validator: createValidator(form, reader) }
  const builder = new Builder(side, await generating)
  const contract = createContract(document)
  const places = placesOf(contract.operations, side, document.sources[0]?.uri ?? '')
  return {
    document,
    trials: contract.operations.map((operation) => {
      try {
        const [item, located] = places.get(operation) ?? []
        if (!item || !located) throw new Error('it stands nowhere')
        const trial = builder.trial(operation, contract.base, item, located)
        const { method, path, query, headers } = trial.valid
        const found = contract.match(method, path.slice(contract.base.length), { query, headers })
        if (found.kind === 'found' && found.target !== operation && isTold(contract.left, operation))
          return { operation, impossible: UNREACHABLE }
        return trial
      } catch (error) {
        return { operation, impossible: error instanceof Error ? error.message : String(error) }
      }
    }),
  }
}

function placesOf(operations: readonly Operation[], { reader }: Side, uri: string): Map<Operation, [Located, Located]> {
  const items = new Map(reader.children(reader.at(uri, ''), 'paths'))
  return new Map(
    operations
      .flatMap((operation) => {
        const item = items.get(operation.template)
        const located = item && reader.child(item, operation.method.toLowerCase())
        return item && located ? [[operation, [item, located]] as const] : []
      })
      .map(([operation, [item, located]]) => [operation, [item, located]]),
  )
}

/** Why there is no request: the document has another operation that no request tells it from, and the mock says so. */
export const UNREACHABLE = 'another operation has the same method and path'

function isTold(left: readonly string[], { method, template }: Operation): boolean {
  return left.some((sentence) => sentence.includes(`${method} ${template} is never reached`))
}

interface Part {
  readonly where: string
  readonly name: string
  readonly isRequired: boolean
  readonly schema: Located | undefined
  readonly write: (value: unknown) => readonly (readonly [string, string])[]
}

class Builder {
  readonly #side: Side
  readonly #generate: Generate

  constructor(side: Side, generate: Generate) {
    this.#side = side
    this.#generate = generate
  }

  trial(operation: Operation, base: string, item: Located, located: Located): Trial {
    const { reader } = this.#side
    const byName = new Map<string, Located>()
    for (const owner of [item, located])
      for (const [, parameter] of reader.children(owner, 'parameters'))
        if (
          !isOfContent(parameter) &&
          (parameter.value['in'] !== 'path' || operation.template.includes(`{${String(parameter.value['name'])}}`))
        )
          byName.set(`${String(parameter.value['in'])}/${String(parameter.value['name'])}`, parameter)
    const parts = [...byName.values()].map((parameter) => this.#part(parameter))
    const carrier = operation.carrierOf('key')
    const values = new Map(
      parts.flatMap((part) => (part.isRequired && !isCarried(part, carrier) ? [[part, this.#valueOf(part)] as const] : [])),
    )
    const body = this.#body(operation, located)
    const build = (changed: ReadonlyMap<Part, unknown>, text = body?.text): Sent => {
      const pairs = (where: string): (readonly [string, string])[] =>
        [...changed].flatMap(([part, value]) => (part.where === where ? part.write(value) : []))
      const path = new Map(pairs('path'))
      const [template = '', asked = ''] = operation.template.split('#')[0]?.split('?') ?? []
      const query = [asked, ...pairs('query').map(([name, value]) => `${encodeURIComponent(name)}=${value}`), carrier.query]
      const cookies = pairs('cookie').map(([name, value]) => `${name}=${value}`)
      return {
        method: operation.method,
        path: base + slashed(template).replaceAll(/\{([^}]*)\}/g, (_, name: string) => path.get(name) ?? 'x'),
        query: query.filter((one) => one !== '').join('&'),
        headers: {
          ...carrier.headers,
          ...Object.fromEntries(pairs('header')),
          ...([...cookies, carrier.headers['cookie']].some(Boolean) && {
            cookie: [...cookies, carrier.headers['cookie']].filter(Boolean).join('; '),
          }),
          ...(text !== undefined && body && { 'content-type': body.type }),
        },
        ...(text !== undefined && { body: text }),
      }
    }
    const wrong: Wrong[] = []
    for (const part of values.keys()) {
      if (part.where === 'path') continue
      wrong.push({
        what: `without the ${part.where} parameter ${part.name}`,
        at: pointer(part),
        sent: build(new Map([...values].filter(([one]) => one !== part))),
      })
    }
    for (const part of parts) {
      const bad = this.#wrongTyped(part)
      const isWhole = part.where !== 'path' || operation.template.split(/[/?#]/).includes(`{${part.name}}`)
      if (bad !== undefined && isWhole && !isCarried(part, carrier))
        wrong.push({
          what: `with ${part.where} parameter ${part.name} as ${bad}`,
          at: pointer(part),
          sent: withRaw(build(values), part, bad, operation, base),
        })
    }
    if (body?.isRequired) wrong.push({ what: 'without the body', at: '/body', sent: build(values, '') })
    for (const { at, what, text } of body?.wrong ?? []) wrong.push({ at, what, sent: build(values, text) })
    return {
      operation,
      valid: build(values),
      wrong: wrong.map((one) => (one.sent.body === '' ? { ...one, sent: withoutBody(one.sent) } : one)),
    }
  }

  #part(parameter: Located): Part {
    const { reader } = this.#side
    const { name: given, in: where, required, style: said, explode: exploded } = parameter.value
    const name = String(given)
    const place = String(where)
    const [content] = reader.children(parameter, 'content')
    const schema = reader.schema(content?.[1] ?? parameter, 'schema')
    const style = typeof said === 'string' ? said : place === 'query' || place === 'cookie' ? 'form' : 'simple'
    const explode = typeof exploded === 'boolean' ? exploded : style === 'form'
    return {
      where: place,
      name,
      isRequired: required === true || place === 'path',
      schema,
      write: (value) => (content ? [[name, encoded(place, JSON.stringify(value))]] : written(place, name, value, style, explode)),
    }
  }

  #make(schema: Located, name: string): unknown {
    return this.#generate(schema, this.#side, { chance: () => mulberry(7), name, usesExamples: true })
  }

  #valueOf({ schema, name }: Part): unknown {
    return schema ? this.#make(schema, name) : 'x'
  }

  /** A text that the parameter's schema cannot be happy with. */
  #wrongTyped({ schema, where }: Part): string | undefined {
    if (!schema || !['path', 'query', 'header'].includes(where)) return undefined
    const check = this.#side.validator.check(schema)
    // What takes a list or an object is split first.
    const readings = ['not-any-of-them', ['not-any-of-them'], [], {}, null, '']
    return readings.every((value) =>
      value === '' || value === null || (isJson(value) && Object.keys(value).length === 0) || (Array.isArray(value) && value.length === 0)
        ? true
        : check(value, '').length > 0,
    ) &&
      check('not-any-of-them', '').length > 0 &&
      check(['not-any-of-them'], '').length > 0 &&
      !takesObject(schema, this.#side)
      ? 'not-any-of-them'
      : undefined
  }

  #body(operation: Operation, located: Located) {
    const { reader, validator } = this.#side
    const body = reader.child(located, 'requestBody')
    if (!body || ['GET', 'HEAD'].includes(operation.method)) return undefined
    const contents = reader.children(body, 'content')
    const [type, media] =
      contents.find(([one]) => JSON_TYPE.test(one) && !one.includes('*')) ??
      contents.find(([one]) => one.startsWith(FORM)) ??
      contents[0] ??
      []
    if (type === undefined || !media) return undefined
    const schema = reader.schema(media, 'schema')
    const isRequired = body.value['required'] === true
    if (!isRequired && !schema) return undefined
    const value = schema ? this.#make(schema, '') : {}
    const write = (one: unknown): string => bodyText(type, one)
    const wrong: { at: string; what: string; text: string }[] = []
    if (schema && JSON_TYPE.test(type)) {
      const check = validator.check(schema)
      if (isJson(value))
        for (const name of Object.keys(value)) {
          const { [name]: _, ...rest } = value
          const [issue] = check(rest, '/body')
          if (issue?.at === `/body/${part(name)}` && issue.rule === 'required')
            wrong.push({ at: issue.at, what: `without the member ${name}`, text: write(rest) })
        }
      for (const bad of ['text', 12, [], true])
        if (check(bad, '/body').length > 0)
          wrong.push({ at: '/body', what: `with a body that is ${JSON.stringify(bad)}`, text: write(bad) })
    }
    const sentType =
      type === '*/*' ? 'application/json' : type.startsWith(PARTS) ? `${PARTS}; boundary=${BOUNDARY}` : type.replace('/*', '/octet-stream')
    return { type: sentType, text: write(value), isRequired, wrong }
  }
}

function isOfContent({ value: { in: where, name } }: Located): boolean {
  return (
    where === 'header' && (['accept', 'content-type', 'authorization'].includes(String(name).toLowerCase()) || /[^!-~]/.test(String(name)))
  )
}

function takesObject(schema: Located, { validator }: Side): boolean {
  return validator.check(schema)({}, '').length === 0
}

function slashed(template: string): string {
  return template.startsWith('/') ? template : `/${template}`
}

function withoutBody({ method, path, query, headers }: Sent): Sent {
  return { method, path, query, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-type')) }
}

function withRaw(sent: Sent, { where, name }: Part, raw: string, operation: Operation, base: string): Sent {
  if (where === 'header') return { ...sent, headers: { ...sent.headers, [name.toLowerCase()]: raw } }
  if (where === 'query') {
    const others = sent.query.split('&').filter((pair) => pair !== '' && decodeURIComponent(pair.split('=')[0] ?? '') !== name)
    return { ...sent, query: [...others, `${encodeURIComponent(name)}=${raw}`].join('&') }
  }
  const template = (operation.template.split(/[?#]/)[0] ?? '').split('/')
  const path = sent.path.slice(base.length).split('/')
  return { ...sent, path: base + template.map((segment, index) => (segment === `{${name}}` ? raw : path[index])).join('/') }
}

function isCarried({ where, name }: Part, carrier: { readonly headers: object; readonly query: string }): boolean {
  return (
    (where === 'header' && Object.hasOwn(carrier.headers, name.toLowerCase())) ||
    (where === 'query' && new URLSearchParams(carrier.query).has(name))
  )
}

function pointer({ where, name }: Part): string {
  return `/${where}/${part(where === 'header' ? name.toLowerCase() : name)}`
}

function part(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

function encoded(where: string, text: string): string {
  // Without what no header may hold.
  return where === 'header' ? text.replaceAll(/[^\t -~]/g, '') : encodeURIComponent(text)
}

function written(where: string, name: string, value: unknown, style: string, explode: boolean): (readonly [string, string])[] {
  const one = (inner: unknown): string => encoded(where, textOf(inner))
  const separator = style === 'spaceDelimited' ? '%20' : style === 'pipeDelimited' ? '|' : ','
  const isPaired = where === 'query' || where === 'cookie'
  if (Array.isArray(value)) return isPaired && explode ? value.map((item) => [name, one(item)]) : [[name, value.map(one).join(separator)]]
  if (isJson(value)) {
    const members = Object.entries(value)
    if (style === 'deepObject') return members.map(([key, inner]) => [`${name}[${key}]`, one(inner)])
    if (isPaired && explode) return members.map(([key, inner]) => [key, one(inner)])
    return [[name, members.map(([key, inner]) => `${one(key)}${explode ? '=' : ','}${one(inner)}`).join(',')]]
  }
  // A parameter of a path is never empty.
  return [[name, where === 'path' && value === '' ? 'x' : one(value)]]
}

function bodyText(type: string, value: unknown): string {
  if (JSON_TYPE.test(type) || type === '*/*') return JSON.stringify(value)
  const members = isJson(value) ? Object.entries(value) : []
  if (type.startsWith(FORM)) return new URLSearchParams(members.flatMap(([key, inner]) => formPairs(key, inner))).toString()
  if (type.startsWith(PARTS))
    return `${members.map(([key, inner]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${textOf(inner)}\r\n`).join('')}--${BOUNDARY}--\r\n`
  return textOf(value)
}

function formPairs(key: string, value: unknown): [string, string][] {
  if (Array.isArray(value)) return value.map((item) => [key, textOf(item)])
  return [[key, textOf(value)]]
}

/** A small series of numbers. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
