import type { MockOptions } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, NOW, openMock, ORDER, quantities, SUPPLIER } from '../support.ts'

type Sent = Readonly<Record<string, string>>

/** A mock that listens, asked by `fetch`; the test moves the world's time. */
export async function serve(options: MockOptions = {}) {
  let now = Date.parse(NOW)
  const mock = await openMock({ time: () => now, ...options })
  const { url } = await mock.listen({ port: 0 })
  const send = async (method: string, path: string, { body, headers = {} }: { body?: unknown; headers?: Sent } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
  const label = (session: string | undefined, more: Sent): Sent => ({ ...(session !== undefined && { 'Mock-Session': session }), ...more })
  return {
    mock,
    url,
    send,
    pass: (milliseconds: number): void => void (now += milliseconds),
    control: (method: string, path: string, body?: unknown) => send(method, `/__mock${path}`, { body }),
    order: (session: string | undefined, more: Sent = {}) =>
      send('GET', `/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER, ...label(session, more) } }),
    allocate: (session: string, body: object = quantities(6)) =>
      send('PUT', `/orders/allocation/${ORDER}/`, { body, headers: { Authorization: SUPPLIER, ...label(session, {}) } }),
    cancel: (session: string, id = ALLOCATION) =>
      send('PUT', `/api/v2/allocation/cancel/${id}`, {
        headers: { Authorization: 'Bearer any', 'x-site-context': JSON.stringify({ account: ACCOUNT }), 'Mock-Session': session },
      }),
    names: async (): Promise<string[]> => (await send('GET', '/__mock/sessions')).body.sessions.map(({ name }: { name: string }) => name),
    close: () => mock.close(),
    [Symbol.asyncDispose]: () => mock.close(),
  }
}

export type Served = Awaited<ReturnType<typeof serve>>
