import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import type { RequestSummary } from '../../src/index.ts'
import { openMock, ORDER, SUPPLIER } from '../support.ts'

const told: RequestSummary[] = []
const mock = await openMock({ onRequest: (summary) => told.push(summary) })
const { port } = await mock.listen({ port: 0 })
afterAll(() => mock.close())

const READ = `GET /orders/${ORDER}/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${SUPPLIER}\r\n\r\n`

async function opened(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** All that comes back, and what was told of it. */
async function send(bytes: string | Buffer): Promise<{ readonly answer: string; readonly lines: readonly RequestSummary[] }> {
  told.length = 0
  const socket = await opened()
  const answer = text(socket)
  socket.write(bytes)
  return { answer: await answer, lines: [...told] }
}

describe("what Node's parser refuses", () => {
  it.each<[string, string | Buffer, number, string, string]>([
    ['headers above 16 KiB', `GET /a HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431, 'headers-too-large', 'GET /a'],
    ['a path above 16 KiB', `PUT /b/${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'headers-too-large', 'PUT /b/aa'],
    ['no Host', 'GET /c?d=1 HTTP/1.1\r\n\r\n', 400, 'host-missing', 'GET /c?d=1'],
    ['an unknown method', 'FOO /e HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'request-unreadable', 'FOO /e'],
    ['a header without a colon', 'GET /f HTTP/1.1\r\nHost x\r\n\r\n', 400, 'request-unreadable', 'GET /f'],
    ['two lengths', 'POST /g HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400, 'request-unreadable', 'POST /g'],
    ['TLS', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400, 'request-unreadable', '- -'],
    ['an expectation', 'GET /h HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', 417, 'expectation-unknown', 'GET /h'],
    ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'method-unknown', 'CONNECT x:80'],
    ['a broken chunk', `POST /i HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400, 'request-unreadable', 'POST /i'],
  ])('is answered in words, and told: %s', async (_what, bytes, status, code, request) => {
    const { answer, lines } = await send(bytes)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`))
    expect(head).toContain('Content-Type: application/problem+json')
    expect(head.toLowerCase()).toContain('connection: close')
    expect(JSON.parse(body)).toMatchObject({ status, code, detail: expect.stringMatching(/.../), fix: expect.stringMatching(/.../) })
    expect(lines).toMatchObject([{ id: '-', session: '-', status, problem: { code } }])
    expect(`${lines[0]?.method} ${lines[0]?.path}`.slice(0, request.length)).toBe(request)
  })

  it('says that TLS is none of it', async () => {
    expect((await send(Buffer.from([22, 3, 1, 2, 0]))).answer).toContain('"use http://, not https://"')
  })

  it.each(['GET /a HTTP/1.1\r\nOrigin: http://shop.test\r\n\r\n', 'GET /a HTTP/1.1\r\nHost: x\r\nOrigin: http://shop.test\r\nbad\r\n\r\n'])(
    'can be read by a page: %j',
    async (bytes) => expect((await send(bytes)).answer).toContain('\r\nAccess-Control-Allow-Origin: *\r\n'),
  )

  it('leaves the answers to what came before it', async () => {
    const { answer, lines } = await send(`${READ}${READ}FOO / HTTP/1.1\r\n\r\n${READ}`)
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(lines.filter(({ status }) => status === 400)).toHaveLength(1)
  })

  it('takes HTTP/1.0 without a host', async () => {
    expect((await send('GET /__mock/health HTTP/1.0\r\n\r\n')).answer).toMatch(/^HTTP\/1.1 200 /)
  })

  it('harms nobody when the client has gone away', async () => {
    for (const bytes of ['FOO', 'FOO / HTTP/1.1\r\n\r\n', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`]) {
      const socket = await opened()
      socket.write(bytes)
      socket.resetAndDestroy()
    }
    expect((await send(READ.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).answer).toMatch(/^HTTP\/1.1 200 /)
  })
})
