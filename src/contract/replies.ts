import type { Issue, MockReply } from '../base/http.ts'
import type { Side } from './generate.ts'
import { createParameter, type Parameter } from './parameter.ts'
import type { Located } from './schema.ts'
import type { Check } from './issues.ts'
import type { Compilable } from './validator.ts'

/** What a document says of the answers of an operation. */
export interface Replies {
  /** `200`, `4XX`, `default`. */
  readonly statuses: readonly string[]
  /** What is wrong with an answer of ours. */
  check(reply: MockReply): readonly Issue[]
  /** What is wrong with an answer of another service: its headers are looked at as well. @param isBodyRead its body is what it sent */
  checkForeign(reply: MockReply, isBodyRead: boolean): readonly Issue[]
  /** Of all its answers. */
  readonly schemas: readonly Compilable[]
}

const NONE: readonly Issue[] = []

/** Of ours the server says the type. */
const NO_TYPE: Issue = { at: '/header/content-type', rule: 'required', message: 'is missing' }

interface Response {
  /** By media type, without its parameters, in lower case. */
  readonly content: ReadonlyMap<string, (Check & Compilable) | undefined>
  readonly required: readonly string[]
  readonly headers: () => readonly Parameter[]
}

export function createReplies(operation: Located, { reader, validator }: Side): Replies {
  const responses = new Map(
    reader.children(operation, 'responses').map(([status, response]): [string, Response] => {
      const content = new Map<string, (Check & Compilable) | undefined>()
      for (const [type, entry] of reader.children(response, 'content')) {
        const schema = reader.schema(entry, 'schema')
        content.set(plainType(type), schema && validator.check(schema))
      }
      const headers = reader.children(response, 'headers').filter(([name]) => name.toLowerCase() !== 'content-type')
      let parameters: readonly Parameter[] | undefined
      return [
        /^\dxx$/i.test(status) ? status.toUpperCase() : status,
        {
          content,
          required: headers.filter(([, header]) => header.value['required'] === true).map(([name]) => name.toLowerCase()),
          headers: () =>
            (parameters ??= headers.flatMap(
              ([name, header]) =>
                createParameter({ ...header, value: { ...header.value, name, in: 'header' } }, reader, validator, () => false) ?? [],
            )),
        },
      ]
    }),
  )
  const responseOf = (status: number): Response | undefined =>
    responses.get(String(status)) ?? responses.get(`${Math.floor(status / 100)}XX`) ?? responses.get('default')

  function checkAs(reply: MockReply, response: Response | undefined, isBodyRead: boolean): readonly Issue[] {
    if (!response)
      return [{ at: '/status', rule: 'undeclared', message: `the document has no answer ${reply.status} here`, value: reply.status }]
    const sent = new Set(Object.keys(reply.headers ?? {}).map((name) => name.toLowerCase()))
    const missing = response.required
      .filter((name) => !sent.has(name))
      .map((name): Issue => ({ at: `/header/${name}`, rule: 'required', message: 'is missing' }))
    if (response.content.size === 0)
      return reply.body === undefined
        ? missing
        : [...missing, { at: '/body', rule: 'undeclared', message: 'the document has no body here' }]
    const type = plainType(reply.mediaType ?? 'application/json')
    const check = [type, `${type.split('/', 1)[0] ?? ''}/*`, '*/*'].find((one) => response.content.has(one))
    if (check === undefined)
      return [...missing, { at: '/header/content-type', rule: 'undeclared', message: `the document has no ${type} here` }]
    return isBodyRead ? [...missing, ...(response.content.get(check)?.(reply.body, '/body') ?? NONE)] : missing
  }

  return {
    statuses: [...responses.keys()],
    schemas: [...responses.values()].flatMap(({ content }) => [...content.values()].flatMap((check) => check ?? [])),
    check: (reply) => checkAs(reply, responseOf(reply.status), true),
    checkForeign(reply, isBodyRead) {
      const response = responseOf(reply.status)
      const header = Object.fromEntries(Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
      const read = (response?.headers() ?? []).flatMap(
        (parameter) => parameter.read({ path: {}, query: [], queryText: '', header, cookie: [] }).issues,
      )
      const isUntyped = reply.mediaType === undefined && reply.body !== undefined && response && response.content.size > 0
      const found =
        isUntyped && !response.content.has('*/*') ? [NO_TYPE, ...checkAs(reply, response, false)] : checkAs(reply, response, isBodyRead)
      return [...found, ...read.filter(({ rule }) => rule !== 'required')]
    },
  }
}

function plainType(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase()
}
