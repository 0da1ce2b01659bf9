import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { defineApi } from '../src/core/api.ts'
import { isObject } from '../src/base/values.ts'
import { createMock } from '../src/mock.ts'
import { askedBy, type Row } from './cases/prism/rows.ts'

const cases = join(import.meta.dirname, 'cases/prism')
const rows: readonly Row[] = parse(readFileSync(join(cases, 'requests.yaml'), 'utf8'))
const { answers }: { answers: Record<string, Recorded | undefined> } = JSON.parse(readFileSync(join(cases, 'recorded.json'), 'utf8'))
// As the command has it: what is asked for by name may be wrong.
const mock = await createMock({ apis: [defineApi({ document: join(cases, 'document.yaml') })], checkReplies: false })
afterAll(() => mock.close())

interface Recorded {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly text?: string
}

/** What clients of Prism read of an answer: of a problem all but its own words for what is wrong. */
function read(text: string | undefined, type: string | undefined, shape = false): unknown {
  if (text === undefined || text === '') return undefined
  if (!type?.includes('json')) return text
  const body: unknown = JSON.parse(text)
  if (shape && isObject(body)) return Object.keys(body).filter((name) => ['id', 'name'].includes(name))
  if (!type.includes('problem') || !isObject(body)) return body
  const { detail: _, ...rest } = { detail: '', ...body }
  return rest
}

describe('what Prism answers', () => {
  it('is recorded for each request', () => expect(Object.keys(answers)).toEqual(rows.map(({ name }) => name)))

  it.each(rows.map((row) => [row.name, row] as const))('%s', async (name, row) => {
    const { path, body, ...asked } = askedBy(row)
    const response = await mock.fetch(`http://localhost${path}`, { ...asked, ...(body !== undefined && { body }) })
    const { status, headers = {}, text } = answers[name] ?? {}
    const wanted = {
      status: row.instead?.status ?? status,
      headers: { ...headers, ...row.instead?.headers },
      body: row.instead && 'body' in row.instead ? row.instead.body : read(text, headers['content-type'], row.shape),
    }
    const told = Object.fromEntries(Object.keys(wanted.headers).map((one) => [one, response.headers.get(one)]))
    const type = response.headers.get('content-type') ?? undefined
    expect({ status: response.status, headers: told, body: read(await response.text(), type, row.shape) }).toEqual(wanted)
  })

  it('differs only where the row says why, and the page says it too', () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/any-document.md'), 'utf8').replaceAll(/\s+/g, ' ')
    const differing = rows.filter(({ instead }) => instead !== undefined)
    expect(differing.filter(({ differs = 'nowhere' }) => !page.includes(differs)).map(({ name, differs }) => [name, differs])).toEqual([])
  })
})

describe('a refusal of the document', () => {
  it('tells the truth where it is a problem without an example', async () => {
    const content = { 'application/problem+json': { schema: { type: 'object', required: ['title', 'status'] } } }
    const get = { parameters: [{ name: 'a', in: 'query', required: true, schema: {} }], responses: { 200: {}, 400: { content } } }
    await using own = await createMock({ apis: [defineApi({ document: { openapi: '3.1.0', paths: { '/a': { get } } } })] })
    const response = await own.fetch('/a')
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { title: 'Invalid request', status: 400, validation: [{ code: 'required' }] },
    ])
  })

  it('names all the members of which one is missing', async () => {
    const schema = { anyOf: [{ required: ['card'] }, { required: ['iban'] }] }
    const post = { requestBody: { content: { 'application/json': { schema } } }, responses: { 200: {} } }
    await using own = await createMock({ apis: [defineApi({ document: { openapi: '3.1.0', paths: { '/a': { post } } } })] })
    const response = await own.fetch('/a', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
    expect(await response.json()).toMatchObject({ validation: [{ message: "Request body must have required property 'card' or 'iban'" }] })
  })
})

describe('what is deprecated', () => {
  it('is a warning beside what is undeclared, and no fault', async () => {
    const get = { parameters: [{ name: 'old', in: 'query', deprecated: true, schema: {} }], responses: { 200: {} } }
    await using own = await createMock({ apis: [defineApi({ document: { openapi: '3.1.0', paths: { '/a': { get } } } })] })
    const { status, headers } = await own.fetch('/a?old=1&odd=1')
    expect([status, headers.get('mock-warning')]).toEqual([200, 'undeclared /query/odd, nearest is old; deprecated /query/old'])
    await using strict = await createMock({ strict: true, apis: [defineApi({ document: { openapi: '3.1.0', paths: { '/a': { get } } } })] })
    expect([(await strict.fetch('/a?old=1')).status, (await strict.fetch('/a?odd=1')).status]).toEqual([200, 422])
  })
})
