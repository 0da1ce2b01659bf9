import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { documentApis } from '../../src/documents.ts'
import { loadDocument } from '../../src/document/load.ts'
import { createMock } from '../../src/index.ts'

/** A session that other APIs have made is not read by these, which would take what it holds for their own. */

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'mock-others-'))
const store = `file:${join(folder, 'sessions.db')}`
const others = await createMock({ store, apis: documentApis([path('examples/petstore.yaml')]) })
await others.fetch('http://localhost/v1/pets')
await others.close()
const mock = await createMock({ store })

afterAll(async () => {
  await mock.close()
  rmSync(folder, { recursive: true })
})

const { operations } = createContract(await loadDocument(path('spec/control.yaml')))
const ofSession = operations.filter(({ template }) => template.startsWith('/sessions/{name}'))
/** What says nothing of what the session holds, its end last. */
const OF_ANY = ['getSession', 'listSnapshots', 'dropSnapshot', 'listBindings', 'unbindSession', 'resetSession', 'dropSession']

it.each(ofSession.filter(({ id }) => !OF_ANY.includes(id)))('$id is refused, whatever it holds', async ({ method, template }) => {
  const response = await mock.fetch(`http://localhost/__mock${template.replace('{name}', 'default').replaceAll(/\{\w+\}/g, 'x')}`, {
    method,
  })
  expect([response.status, await response.json()]).toEqual([409, expect.objectContaining({ code: 'session-of-others' })])
})

it('refuses a request, and offers none in its place', async () => {
  const headers = { accept: 'application/problem+json', authorization: 'Token 1234567890' }
  const response = await mock.fetch('http://localhost/orders/x/', { headers })
  expect([response.status, await response.json()]).toMatchObject([
    409,
    { code: 'session-of-others', repair: { kind: 'none', reason: expect.stringContaining('begin it anew') } },
  ])
})

it.each(OF_ANY.slice(0, -2))('%s is answered as of any session', async (id) => {
  const operation = ofSession.find((one) => one.id === id)
  const url = `http://localhost/__mock${operation?.template.replace('{name}', 'default').replaceAll(/\{\w+\}/g, 'x') ?? ''}`
  const response = await mock.fetch(url, { method: operation?.method ?? '' })
  // There is no snapshot x, and what to unbind is not said.
  expect(response.status).toBe({ dropSnapshot: 404, unbindSession: 400 }[id] ?? 200)
})

it('is one of these APIs once it is reset, and can be dropped', async () => {
  const session = mock.session('default')
  await session.reset()
  expect((await session.examples()).length).toBeGreaterThan(0)
  await session.drop()
  expect(await mock.sessions()).toEqual([])
})
