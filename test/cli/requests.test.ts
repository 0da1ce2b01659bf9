import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMock, type Mock, type MockOptions } from '../../src/index.ts'
import { ORDER, quantities, SUPPLIER } from '../support.ts'
import { runHere } from './here.ts'
import { BIN, ROOT, run, Running } from './process.ts'

/** Until the test is over. @param port one that was free a moment ago */
async function listening(listener: RequestListener, port = 0): Promise<{ server: Server; url: string; port: number }> {
  const server = createServer(listener)
  await once(server.listen(port, '127.0.0.1'), 'listening')
  onTestFinished(() => stopped(server))
  const { port: taken } = server.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${taken}`, port: taken }
}

async function stopped(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}

async function mockOf(options: MockOptions = {}): Promise<Mock> {
  const mock = await createMock(options)
  onTestFinished(() => mock.close())
  return mock
}

/** What an app would ask. */
async function ask(mock: Mock, path: string, session: string, { body, ...init }: { method?: string; body?: object } = {}): Promise<void> {
  const headers = { Authorization: SUPPLIER, 'Mock-Session': session, 'Content-Type': 'application/json' }
  await (await mock.fetch(new Request(`http://localhost${path}`, { ...init, headers, ...(body && { body: JSON.stringify(body) }) }))).text()
}

const READ = `/orders/${ORDER}/`
const WRITE = `/orders/allocation/${ORDER}/`

/** A mock that was asked six things, at an address. */
async function askedMock(): Promise<{ mock: Mock; url: string }> {
  const mock = await mockOf()
  await ask(mock, READ, 'a')
  await ask(mock, WRITE, 'a', { method: 'PUT', body: quantities(5, 0, 0) })
  await ask(mock, WRITE, 'b', { method: 'PUT', body: quantities(4, 2, 0) })
  await ask(mock, '/nowhere', 'b')
  await mock.session('b').addFault({ operation: 'getOrder', status: 503 })
  await ask(mock, READ, 'b')
  await ask(mock, '/nowhere/else', 'a')
  return { mock, url: (await listening(mock.app)).url }
}

const idsIn = (out: string): string[] => out.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ', 1)[0] ?? '']))

