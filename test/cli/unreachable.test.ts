import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createPlainServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runHere } from './here.ts'
import { run } from './process.ts'

/** Valid from 2020 to 2120, all with one key; `authority.pem` has signed those that are not self-signed. */
const CERTIFICATES = join(import.meta.dirname, 'certificates')
const certificate = (name: string): string => join(CERTIFICATES, `${name}.pem`)

const folder = mkdtempSync(join(tmpdir(), 'unreachable-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A pact of some interactions, each with a provider state. */
const pact = (...paths: readonly string[]): string => {
  const file = join(folder, `${paths.map((path) => path.slice(1)).join('-')}.json`)
  const interactions = paths.map((path) => ({
    description: path,
    providerState: 'there is an order',
    request: { method: 'GET', path },
    response: { status: 200 },
  }))
  writeFileSync(file, JSON.stringify({ consumer: { name: 'shop' }, provider: { name: 'orders' }, interactions }))
  return file
}

const open = new Set<Server>()
afterAll(() => Promise.all([...open].map((server) => server[Symbol.asyncDispose]())))

async function portOf(server: Server): Promise<number> {
  open.add(server)
  await once(server.listen(0), 'listening')
  return (server.address() as AddressInfo).port
}

const secure = (name: string): Promise<number> =>
  portOf(
    createSecureServer({ key: readFileSync(join(CERTIFICATES, 'server.key')), cert: readFileSync(certificate(name)) }, (_, response) =>
      response.end('{}'),
    ),
  )

/** What is set for Node itself takes a process of its own. */
const verify = (args: readonly string[], env: Record<string, string> = {}) => {
  const all = ['verify', '--only', 'provider', ...args]
  if (Object.keys(env).length === 0) return runHere(all)
  return run(all, { cwd: folder, env: { NODE_EXTRA_CA_CERTS: '', SSL_CERT_FILE: '', ...env } }).ended
}

/** Where nobody listens. */
let closed = 0
let plain = 0
beforeAll(async () => {
  const server = createServer()
  closed = await portOf(server)
  await server[Symbol.asyncDispose]()
  open.delete(server)
  plain = await portOf(createServer((_, response) => response.end('{}')))
})

describe('a provider that cannot be reached was not asked: exit 2', () => {
  const TRUST = { NODE_EXTRA_CA_CERTS: certificate('authority') }
  it.each<[string, url: () => Promise<string> | string, env: Record<string, string>, said: RegExp]>([
    ['nothing listens', () => `http://localhost:${closed}`, {}, /at http:\/\/localhost:\d+: nothing listens there \(ECONNREFUSED\)\n$/],
    ['no such host', () => 'http://nobody.invalid', {}, /at http:\/\/nobody\.invalid: .* \((ENOTFOUND|EAI_AGAIN)\)\n$/],
    [
      'no proxy',
      () => 'http://orders.example',
      { HTTP_PROXY: 'http://127.0.0.1:9' },
      /: the proxy http:\/\/127\.0\.0\.1:9: nothing listens/,
    ],
    ['no TLS', () => `https://localhost:${plain}`, {}, /: it does not speak TLS; does its URL begin with http: \? \(/],
    [
      'an unknown authority',
      async () => `https://localhost:${await secure('good')}`,
      {},
      /: its certificate is of an authority that is not .*; NODE_EXTRA_CA_CERTS names/,
    ],
    [
      'a self-signed certificate',
      async () => `https://localhost:${await secure('self-signed')}`,
      {},
      /: its certificate is self-signed, .*; NODE_EXTRA_CA_CERTS names/,
    ],
    ['one that has expired', async () => `https://localhost:${await secure('expired')}`, TRUST, /: its certificate has expired; /],
    [
      'one of another host',
      async () => `https://localhost:${await secure('other-host')}`,
      TRUST,
      /: its certificate is for another host; /,
    ],
    [
      'one of an authority as a server',
      async () => `https://localhost:${await secure('as-authority')}`,
      { NODE_EXTRA_CA_CERTS: certificate('as-authority') },
      /: its certificate is that of an authority \(CA:TRUE\), /,
    ],
  ])('%s', async (_name, url, env, said) => {
    const { code, out, err } = await verify([pact('/one', '/two'), '--provider', await url(), '--format', 'json'], env)
    expect(err).toMatch(said)
    const { ok, counts, unreached } = JSON.parse(out)
    expect(err).toContain(`error: ${unreached}\n`)
    expect(counts).toMatchObject({ failed: 0, 'not-verified': 2 })
    expect([code, ok]).toEqual([2, false])
  })

  it.each([
    ['its authority', 'good', 'NODE_EXTRA_CA_CERTS', 'authority'],
    ['its authority, as other tools have it', 'good', 'SSL_CERT_FILE', 'authority'],
    ['the certificate itself', 'self-signed', 'NODE_EXTRA_CA_CERTS', 'self-signed'],
  ])('and one that is trusted by %s is asked', async (_name, own, variable, trusted) => {
    const url = `https://localhost:${await secure(own)}`
    expect(await verify([pact('/one'), '--provider', url], { [variable]: certificate(trusted) })).toMatchObject({ code: 0 })
  })

  it('the document and the mock are asked all the same', async () => {
    const args = ['verify', '--provider', `http://localhost:${closed}`, '--description', 'login', '--format', 'json']
    const { code, out } = await runHere(args)
    const { rows } = JSON.parse(out)
    expect(rows[0].answers).toMatchObject({ document: { kind: 'passed' }, mock: { kind: 'passed' }, provider: { kind: 'skipped' } })
    expect(code).toBe(2)
  })
})

it('an address for states that cannot be reached: the provider is not asked', async () => {
  const args = [pact('/one'), '--provider', `http://localhost:${plain}`, '--state-url', `http://localhost:${closed}/states`]
  const { code, out, err } = await verify(args)
  expect(err).toMatch(/^error: nobody sets up provider states at http:\/\/localhost:\d+, which cannot be reached: nothing listens there/)
  expect(out).toContain('1 interaction: 1 not verified')
  expect(code).toBe(2)
})

it('a provider that dies in the middle: what it has answered stands, the rest was not asked', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/dies') {
      server.close()
      server.closeAllConnections()
    } else response.writeHead(request.url === '/wrong' ? 500 : 200).end()
  })
  const args = [pact('/right', '/wrong', '/dies', '/late'), '--provider', `http://localhost:${await portOf(server)}`, '--format', 'json']
  open.delete(server)
  const { code, out, err } = await verify(args)
  const { rows } = JSON.parse(out)
  expect(rows.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['passed', 'failed', 'not-verified', 'not-verified'])
  expect(err).toMatch(/error: the provider cannot be reached at /)
  expect(code).toBe(2)
})

it('a provider that takes connections and says nothing, or hangs up, was asked', async () => {
  const rude = await portOf(createPlainServer((socket) => socket.once('data', () => socket.destroy())))
  const { code, out } = await verify([pact('/one'), '--provider', `http://localhost:${rude}`])
  expect(out).toMatch(/✗ \/one.*\n {4}provider: the provider broke the connection off before its answer was complete/)
  expect(code).toBe(1)
})

it.each(['localhost:8080', 'ftp://orders.example', 'orders'])('%s is not an address of a provider', async (url) => {
  const { code, err } = await verify([pact('/one'), '--provider', url])
  expect(err).toBe(`error: --provider is "${url}"; give an HTTP URL, like https://api.example.com\n`)
  expect(code).toBe(2)
})
