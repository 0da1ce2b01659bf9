import { describe, expect, it, onTestFinished } from 'vitest'
import { createMock, type Mock } from '../../src/index.ts'
import { postgresUrl } from '../postgres.ts'
import { ownSession } from '../support.ts'

/** A server that comes late to a store knows what the others have done, and takes none of it for news. */

async function openTwo(options: { readonly journalBytes?: number } = {}): Promise<readonly [Mock, Mock]> {
  const store = postgresUrl()
  const mocks = [await createMock({ store, ...options }), await createMock({ store, ...options })] as const
  onTestFinished(async () => void (await Promise.all(mocks.map((mock) => mock.close()))))
  return mocks
}

async function ask(mock: Mock, session: string): Promise<string> {
  const response = await mock.fetch('http://localhost/orders/319bba9f-71b1-4a93-8abf-67a45b8fdd5c/', {
    headers: { authorization: 'Token 1234567890', 'mock-session': session },
  })
  expect(response.status).toBe(200)
  return response.headers.get('mock-request-id') ?? ''
}

describe('a server that comes late', () => {
  it.each([
    ['with the next request', false],
    ['behind the one that a client saw last', true],
  ])('begins a stream of events %s', async (_where, isGiven) => {
    const [first, late] = await openTwo()
    const session = ownSession()
    const ids = [await ask(first, session), await ask(first, session), await ask(first, session)]
    // Requests that change nothing are written behind.
    await first.session(session).requests()
    const { url } = await late.listen({ port: 0 })
    const over = new AbortController()
    const response = await fetch(`${url}/__mock/events?session=${session}`, {
      signal: over.signal,
      headers: isGiven ? { 'last-event-id': ids[1] ?? '' } : {},
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const next = await ask(first, session)
    const expected = isGiven ? [ids[2], next] : [next]
    let told = ''
    const seen = (): string[] => [...told.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id)
    while (seen().length < expected.length) {
      const read = await reader?.read()
      if (!read || read.done) throw new Error(`the stream ends: ${response.status} ${told}`)
      told += read.value
    }
    over.abort()
    expect(seen()).toEqual(expected)
    expect(told).not.toContain('event: lost')
  })

  it('says that it does not know of all requests, where the journal has let some go', async () => {
    const [first, late] = await openTwo({ journalBytes: 20_000 })
    const [session, other] = [ownSession(), ownSession()]
    for (let count = 0; count < 40; count++) await ask(first, session)
    await first.session(session).requests()
    await ask(first, other)
    const count = async (query: string): Promise<unknown> => (await late.fetch(`http://localhost/__mock/requests/count${query}`)).json()
    expect(await count(`?session=${session}`)).toMatchObject({ incomplete: true })
    expect(await count('')).toMatchObject({ incomplete: true })
    expect(await count(`?session=${other}`)).toEqual({ count: 1 })
  })
})
