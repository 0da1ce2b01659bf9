import { afterAll, expect, it } from 'vitest'
import { defineApi, reply } from '../../src/api.ts'
import { createMock } from '../../src/index.ts'

/*
 * A published document with one slip serves all the same; what cannot be followed says so where it is met.
 */

const answers = { 200: { description: 'fine', content: { 'application/json': { schema: { type: 'object' } } } } }
const get = (parameters: readonly object[], more: object = {}) => ({ get: { parameters, responses: answers, ...more } })
const document = {
  openapi: '3.1.0',
  info: { title: 'Slips', version: '1' },
  security: [{ gone: [] }],
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
  paths: {
    '/fine': get([]),
    '/style': get([{ name: 'a', in: 'query', style: 'matrix', schema: {} }]),
    '/place': get([{ name: 'a', in: 'body', schema: {} }]),
    '/secured': get([], { security: [{ gone: [], key: [] }] }),
    '/body': get([], { requestBody: { required: true, content: answers[200].content } }),
    '/one/{id}': get([]),
    '/one/all': { post: { responses: answers } },
    '/named': get([], { responses: { 200: { description: 'fine', content: { Widget: { schema: { type: 'object' } } } } } }),
    '/reset': get([], { responses: { 205: answers[200] } }),
    '/schema': get([{ name: 'a', in: 'query', schema: { type: 'nonsense' } }]),
  },
}
const behaviours = { 'GET /fine': () => reply(200, {}), 'GET /style': () => reply(200, {}) }
const failures: unknown[] = []
const mock = await createMock({ apis: [defineApi({ document, behaviours })], onFailure: (error) => failures.push(error) })
afterAll(() => mock.close())

it.each([
  ['/fine', 200, ''],
  ['/style', 500, 'the style "matrix" is not read in query; form, spaceDelimited, pipeDelimited, deepObject are'],
  ['/place', 200, ''],
  ['/body', 200, ''],
  ['/one/all', 200, ''],
  ['/named', 200, ''],
  ['/secured', 401, 'there is no x-key header'],
  ['/schema?a=1', 500, 'the schema at #/paths/~1schema/get/parameters/0/schema does not compile'],
])('%s answers %i', async (path, status, says) => {
  const answer = await mock.fetch(path, { headers: { Accept: 'application/problem+json, */*;q=0.1' } })
  const { detail = '' }: { readonly detail?: string } = JSON.parse(await answer.text())
  expect([answer.status, detail]).toEqual([status, expect.stringContaining(says)])
  if (status === 500) expect(detail).toMatch(/^slips:\?: /)
})

it('an answer without content has none, whatever the document says', async () => {
  const answer = await mock.fetch('/reset')
  expect([answer.status, await answer.text()]).toEqual([205, ''])
})

it('what is no media type is not sent as one', async () => {
  expect((await mock.fetch('/named')).headers.get('content-type')).toMatch(/^application\/json\b/)
})

it('examples leave out what cannot be asked', async () => {
  const { examples }: { readonly examples: readonly { readonly path: string }[] } = JSON.parse(
    await (await mock.fetch('/__mock/sessions/default/examples')).text(),
  )
  expect(examples.map(({ path }) => path)).toEqual(['/fine', '/place', '/secured', '/body', '/named', '/reset', '/schema'])
})
