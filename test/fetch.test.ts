import { afterAll, describe, expect, it } from 'vitest'
import { ACCOUNT, ALLOCATION, openMock, ORDER, ownSession, SUPPLIER } from './support.ts'

const mock = await openMock()
afterAll(() => mock.close())

const order = `/orders/${ORDER}/`
const headers = (session = ownSession()) => ({ Authorization: SUPPLIER, 'Mock-Session': session })

describe('fetch in this process', () => {
  it('answers as over a socket: status, headers, body', async () => {
    const { url } = await mock.listen({ port: 0 })
    const session = ownSession()
    const cancel = { method: 'PUT', headers: { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }) } }
    for (const [path, init] of [
      [order, { headers: headers(session) }],
      [order, { method: 'HEAD', headers: headers(session) }],
      ['/orders/', { method: 'POST', headers: { ...headers(session), 'Content-Type': 'application/json' }, body: '{"limit":1}' }],
      ['/orders/', { method: 'POST', headers: { ...headers(session), 'Content-Type': 'application/json' }, body: '{"limit":' }],
      [`/~${session}/api/v2/allocation/cancel/${ALLOCATION}?a=%20b`, cancel],
      ['/nowhere', { headers: { ...headers(session), Accept: 'application/problem+json' } }],
      ['/nowhere', { headers: { ...headers(session), Accept: 'application/problem+json;q=0.5, */*' } }],
      [`/__mock/sessions/${session}`, {}],
    ] as const) {
      const within = await mock.fetch(path, init)
      await mock.session(session).reset()
      const over = await fetch(url + path, init)
      await mock.session(session).reset()
      const known = ({ status, headers: all }: Response) => ({ status, type: all.get('content-type'), date: all.get('date') })
      expect(known(within)).toEqual(known(over))
      const plain = (text: string): string => text.replaceAll(/"(age|idle)":\d+/g, '').replaceAll(new URL(url).host, 'localhost')
      expect(plain(await within.text())).toBe(plain(await over.text()))
    }
  })

  it('takes a Request, a URL and an address with a host', async () => {
    const address = `http://mock.test${order}`
    for (const input of [address, new URL(address), new Request(address)])
      expect((await mock.fetch(input, { headers: headers() })).status).toBe(200)
  })

  it('fails as a connection does that a fault cuts', async () => {
    const session = ownSession()
    for (const [fault, how] of [
      ['CONNECTION_RESET_BY_PEER', 'fetch failed'],
      ['EMPTY_RESPONSE', 'fetch failed'],
      ['TRUNCATED_RESPONSE', 'terminated'],
    ] as const) {
      await mock.session(session).addFault({ operation: 'getOrder', calls: 1, fault })
      await expect(mock.fetch(order, { headers: headers(session) }).then((response) => response.text())).rejects.toThrow(how)
      await mock.session(session).reset()
    }
    await mock.session(session).addFault({ operation: 'getOrder', fixedDelayMilliseconds: 3_600_000 })
    await expect(mock.fetch(order, { headers: headers(session), signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
  })

  it('streams events, and refuses a body that is too large', async () => {
    const session = ownSession()
    const { body } = await mock.fetch(`/__mock/events?session=${session}`)
    const reader = body?.getReader()
    await mock.fetch(order, { headers: headers(session) })
    let text = ''
    while (!text.includes('getOrder')) text += new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()
    const large = { method: 'POST', headers: { ...headers(), 'Content-Type': 'application/json' }, body: 'x'.repeat(1_048_577) }
    expect((await mock.fetch('/orders/', large)).status).toBe(413)
  })
})
