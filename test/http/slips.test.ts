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
  ['/secured', 401, 'there is no x-key header'],
  ['/schema?a=1', 500, 'the schema at #/paths/~1schema/get/parameters/0/schema does not compile'],
])('%s answers %i', async (path, status, says) => {
  const answer = await mock.fetch(path, { headers: { Accept: 'application/problem+json' } })
  const { detail = '' }: { readonly detail?: string } = JSON.parse(await answer.text())
  expect([answer.status, detail]).toEqual([status, expect.stringContaining(says)])
  if (status === 500) expect(detail).toMatch(/^slips:\?: /)
})

it('examples leave out what cannot be asked', async () => {
  const { examples }: { readonly examples: readonly { readonly path: string }[] } = JSON.parse(
    await (await mock.fetch('/__mock/sessions/default/examples')).text(),
  )
  expect(examples.map(({ path }) => path)).toEqual(['/fine'])
})
