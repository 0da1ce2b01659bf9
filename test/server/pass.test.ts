import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { defineApi } from '../../src/api.ts'
import { createMock, type MockOptions } from '../../src/index.ts'

/*
 * What another service answers: requests and answers pass, are checked by the document, and are told of.
 */

const document = {
  openapi: '3.1.0',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: '/v1' }],
  paths: {
    '/pets/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
      get: {
        operationId: 'getPet',
        responses: {
          200: {
            description: 'One',
            headers: { 'x-count': { schema: { type: 'integer' } } },
            content: {
              'application/json': {
                schema: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
                example: { name: 'Mock' },
              },
            },
          },
        },
      },
      put: {
        operationId: 'putPet',
        requestBody: { content: { 'application/json': { schema: { type: 'object' } }, 'application/octet-stream': {} } },
        responses: { 204: { description: 'Done' } },
      },
    },
  },
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const asked: Asked[] = []
const servers: Server[] = []
afterAll(() => servers.forEach((server) => server.close().closeAllConnections()))

/** A service that answers as it is told. */
async function service(answer: (asked: Asked, response: ServerResponse) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: Buffer.concat(chunks) }
    asked.push(one)
    answer(one, response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

async function listening(
  options: MockOptions,
): Promise<{ readonly url: string; ask(path: string, init?: RequestInit): Promise<Response>; last(): Promise<PastRequest> }> {
  const mock = await createMock({ apis: [defineApi({ document })], ...options })
  afterAll(() => mock.close())
  const { url } = await mock.listen({ port: 0 })
  return {
    url,
    ask: (path, init) => fetch(url + path, init),
    async last() {
      const [newest] = await mock.session('default').requests()
      if (!newest) throw new Error('nothing was asked')
      const response = await fetch(`${url}/__mock/requests/${newest.id}`)
      return JSON.parse(await response.text())
    },
  }
}

interface PastRequest {
  readonly operation?: string
  readonly upstream?: string
  readonly replyBody?: string
  readonly violations?: readonly { readonly location: readonly string[]; readonly code: string; readonly message: string }[]
}

const right = (_asked: Asked, response: ServerResponse): void => {
  response.writeHead(200, ['Content-Type', 'application/json', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Count', '3'])
  response.end('{ "name": "Tom" ,"more":1.50}')
}

describe('a proxy', async () => {
  const upstream = await service((one, response) => {
    if (one.url.endsWith('/7')) {
      response.writeHead(200, { 'Content-Type': 'application/json', 'X-Count': 'many' })
      response.end('{"name":7}')
    } else if (one.url.endsWith('/8')) {
      response.writeHead(418, { 'Content-Type': 'text/plain' })
      response.end('teapot')
    } else if (one.url.endsWith('/9')) {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
      response.end(gzipSync('{"name":9}'))
    } else if (one.url.endsWith('/10')) {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end('{"name":')
    } else if (one.url.endsWith('/11')) {
      response.writeHead(200).end('{"name":"Tom"}')
    } else if (one.url.endsWith('/501')) response.writeHead(501).end()
    else if (one.method === 'PUT') response.writeHead(204).end()
    else right(one, response)
  })
  const proxy = await listening({ upstream })

  it('passes both, byte for byte', async () => {
    const response = await proxy.ask('/v1/pets/1?a=b%20c', { headers: { 'X-Own': 'mine', 'Mock-Session': 'default' } })
    expect(await response.text()).toBe('{ "name": "Tom" ,"more":1.50}')
    expect([response.status, response.headers.getSetCookie(), response.headers.get('sl-violations')]).toEqual([200, ['a=1', 'b=2'], null])
    const { method, url, headers } = asked.at(-1) ?? {}
    expect([method, url, headers?.['x-own'], headers?.host, headers?.['mock-session'], headers?.via]).toEqual([
      'GET',
      '/v1/pets/1?a=b%20c',
      'mine',
      new URL(upstream).host,
      undefined,
      '1.1 allocation-mock',
    ])
    expect(await proxy.last()).toMatchObject({ operation: 'getPet', upstream: `${upstream}/`, replyBody: '{ "name": "Tom" ,"more":1.50}' })
  })

  it.each([
    ['of a kind', 'application/octet-stream', Buffer.from([0, 255, 1, 128])],
    ['larger than what is read', 'application/octet-stream', Buffer.alloc(3_000_000, 7)],
    ['of JSON', 'application/json', Buffer.from('{ "a" : 1e2 }')],
  ])('passes a body %s as it came', async (_what, type, body) => {
    const response = await proxy.ask('/v1/pets/1', { method: 'PUT', headers: { 'Content-Type': type }, body })
    expect(response.status).toBe(204)
    expect(asked.at(-1)?.body.equals(body)).toBe(true)
  })

  it.each([
    ['a request', '/v1/pets/tom', ['request', 'path', 'id'], 'type', 'Request path parameter id must be integer'],
    ['an answer', '/v1/pets/7', ['response', 'body', 'name'], 'type', 'Response body property name must be string'],
    ['a header', '/v1/pets/7', ['response', 'header', 'x-count'], 'type', 'Response header parameter x-count must be integer'],
    ['a status', '/v1/pets/8', ['response'], 'undeclared', 'the document has no answer 418 here'],
    ['a packed answer', '/v1/pets/9', ['response', 'body', 'name'], 'type', 'Response body property name must be string'],
    [
      'an answer that is not JSON',
      '/v1/pets/10',
      ['response', 'body'],
      'syntax',
      'Response body cannot be read: is not JSON: Unexpected end of JSON input',
    ],
    [
      'an answer of no type',
      '/v1/pets/11',
      ['response', 'header'],
      'required',
      "Response header must have required property 'content-type'",
    ],
    ['a path', '/v1/cats', ['request'], 'route-unknown', 'no operation has the path /v1/cats'],
  ])('tells what breaks the rules: %s', async (_what, path, location, code, message) => {
    const response = await proxy.ask(path)
    await response.arrayBuffer()
    const violation = { location, severity: 'Error', code, message }
    expect(JSON.parse(response.headers.get('sl-violations') ?? '[]')).toContainEqual(violation)
    expect((await proxy.last()).violations).toContainEqual(violation)
  })

  it('answers itself what the service has not implemented', async () => {
    const response = await proxy.ask('/v1/pets/501')
    expect([response.status, await response.json()]).toEqual([200, { name: 'Mock' }])
  })

  it('does not send round in a circle', async () => {
    const response = await proxy.ask('/v1/pets/1', { headers: { Via: '1.1 allocation-mock' } })
    expect([response.status, (await response.text()).includes('leads back to this server')]).toEqual([502, true])
  })

  it('lets nothing wrong through where that is an error', async () => {
    const strict = await listening({ upstream, errors: true })
    const count = asked.length
    const refused = await strict.ask('/v1/pets/tom')
    expect([refused.status, asked.length, await refused.json()]).toMatchObject([422, count, { title: 'Invalid request' }])
    const wrong = await strict.ask('/v1/pets/7')
    expect([wrong.status, await wrong.json()]).toMatchObject([
      500,
      {
        title: 'Request/Response not valid',
        validation: [{ location: ['response', 'body', 'name'] }, { location: ['response', 'header', 'x-count'] }],
      },
    ])
    expect(await (await strict.ask('/v1/pets/8')).json()).toMatchObject({ validation: [{ location: ['response'], code: 'undeclared' }] })
    expect((await strict.ask('/v1/pets/1')).status).toBe(200)
    expect((await strict.ask('/v1/cats')).status).toBe(404)
    const lax = await listening({ upstream, errors: true, validateRequest: false })
    expect((await lax.ask('/v1/pets/tom')).status).toBe(200)
  })

  it('is not taken for a session that can be repeated', async () => {
    const response = await proxy.ask('/__mock/sessions/default/export')
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining(upstream)])
  })

  it('disturbs answers by faults', async () => {
    const mock = await createMock({ apis: [defineApi({ document })], upstream })
    afterAll(() => mock.close())
    const { url } = await mock.listen({ port: 0 })
    const session = await mock.createSession({ name: 'disturbed' })
    await session.addFault({ operation: 'getPet', status: 503 })
    const count = asked.length
    expect((await fetch(`${url}/~disturbed/v1/pets/1`)).status).toBe(503)
    expect(asked.length).toBe(count)
    expect((await fetch(`${url}/v1/pets/1`)).status).toBe(200)
  })
})

describe('a service', () => {
  it('that is down is told of with 502', async () => {
    const { ask } = await listening({ upstream: 'http://127.0.0.1:1' })
    const response = await ask('/v1/pets/1')
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { code: 'upstream-failed', detail: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 does not answer: connect ECONNREFUSED/) },
    ])
  })

  it('that is slow is told of with 504', async () => {
    const upstream = await service(() => undefined)
    const { ask } = await listening({ upstream, upstreamTimeout: '50ms' })
    const response = await ask('/v1/pets/1')
    expect([response.status, await response.json()]).toMatchObject([
      504,
      { code: 'upstream-late', detail: expect.stringContaining('within 50 ms') },
    ])
  })

  it('that breaks off is told of with 502', async () => {
    const upstream = await service((_asked, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 })
      response.write('{')
      response.destroy()
    })
    expect((await (await listening({ upstream })).ask('/v1/pets/1')).status).toBe(502)
  })

  it('streams', async () => {
    let go = (): void => undefined
    const upstream = await service((_asked, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.write('data: 1\n\n')
      go = () => void response.end('data: 2\n\n')
    })
    const reader = (await (await listening({ upstream })).ask('/v1/pets/1')).body?.getReader()
    const read = async (): Promise<string> => Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(await read()).toBe('data: 1\n\n')
    go()
    expect(await read()).toBe('data: 2\n\n')
  })

  it('has a path of its own in place of the document', async () => {
    const upstream = await service(right)
    const { ask } = await listening({ upstream: `${upstream}/real/` })
    for (const path of ['/v1/pets/1', '/pets/1']) {
      await ask(path)
      expect(asked.at(-1)?.url).toBe('/real/pets/1')
    }
  })
})

describe('single operations', async () => {
  const upstream = await service(right)

  it('are sent on, and the rest is answered here', async () => {
    const { ask } = await listening({ pass: { getPet: upstream } })
    expect(await (await ask('/v1/pets/1')).text()).toContain('Tom')
    const count = asked.length
    expect((await ask('/v1/pets/1', { method: 'PUT' })).status).toBe(204)
    expect((await ask('/v1/nowhere')).status).toBe(404)
    expect(asked.length).toBe(count)
  })

  it.each([
    [{ getPat: upstream }, 'pass: there is no operation "getPat"; the nearest are getPet'],
    [{ getPet: 'here' }, 'pass is an object; getPet: give the URL of a service'],
  ])('have a name and a URL: %j', async (pass, message) =>
    expect(createMock({ apis: [defineApi({ document })], pass })).rejects.toThrow(message),
  )
})
