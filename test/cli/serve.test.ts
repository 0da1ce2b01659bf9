import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ACCOUNT, ORDER, quantities, SUPPLIER } from '../support.ts'
import { runHere, serveHere } from './here.ts'
import { BIN, ROOT, run, Running, serve } from './process.ts'

describe('allocation-mock serve', () => {
  it('prints a ready line and four commands that work as they are pasted', async () => {
    const { server, url } = await serve()
    await server.until(/examples\n\n/)
    const commands = server.out.split('\n').filter((line) => line.startsWith('  curl'))
    expect(commands).toHaveLength(4)
    const answers = await Promise.all(
      commands.map((command) => new Running('sh', [], { input: command.replace('curl -sS', 'curl -sS --fail-with-body') }).ended),
    )
    expect(answers.map(({ code, err }) => ({ code, err }))).toEqual(commands.map(() => ({ code: 0, err: '' })))
    const [list, allocate, cancel, get] = answers.map(({ out }) => JSON.parse(out))
    expect(list.total_results).toBeGreaterThan(0)
    expect(allocate.line_items).toHaveLength(1)
    expect(cancel).toMatchObject([{ statusCode: 'CANCELLED' }])
    expect(get).toMatchObject({ allocationId: expect.any(String) })
    const { sessions } = (await (await fetch(`${url}/__mock/sessions`)).json()) as { sessions: object[] }
    expect(sessions).toMatchObject([{ name: 'default', changes: 3, requests: 4 }])
    expect(await server.stop()).toMatchObject({ code: 0 })
  })

  it('tells who relies on what by the contracts that it is given, as they are now, and does not start with broken ones', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'contracts-'))
    cpSync(join(ROOT, 'contracts/storefront-supplier-orders.json'), join(folder, 'a.json'))
    const { server, url } = await serveHere(['--log', 'none', '--contracts', folder])
    const consumers = async (): Promise<string[]> => {
      const { answers } = (await (await fetch(`${url}/__mock/coverage`)).json()) as { answers: { consumers: string[] }[] }
      return [...new Set(answers.flatMap((answer) => answer.consumers))]
    }
    expect(await consumers()).toEqual(['storefront'])
    cpSync(join(ROOT, 'contracts/warehouse-supplier-orders.json'), join(folder, 'b.json'))
    await server.until(/^reloaded: .*/m, 'err')
    await expect.poll(consumers).toEqual(['warehouse', 'storefront'])
    await server.stop()
    writeFileSync(join(folder, 'b.json'), '{}')
    expect(await runHere(['serve', '--port', '0'], { env: { ALLOCATION_MOCK_CONTRACTS: folder } })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: ALLOCATION_MOCK_CONTRACTS: \S+b\.json: it is not a valid pact: it has no name of a consumer\n$/),
    })
    rmSync(folder, { recursive: true })
  })

  it('says of each request what became of it, in one line on stderr', async () => {
    const { server, url } = await serveHere()
    await fetch(`${url}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } })
    await fetch(`${url}/~a/orders/allocation/${ORDER}/`, {
      method: 'PUT',
      headers: { Authorization: SUPPLIER, 'Content-Type': 'application/json' },
      body: JSON.stringify(quantities(5, 0, 0, { colour: 'red' })),
    })
    const { err } = await server.stop()
    const [read, refused, ...rest] = err.trimEnd().split('\n')
    expect(rest).toEqual([])
    expect(read).toMatch(new RegExp(`^default 200 getOrder GET /orders/${ORDER}/ [\\d.]+ ms$`))
    expect(refused).toMatch(
      /^a 400 allocateOrder PUT \/~a\/orders\S+ [\d.]+ ms - 5 allocated .* is 5, not the 6 ordered; make them add up to 6 /,
    )
    expect(refused).toContain('[assumed: supplier.allocate.sum]')
    expect(refused).toContain('[undeclared: /body/line_items/0/allocation/colour]')
    expect(refused).toMatch(new RegExp(` ${url}/__mock/requests/a-1$`))
    expect(err).not.toContain('1234567890')
  })

  it('says also what is no request, and what of control is refused', async () => {
    const { server, url } = await serveHere()
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('FOO /e?token=abc HTTP/1.1\r\n\r\n'))
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /)
    await fetch(`${url}/__mock/sessions/nobody/clock/advance`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"by":"1h"}',
    })
    const { err } = await server.stop()
    expect(
      err
        .replaceAll(/[\d.]+ ms/g, '… ms')
        .trimEnd()
        .split('\n'),
    ).toEqual([
      expect.stringMatching(
        /^- 400 - FOO \/e\?token=\*\*\* … ms - the bytes are no HTTP request: Invalid method encountered \(HPE_INVALID_METHOD\); /,
      ),
      expect.stringMatching(/^nobody 404 - POST \/__mock\/sessions\/nobody\/clock\/advance … ms - there is no session "nobody"; /),
    ])
  })

  it('lets pages of an origin in that is allowed, and refuses what is none', async () => {
    const { server, url } = await serveHere(['--host', '0.0.0.0', '--allow-origin', 'https://shop.test'])
    const allowed = async (origin: string): Promise<string | null> =>
      (await fetch(`${url}/orders/`, { headers: { Origin: origin } })).headers.get('access-control-allow-origin')
    expect([await allowed('https://shop.test'), await allowed('https://evil.test')]).toEqual(['https://shop.test', null])
    await server.stop()
    const { code, err } = await runHere(['serve', '--port', '0', '--allow-origin', 'shop.test'])
    expect([code, err]).toEqual([2, expect.stringContaining('--allow-origin is "shop.test"; give one like https://shop.test')])
  })

  it('logs as JSON, or not at all', async () => {
    const { server, url } = await serveHere(['--log', 'json'])
    await fetch(`${url}/nowhere`)
    const { err } = await server.stop()
    expect(JSON.parse(err)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      session: 'default',
      status: 404,
      problem: { code: 'route-unknown' },
    })
    const silent = await serveHere(['--log=none'])
    await fetch(`${silent.url}/nowhere`)
    expect(await silent.server.stop()).toMatchObject({ err: '' })
  })

  it.each<[string, readonly string[], Record<string, string>, RegExp | undefined, number]>([
    ['on loopback nothing is said', [], {}, undefined, 200],
    ['beyond it a token is made', ['--host', '0.0.0.0'], {}, /need a token: Authorization: Bearer [\w-]{24}\./, 401],
    [
      'one that is given is not repeated',
      ['--host', '0.0.0.0', '--control-token', 's3cr3t-token'],
      {},
      /need the token of --control-token/,
      401,
    ],
    [
      'also by its variable',
      ['--host', '0.0.0.0'],
      { ALLOCATION_MOCK_CONTROL_TOKEN: 's3cr3t-token' },
      /need the token of --control-token/,
      401,
    ],
    ['they may be open', ['--host', '0.0.0.0', '--control', 'open'], {}, /are open to whoever reaches this address/, 200],
  ])('says who may use control routes: %s', async (_what, args, env, said, status) => {
    const { server, port } = await serveHere(args, { env })
    await server.until(said ?? /examples\n\n/)
    expect(server.out.includes('Control routes')).toBe(said !== undefined)
    expect((await fetch(`http://127.0.0.1:${port}/__mock/sessions`)).status).toBe(status)
    const { out, err } = await server.stop()
    expect(out + err).not.toContain('s3cr3t')
  })

  it('takes options from their environment variables; flags win', async () => {
    const env = {
      ALLOCATION_MOCK_SEED: 'twin',
      ALLOCATION_MOCK_ORDERS: '3',
      ALLOCATION_MOCK_ASSUME: 'oms.query.none=200,oms.cancel.again=400',
      ALLOCATION_MOCK_STRICT: 'true',
      ALLOCATION_MOCK_NOW: '2020-02-03T04:05:06Z',
    }
    const { server, url } = await serve(['--orders', '5'], { env })
    expect(server.out).toContain('(seed twin, ')
    const orders = await fetch(`${url}/orders/`, {
      method: 'POST',
      headers: { Authorization: 'Token retailer-1234567890', 'Content-Type': 'application/json' },
      body: '{"limit":1}',
    })
    expect(orders.headers.get('date')).toBe('Mon, 03 Feb 2020 04:05:06 GMT')
    const none = await fetch(`${url}/api/v2/allocation/query`, {
      method: 'POST',
      headers: { Authorization: 'Bearer x', 'Content-Type': 'application/json', 'x-site-context': JSON.stringify({ account: ACCOUNT }) },
      body: '{"filters":{"poNumber":"none"}}',
    })
    expect([none.status, await none.text()]).toEqual([200, '[]'])
    const strict = await fetch(`${url}/orders/`, {
      method: 'POST',
      headers: { Authorization: SUPPLIER, 'Content-Type': 'application/json' },
      body: '{"colour":1}',
    })
    expect(strict.status).toBe(400)
    await server.stop()
  })

  it.each([
    [['serve', '--ordrs', '3'], /unknown option '--ordrs'[\s\S]*--orders/],
    [['serve', '--port', '70000'], /--port is "70000"; give a whole number from 0 to 65535/],
    [['serve', '--port'], /--port <number>.* argument missing/],
    [['serve', '--orders', '1e3'], /--orders is "1e3"; give a whole number from 0 to 1000000000/],
    [['serve', '--allocations', '-1'], /--allocations is "-1"/],
    [['serve', '--seed', ''], /--seed is ""; it must not be empty/],
    [['serve', '--now', 'yesterday'], /^error: --now is "yesterday"; give a time like 2026-01-31T12:00:00Z/],
    [['serve', '--now', '2026-02-30T00:00:00Z'], /^error: --now is "2026-02-30T00:00:00Z"/],
    [
      ['serve', '--assume', 'oms.cancel.agian=200'],
      /^error: --assume: unknown assumption "oms.cancel.agian"; there are oms.cancel.again, /,
    ],
    [['serve', '--assume', 'oms.cancel.again=201'], /unknown value "201" of oms.cancel.again; there are 20?/],
    [['serve', '--assume', 'oms.cancel.again'], /--assume is "oms.cancel.again"; give NAME=VALUE/],
    [['serve', '--supplier-token', 'abc=9'], /^error: --supplier-token is "abc=9"; give TOKEN, or TOKEN=NUMBER with a number from 1 to 4/],
    [['serve', '--control', 'shut'], /--control is "shut"; give token or open/],
    [
      ['serve', '--control', 'open', '--control-token', 'long-enough'],
      /^error: --control is "open"; that takes no control token, and one is given/,
    ],
    [['serve', '--control-token', 'a b'], /^error: --control-token is not usable; give 8 to 128 letters/],
    [['serve', '--drain', 'soon'], /^error: --drain is "soon"; give a duration like 10s, of 1h at most, or 0s/],
    [['serve', '--drain', '2h'], /^error: --drain is "2h"; give a duration like 10s, of 1h at most/],
    [['serve', '--log', 'xml'], /--log is "xml"; give text, json or none/],
    [['serve', '--max-sessions', '0'], /--max-sessions is "0"; give a whole number from 1/],
    [['serve', '--host', 'a host'], /^error: --host is "a host"; give a name like mock\.test/],
    [['serve', '--host', 'not-an-address'], /cannot listen on not-an-address/],
    [['serve', '--openapi', 'a.yaml'], /unknown option '--openapi'\nAn OpenAPI document of your own .*serve FILE.*--spec FILE.*init/],
    [['mock', '-m', 'a.yaml'], /unknown option '-m'\nIt is one process; .*--store postgres:/],
    [['mock', '--verboseLevel', 'debug', 'a.yaml'], /unknown option '--verboseLevel'\n--log text/],
    [
      ['serve', '--persist'],
      /unknown option '--persist'\n--store file:PATH keeps sessions when the server stops\. .*\/state.*serve --session FILE\.\n\(--help/,
    ],
    [['serve', '--proxy=http://x'], /unknown option '--proxy=http:\/\/x'\nAllocation-mock proxy openapi\.yaml .*--pass/],
    [['serve', '--record'], /unknown option '--record'\n.*\/export.*replay FILE/],
    [['record'], /unknown command 'record'\n.*\/export.*replay FILE.*WireMock/],
    [['import', 'x.json'], /unknown command 'import'\nData come in by --scenario FILE, by --session FILE.*\/exists/],
    [['mock', 'openapi.yaml'], /^error: --spec openapi\.yaml: there is no such file\n$/],
    [['serve', '--session', 'nowhere.json'], /^error: --session: nowhere\.json: there is no such file/],
    [['srve'], /unknown command 'srve'[\s\S]*serve/],
  ])('%j: exit 2, and what would do', async (args, message) => {
    const { code, out, err } = await runHere(args)
    expect(err).toMatch(message)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).not.toMatch(/\n\s+at /)
  })

  it('says on an older Node what brings a newer one, and no address', async () => {
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
    const { code, err } = await new Running('node', ['--import', `data:text/javascript,${encodeURIComponent(older)}`, BIN, 'serve']).ended
    expect(code).toBe(2)
    expect(err).toMatch(/^allocation-mock needs Node 24\.18 or newer; .*\n"npm i -D node@24" brings one/)
    expect(err).not.toContain('http')
  })

  it('says when it stops what is lost and how to keep it, and a session that was kept goes on', async () => {
    const { server, url } = await serve()
    await fetch(`${url}/orders/allocation/${ORDER}/`, {
      method: 'PUT',
      headers: { Authorization: SUPPLIER, 'Content-Type': 'application/json' },
      body: JSON.stringify(quantities(4, 2)),
    })
    const read = async (at: string): Promise<string> =>
      (await fetch(`${at}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } })).text()
    const before = await read(url)
    const file = join(mkdtempSync(join(tmpdir(), 'state-')), 'state.json')
    writeFileSync(file, await (await fetch(`${url}/__mock/sessions/default/state`)).text())
    const { err } = await server.stop()
    expect(err.trimEnd().split('\n').at(-1)).toBe(
      `stopped: what default held is gone; next time keep it before, with curl -sS ${url}/__mock/sessions/default/state -o state.json (and serve --session state.json), or what was asked, with …/export`,
    )
    const again = await serveHere(['--session', file])
    expect(await read(again.url)).toBe(before)
    await again.server.stop()
  })

  it.each<[string, readonly string[], (url: string) => string]>([
    ['nothing has changed', [], (url) => `${url}/orders/${ORDER}/`],
    ['nobody asked a session that a scenario filled', ['--scenario', 'already-shipped'], (url) => `${url}/__mock/sessions`],
  ])('says nothing of it when %s', async (_what, args, at) => {
    const { server, url } = await serveHere(args)
    await fetch(at(url), { headers: { Authorization: SUPPLIER } })
    expect((await server.stop()).err).not.toContain('gone')
  })

  it.each<[Record<string, string>, RegExp]>([
    [{ STRICT: 'perhaps' }, /^error: ALLOCATION_MOCK_STRICT is "perhaps"; give true or false\n$/],
    [{ NOW: 'yesterday' }, /^error: ALLOCATION_MOCK_NOW is "yesterday"; give a time like /],
    [{ SUPPLIER_TOKEN: 'a,b=9' }, /^error: ALLOCATION_MOCK_SUPPLIER_TOKEN is "b=9"; give TOKEN, /],
    [{ ASSUME: 'sum=off' }, /^error: ALLOCATION_MOCK_ASSUME: unknown assumption "sum"; /],
    [{ SCENARIO: 'no-such' }, /^error: ALLOCATION_MOCK_SCENARIO: there is no scenario "no-such"; /],
    [{ CONTROL_TOKEN: 'a secret' }, /^error: ALLOCATION_MOCK_CONTROL_TOKEN is not usable; give 8 to 128 /],
  ])('names the environment variable that is wrong: %j', async (variables, message) => {
    const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`ALLOCATION_MOCK_${name}`, value]))
    const { code, err } = await runHere(['serve'], { env })
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('says in one line that the port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address ? String(address.port) : ''
    const { code, err, out } = await runHere(['serve', '--port', port])
    other.close()
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toBe(
      `error: port ${port} on 127.0.0.1 is taken; stop what listens there, or choose another with --port (0 picks a free one)\n`,
    )
  })

  it('finishes what is in flight, and ends well', async () => {
    const { server, port } = await serve()
    const body = JSON.stringify(quantities(6))
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    const head = `PUT /orders/allocation/${ORDER}/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${SUPPLIER}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`
    socket.write(head)
    // The server has begun with the request when it asks for the body.
    await new Promise<void>((resolve) => socket.once('data', () => resolve()))
    server.child.kill('SIGTERM')
    await expect
      .poll(() =>
        fetch(`http://127.0.0.1:${port}/__mock/health`, { headers: { Connection: 'close' } }).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed')
    socket.write(body)
    await closed
    expect(answer).toContain('HTTP/1.1 200 OK')
    expect(await server.ended).toMatchObject({ code: 0, signal: null })
  })

  it('drains: answers on after SIGTERM, is not ready, and a second signal ends it at once', async () => {
    const { server, url } = await serve(['--drain', '1h'])
    const status = async (path: string): Promise<number> => (await fetch(url + path, { headers: { Authorization: SUPPLIER } })).status
    expect(await status('/__mock/health/ready')).toBe(200)
    server.child.kill('SIGTERM')
    await server.until(/^draining: requests are answered for another 1h; a second signal ends at once$/m, 'err')
    expect(await Promise.all(['/__mock/health/ready', '/__mock/health', `/orders/${ORDER}/`].map(status))).toEqual([503, 200, 200])
    expect(await server.stop('SIGTERM')).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  it('drains no longer than it is told, and not at all after Ctrl-C', async () => {
    const short = await serve(['--drain', '1ms'])
    expect(await short.server.stop()).toMatchObject({ code: 0, signal: null, err: expect.stringContaining('draining: ') })
    const long = await serve(['--drain', '1h'])
    expect(await long.server.stop('SIGINT')).toMatchObject({ code: 0, signal: null, err: '' })
  })

  it('keeps before it ends what it has written down behind answers', async () => {
    const place = `file:${join(mkdtempSync(join(tmpdir(), 'drain-')), 'sessions.db')}`
    const first = await serve(['--store', place])
    const read = await fetch(`${first.url}/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } })
    expect(read.status).toBe(200)
    expect(await first.server.stop()).toMatchObject({ code: 0 })
    const second = await serveHere(['--store', place])
    const { requests } = (await (await fetch(`${second.url}/__mock/requests`)).json()) as { requests: { id: string }[] }
    expect(requests.map(({ id }) => id)).toEqual([read.headers.get('mock-request-id')])
    await second.server.stop()
  })

  it('ends also while a connection is open that never asked for anything', async () => {
    const { server, port } = await serve()
    const sockets = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')]
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.once('connect', () => resolve()))))
    // Being cut off is what they wait for.
    for (const socket of sockets) socket.on('error', () => undefined)
    sockets[1]?.write('GET /orders/ HTTP/1.1\r\nHost: local')
    expect(await server.stop('SIGINT')).toMatchObject({ code: 0, signal: null })
    for (const socket of sockets) socket.destroy()
  })

  it('goes on when nobody reads what it prints', async () => {
    const { server, url } = await serve()
    server.child.stdout?.destroy()
    server.child.stderr?.destroy()
    for (let turn = 0; turn < 3; turn++) await fetch(`${url}/nowhere`)
    expect((await fetch(`${url}/__mock/health`)).status).toBe(200)
    server.child.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })

  it('prints commands that work also where a session has to be named', async () => {
    const { server } = await serveHere(['--require-session'])
    await server.until(/examples\n\n/)
    const list = server.out.split('\n').find((line) => line.startsWith('  curl')) ?? ''
    expect(list).toContain('/~me/orders/')
    expect((await new Running('sh', [], { input: list.replace('curl -sS', 'curl -sS --fail') }).ended).code).toBe(0)
    await server.stop()
  })

  it('prints help and version without loading what serves', async () => {
    const { code, out } = await runHere(['serve', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('ALLOCATION_MOCK_SUPPLIER_TOKEN')
    const [files, packages] = [new Set([join(ROOT, 'dist/main.js')]), new Set<string>()]
    // A set goes on to what is added while it is gone through.
    for (const file of files)
      for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export|\}) .*?"(\S+)";$/gm))
        if (from.startsWith('.')) files.add(join(file, '..', from))
        else if (!from.startsWith('node:')) packages.add(from)
    expect([...packages]).toEqual(['commander'])
    expect(files.size).toBeLessThan(40)
    const manifest: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(await run(['--version']).ended).toMatchObject({ code: 0, out: `${manifest.version}\n` })
  })

  it('says what to do when it is not built', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'allocation-mock-'))
    cpSync(BIN, join(folder, 'bin/allocation-mock.js'))
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
    const { code, err } = await new Running(process.execPath, [join(folder, 'bin/allocation-mock.js'), 'serve'], { cwd: folder }).ended
    rmSync(folder, { recursive: true })
    expect({ code, err }).toEqual({
      code: 2,
      err: 'allocation-mock is not built. Run "npm ci" (with install scripts allowed) or "npm run build" first.\n',
    })
  })

  const old = findOldNode()
  it.skipIf(old === undefined)('says which Node it needs where the Node is too old (skipped where there is no older one)', async () => {
    const { code, err } = await new Running(old ?? '', [BIN, 'serve']).ended
    expect(code).toBe(2)
    expect(err).toMatch(/^allocation-mock needs Node 24.18 or newer; this is v\d+/)
    expect(err).toContain('npm ci')
  })

  it('runs on the Node that the manifest pins', () => {
    const manifest: { devDependencies: { node: string } } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(process.version).toBe(`v${manifest.devDependencies.node}`)
  })
})

function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      try {
        return Number(/^v(\d+)/.exec(execFileSync(node, ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1]) < 24
      } catch {
        return false
      }
    })
}
