import { connect } from 'node:net'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { createEvents, type Reader } from '../../src/server/events.ts'
import { createJournal } from '../../src/server/journal.ts'
import { openMock, ORDER, ownSession, SUPPLIER } from '../support.ts'
import { withoutTime } from '../time.ts'

const mock = await openMock()
const { url } = await mock.listen({ port: 0 })
afterAll(() => mock.close())

interface Event {
  readonly event: string
  readonly id: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

/** A client that reads one event after another. */
async function follow(base: string, query: string, headers: Readonly<Record<string, string>> = {}) {
  const abort = new AbortController()
  const response = await fetch(`${base}/__mock/events?${query}`, { headers, signal: abort.signal })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let comments = 0
  return {
    response,
    get comments() {
      return comments
    },
    /** The next event; undefined when the server has closed. */
    async next(): Promise<Event | undefined> {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end === -1) {
          const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
          if (done) return undefined
          text += value ?? ''
          continue
        }
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const event = field('event')
        if (event !== undefined) return { event, id: field('id'), data: JSON.parse(field('data') ?? 'null') }
        comments++
      }
    },
    close: () => abort.abort(),
  }
}

const read = (session: string, id = ORDER, base = url): Promise<Response> =>
  fetch(`${base}/orders/${id}/`, { headers: { Authorization: SUPPLIER, 'Mock-Session': session } })

describe('GET /__mock/events', () => {
  it('sends each exchange as the list shows it, when it comes', async () => {
    const session = ownSession()
    await read(session)
    const stream = await follow(url, `session=${session}`)
    await read(session)
    await read(ownSession())
    await read(session, 'nothing')
    const events = [await stream.next(), await stream.next()]
    expect(events).toMatchObject([
      { event: 'exchange', id: `${session}-2`, data: { id: `${session}-2`, status: 200, operation: 'getOrder' } },
      { event: 'exchange', id: `${session}-3`, data: { status: 404, problem: { code: 'parameters-invalid' } } },
    ])
    const listed = await (await fetch(`${url}/__mock/requests?session=${session}&since=${session}-1`)).json()
    expect(events.map((event) => event?.data).toReversed()).toEqual((listed as { requests: unknown }).requests)
    expect(JSON.stringify(events)).not.toContain('1234567890')
    stream.close()
  })

  it('takes the filters of the list, and no other', async () => {
    const session = ownSession()
    const stream = await follow(url, `session=${session}&status=4xx&operation=getOrder`)
    await read(session)
    await read(session, 'nothing')
    expect(await stream.next()).toMatchObject({ id: `${session}-2` })
    stream.close()
    expect((await fetch(`${url}/__mock/events?limit=3`)).status).toBe(400)
    expect((await fetch(`${url}/__mock/events`, { method: 'POST' })).status).toBe(405)
  })

  it('goes on behind the last event that was heard', async () => {
    const session = ownSession()
    for (let count = 0; count < 3; count++) await read(session)
    const stream = await follow(url, `session=${session}`, { 'Last-Event-ID': `${session}-1` })
    expect([(await stream.next())?.id, (await stream.next())?.id]).toEqual([`${session}-2`, `${session}-3`])
    await read(session)
    expect((await stream.next())?.id).toBe(`${session}-4`)
    stream.close()
  })

  it('says that it cannot go on behind what is forgotten', async () => {
    const session = ownSession()
    const stream = await follow(url, `session=${session}`, { 'Last-Event-ID': `${session}-7` })
    await read(session)
    expect(await stream.next()).toMatchObject({ event: 'lost', id: undefined, data: { detail: expect.stringContaining(`${session}-7`) } })
    expect(await stream.next()).toMatchObject({ event: 'exchange', id: `${session}-1` })
    stream.close()
  })

  it('answers HEAD at once', async () => {
    const { status, headers } = await fetch(`${url}/__mock/events`, { method: 'HEAD' })
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  })

  it('ends when the server does, which does not wait for it', async () => {
    await using own = await openMock()
    const listening = await own.listen({ port: 0 })
    const stream = await follow(listening.url, '')
    await withoutTime(() => own.close())
    expect(await stream.next()).toBeUndefined()
  })

  it('is for so many at a time', async () => {
    await using own = await openMock()
    const listening = await own.listen({ port: 0 })
    const streams = await Promise.all(Array.from({ length: 100 }, () => follow(listening.url, '')))
    const refused = await fetch(`${listening.url}/__mock/events`)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ code: 'listeners-exhausted', detail: expect.stringContaining('100') })
    streams[0]?.close()
    await expect.poll(async () => (await fetch(`${listening.url}/__mock/events`, { method: 'HEAD' })).status).toBe(200)
    for (const stream of streams) stream.close()
  })

  it('lets a reader go that is slower than what the journal holds', async () => {
    await using own = await openMock({ journalBytes: 2_000_000, maxBodyBytes: 2_000_000 })
    const { url: base, port } = await own.listen({ port: 0 })
    const socket = connect(port, '127.0.0.1')
    let text = ''
    await new Promise<void>((resolve) => {
      socket.setEncoding('utf8').once('data', (chunk: string) => {
        text = chunk
        socket.pause()
        resolve()
      })
      socket.write('GET /__mock/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    })
    // More than any socket's buffers take, and more than the journal does.
    const body = JSON.stringify({ padding: 'x'.repeat(900_000) })
    for (let count = 0; count < 25; count++)
      await fetch(`${base}/orders/`, { method: 'POST', headers: { Authorization: SUPPLIER, 'Content-Type': 'application/json' }, body })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('data', (chunk: string) => (text += chunk)).resume()
    await closed
    expect(text.length).toBeLessThan(20_000_000)
    expect(text.slice(text.lastIndexOf('event: '))).toContain('event: dropped\ndata: {"detail":"the journal has forgotten')
    expect((await fetch(`${base}/__mock/health`)).status).toBe(200)
  })
})

describe('a line on which nothing happens', () => {
  afterEach(() => vi.useRealTimers())

  it('is kept open by a comment now and then, for as long as somebody listens', () => {
    vi.useFakeTimers()
    const events = createEvents(createJournal(1_000), { follow: () => () => undefined }, 2)
    const texts: string[] = []
    const reader: Reader = { write: (text) => texts.push(text) > 0, onReady: () => undefined, end: () => undefined }
    expect(vi.getTimerCount()).toBe(0)
    const stops = [events.follow({}, undefined)(reader), events.follow({}, undefined)(reader)]
    expect([vi.getTimerCount(), events.isFull]).toEqual([1, true])
    vi.advanceTimersByTime(15_000)
    expect(texts.slice(2)).toEqual([':\n\n', ':\n\n'])
    for (const stop of stops) stop()
    expect([vi.getTimerCount(), events.isFull]).toEqual([0, false])
  })

  it('brings nothing to a reader that is not ready', () => {
    vi.useFakeTimers()
    const events = createEvents(createJournal(1_000), { follow: () => () => undefined }, 2)
    const texts: string[] = []
    let ready = (): void => undefined
    events.follow(
      {},
      undefined,
    )({
      write(text) {
        texts.push(text)
        return false
      },
      onReady: (callback) => (ready = callback),
      end: () => undefined,
    })
    vi.advanceTimersByTime(60_000)
    expect(texts).toHaveLength(1)
    ready()
    vi.advanceTimersByTime(15_000)
    expect(texts).toHaveLength(2)
    events.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