describe('allocation-mock requests', () => {
  it('prints a line each, the last at the end, as serve logs them', async () => {
    const { url } = await askedMock()
    const { code, out, err } = await runHere(['requests', '--url', url])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.replaceAll(/[\d.]+ ms/g, '… ms').split('\n')).toEqual([
      `a-1 200 getOrder GET ${READ} … ms`,
      `a-2 400 allocateOrder PUT ${WRITE} … ms - 5 allocated + 0 backordered + 0 rejected is 5, not the 6 ordered; make them add up to 6 [assumed: supplier.allocate.sum]`,
      expect.stringMatching(/^b-1 200 allocateOrder PUT /),
      expect.stringMatching(/^b-2 404 - GET \/nowhere … ms - no operation has the path \/nowhere; /),
      expect.stringMatching(/^b-3 503 getOrder GET .* \[fault: /),
      expect.stringMatching(/^a-3 404 - GET \/nowhere\/else … ms - /),
      '',
    ])
  })

  it.each<[readonly string[], readonly string[]]>([
    [
      ['--session', 'a'],
      ['a-1', 'a-2', 'a-3'],
    ],
    [
      ['--operation', 'allocateOrder'],
      ['a-2', 'b-1'],
    ],
    [['--method', 'put', '--session', 'b'], ['b-1']],
    [
      ['--status', '404'],
      ['b-2', 'a-3'],
    ],
    [
      ['--status', '4xx'],
      ['a-2', 'b-2', 'a-3'],
    ],
    [['--text', 'ELSE'], ['a-3']],
    [['--unmatched'], ['b-2', 'a-3']],
    [
      ['--no-unmatched', '--session', 'b'],
      ['b-1', 'b-3'],
    ],
    [
      ['--unmatched', 'false', '--session', 'b'],
      ['b-1', 'b-3'],
    ],
    [['--refused'], ['a-2', 'b-2', 'a-3']],
    [['--fault'], ['b-3']],
    [
      ['--fault=false', '--session', 'b'],
      ['b-1', 'b-2'],
    ],
    [['--origin', 'control'], ['b~control-1']],
    [
      ['--limit', '2'],
      ['b-3', 'a-3'],
    ],
    [['--limit', '0'], []],
  ])('%j', async (args, ids) => {
    const { url } = await askedMock()
    const { code, out } = await runHere(['requests', ...args], { env: { ALLOCATION_MOCK_URL: url } })
    expect({ code, ids: idsIn(out) }).toEqual({ code: 0, ids })
  })

  it('prints JSON lines of all that is known', async () => {
    const { mock, url } = await askedMock()
    const { out } = await runHere(['requests', '--json', '--session', 'a', '--url', url])
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual((await mock.session('a').requests()).toReversed())
  })

  it('asks on where an answer does not hold all', async () => {
    const mock = await mockOf({ journalBytes: 50_000_000 })
    const body = { line_items: [], note: 'x'.repeat(900_000) }
    for (let times = 0; times < 5; times++) await ask(mock, WRITE, 'long', { method: 'PUT', body })
    const { url } = await listening(mock.app)
    const { out } = await runHere(['requests', '--url', url])
    expect(idsIn(out)).toEqual(['long-1', 'long-2', 'long-3', 'long-4', 'long-5'])
    expect(idsIn((await runHere(['requests', '--url', url, '--limit', '4'])).out)).toEqual(['long-2', 'long-3', 'long-4', 'long-5'])
  })

  it('has columns and colours at a terminal', async () => {
    const { url } = await askedMock()
    const { out } = await runHere(['requests', '--url', `${url}/__mock/`, '--limit', '3'], {
      terminals: { out: { columns: 80, write: () => undefined } },
    })
    expect(out).toMatch(/^b-2  \u001B\[33m404\u001B\[39m  -         GET     /)
    expect(out).toMatch(/\nb-3  \u001B\[31m503\u001B\[39m  getOrder  GET     /)
  })

  it('says that there are none', async () => {
    const { url } = await askedMock()
    expect(await runHere(['requests', '--url', url, '--session', 'nobody'])).toMatchObject({
      code: 0,
      out: '',
      err: `note: the journal of ${url} holds no such request\n`,
    })
  })

  it.each<[readonly string[], string]>([
    [['--operation', 'getOrde'], '--operation is "getOrde"; the nearest are getOrder, getOmsOrder, '],
    [['--status', '42'], '--status is "42"; give a status like 404, or a class like 4xx'],
    [['--limit', '-1'], '--limit is "-1"; give a whole number from 0 to 1000000'],
    [
      ['--url', 'localhost:4010'],
      '--url is "localhost:4010"; give the URL that the ready line of the mock shows, such as http://127.0.0.1:4010',
    ],
    [['a-1'], "too many arguments for 'requests'"],
  ])('called wrongly: %j', async (args, said) => {
    const { url } = await askedMock()
    const { code, out, err } = await runHere(['requests', ...args], { env: { ALLOCATION_MOCK_URL: url } })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })

  it.each(['requests', 'requests --follow', 'explain', 'explain a-1'])(
    '%s: says where no mock answers, and how one is started',
    async (command) => {
      const { server, url } = await listening(() => undefined)
      await stopped(server)
      const { code, err } = await runHere([...command.split(' '), '--url', url])
      expect(err).toMatch(
        /^error: GET http:\/\/127\.0\.0\.1:\d+\/__mock\/\S+: no answer \(.*ECONNREFUSED.*\); start the mock \(allocation-mock serve\), or /,
      )
      expect(err).toContain(url)
      expect(code).toBe(2)
    },
  )

  it.each(['requests', 'requests --follow', 'explain', 'explain a-1'])('%s: knows what is no mock', async (command) => {
    const { url } = await listening((_request, response) => response.end('<h1>Hello</h1>'))
    const { code, err } = await runHere([...command.split(' '), '--url', url])
    expect(err).toMatch(/^error: GET \/__mock\/\S+: the answer, 200, is none of allocation-mock/)
    expect(code).toBe(2)
  })

  it.each(['requests', 'requests --follow', 'explain'])('%s: has the token that a mock beyond loopback wants', async (command) => {
    const mock = await mockOf({ controlToken: 'a-long-token' })
    const { port } = await mock.listen({ port: 0, host: '0.0.0.0' })
    const args = [...command.split(' '), '--url', `http://127.0.0.1:${port}`]
    const refused = await runHere(args)
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: the request carries no control token; .* by --control-token\n$/),
    })
    if (command.endsWith('--follow')) return
    expect(await runHere([...args, '--control-token', 'a-long-token'])).toMatchObject({ code: 0 })
    expect(await runHere(args, { env: { ALLOCATION_MOCK_CONTROL_TOKEN: 'a-long-token' } })).toMatchObject({ code: 0 })
  })
})

describe('allocation-mock requests --follow', () => {
  it('prints what was and what comes, until Ctrl-C', async () => {
    const { mock, url } = await askedMock()
    const follow = run(['requests', '--follow', '--url', url, '--session', 'a'])
    await follow.until(/^a-3 /m)
    await ask(mock, READ, 'b')
    await ask(mock, READ, 'a')
    await follow.until(/^a-4 200 getOrder GET /m)
    const { code, out, err } = await follow.stop('SIGINT')
    expect({ code, err, ids: idsIn(out) }).toEqual({ code: 0, err: '', ids: ['a-1', 'a-2', 'a-3', 'a-4'] })
  })

  it('waits for a mock that stops, says so once, and goes on where it was', async () => {
    const mock = await mockOf()
    await ask(mock, READ, 'a')
    const { server, url, port } = await listening(mock.app)
    const follow = run(['requests', '--follow', '--url', url])
    await follow.until(/^a-1 /m)
    await stopped(server)
    await follow.until(/gone/, 'err')
    await ask(mock, READ, 'a')
    await ask(mock, READ, 'a')
    // As long as its store is away, it cannot be followed either.
    let times = 0
    const tried = Promise.withResolvers<void>()
    const starting = await listening((_request, response) => {
      if (++times === 3) tried.resolve()
      response.writeHead(503).end()
    }, port)
    await tried.promise
    await stopped(starting.server)
    await listening(mock.app, port)
    await follow.until(/^a-3 /m)
    const { code, out, err } = await follow.stop('SIGINT')
    expect({ code, ids: idsIn(out) }).toEqual({ code: 0, ids: ['a-1', 'a-2', 'a-3'] })
    expect(err).toBe(`${url} is gone: waiting until it answers again\n`)
  })

  it('says what may be missing where the journal begins anew, and shows what it holds', async () => {
    const before = await mockOf()
    await ask(before, READ, 'a')
    const { server, url, port } = await listening(before.app)
    const follow = run(['requests', '--follow', '--url', url])
    await follow.until(/^a-1 /m)
    await stopped(server)
    await follow.until(/gone/, 'err')
    const after = await mockOf()
    await ask(after, READ, 'z')
    await listening(after.app, port)
    await follow.until(/^z-1 /m)
    await ask(after, READ, 'z')
    await follow.until(/^z-2 /m)
    const { code, out, err } = await follow.stop('SIGINT')
    expect({ code, ids: idsIn(out) }).toEqual({ code: 0, ids: ['a-1', 'z-1', 'z-2'] })
    expect(err.split('\n').slice(1)).toEqual([`warning: requests may be missing: ${url} knows nothing of a-1, the last one shown`, ''])
  })

  it('shows nothing twice where the last one shown is forgotten', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z')
    const mock = await mockOf({ time: () => (time += 1_000) })
    await ask(mock, READ, 'a')
    await ask(mock, READ, 'b')
    const { server, url, port } = await listening(mock.app)
    const follow = run(['requests', '--follow', '--url', url])
    await follow.until(/^b-1 /m)
    await stopped(server)
    await follow.until(/gone/, 'err')
    await mock.session('b').drop()
    await ask(mock, READ, 'c')
    await listening(mock.app, port)
    await follow.until(/^c-1 /m)
    const { out } = await follow.stop('SIGINT')
    expect(idsIn(out)).toEqual(['a-1', 'b-1', 'c-1'])
  })

  it('says what is missing because it was too slow', async () => {
    const mock = await mockOf()
    const { url } = await listening((request, response) => {
      if (request.url?.startsWith('/__mock/events') === true)
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('event: dropped\ndata: {"detail":"too slow"}\n\n')
      else mock.app(request, response)
    })
    const follow = run(['requests', '--follow', '--url', url])
    await follow.until(/^warning: requests are missing: more came than could be shown/m, 'err')
    expect(await follow.stop('SIGINT')).toMatchObject({ code: 0 })
  })

  it('does not wait where it is refused', async () => {
    const mock = await mockOf()
    await ask(mock, READ, 'a')
    const { server, url, port } = await listening(mock.app)
    const follow = run(['requests', '--follow', '--url', url])
    await follow.until(/^a-1 /m)
    await stopped(server)
    await listening((_request, response) => {
      response.writeHead(401, { 'Content-Type': 'application/problem+json' })
      response.end(JSON.stringify({ code: 'control-refused', detail: 'the control token is wrong' }))
    }, port)
    expect(await follow.ended).toMatchObject({ code: 2, err: expect.stringMatching(/\nerror: the control token is wrong; /) })
  })

  it.each(['requests', 'requests --json', 'requests --follow'])(
    'ends quietly where nobody reads any more: %s | head -1',
    async (command) => {
      const { mock, url } = await askedMock()
      const line = `'${process.execPath}' '${BIN}' ${command} --url ${url} | head -1; exit \${PIPESTATUS[0]}`
      const piped = new Running('bash', ['-c', line], { cwd: ROOT })
      await piped.until(/a-1/)
      // That nobody reads shows where something is written.
      while (piped.child.exitCode === null) {
        await ask(mock, READ, 'a')
        await turn()
      }
      const { code, out, err } = await piped.ended
      expect({ code, err, lines: out.trimEnd().split('\n').length }).toEqual({ code: 0, err: '', lines: 1 })
    },
  )
})
