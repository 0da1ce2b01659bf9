import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runHere, serveHere } from './here.ts'
import { run } from './process.ts'

/*
 * The command with a document of one's own.
 */

const folder = mkdtempSync(join(tmpdir(), 'any-'))
const certificates = join(import.meta.dirname, 'certificates')

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function document(value: unknown, path = '/a', more = ''): string {
  const json = JSON.stringify(value)
  return `{"openapi":"3.1.0","info":{"title":"A","version":"1"},${more}"paths":{"${path}":{"get":{"responses":{"200":{"description":"ok","content":{"application/json":{"example":${json}}}}}}}}}`
}

async function body(url: string): Promise<unknown> {
  const response = await fetch(url)
  return JSON.parse(await response.text())
}

describe('a document of one’s own is served', () => {
  it.each([
    ['serve FILE', (file: string) => [file]],
    ['--spec FILE', (file: string) => ['--spec', file]],
    [
      'beside a module and another of the same name',
      (file: string) => ['--spec', file, write('b.mjs', document({ b: 1 }, '/b')), '--api', 'oms-allocations'],
    ],
  ])('%s', async (_what, args) => {
    const { server, url } = await serveHere(args(write('a.json', document({ a: 1 }))))
    expect(await body(`${url}/a`)).toEqual({ a: 1 })
    if (args('').length > 2) expect(await body(`${url}/b`)).toEqual({ b: 1 })
    await server.stop()
  })

  it('without assumptions, and says so to who chooses one', async () => {
    const file = write('assume.json', document({ a: 1 }))
    const { server, url } = await serveHere([file])
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/__mock/sessions`, { method: 'POST', headers, body: '{"name":"x","assume":{"oms.x":"y"}}' })
    expect([answer.status, await answer.json()]).toMatchObject([422, { detail: expect.stringContaining('oms.x'), fix: 'there is none' }])
    await server.stop()
    expect(await runHere(['serve', file, '--assume', 'oms.x=y'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('; there is none'),
    })
  })

  it('by its variable, as mock, with the flags that Prism has', async () => {
    const file = write('flags.json', document({ a: 1 }))
    const server = run(['mock', '-p', '0', '-h', '127.0.0.1', '-d', '--errors', '--cors', '--seed', '7', file], { cwd: folder })
    const [, url = ''] = await server.until(/ready on (\S+) \(seed 7/)
    // Without a schema there is nothing to generate by.
    expect((await fetch(`${url}/a`)).status).toBe(200)
    await server.stop()
    const { server: other, url: otherUrl } = await serveHere([], { env: { ALLOCATION_MOCK_SPEC: file, ALLOCATION_MOCK_CORS: 'false' } })
    const answer = await fetch(`${otherUrl}/a`, { headers: { Origin: 'https://shop.test' } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null])
    await other.stop()
  })

  it('under its first server’s path, and without it while no other claims it', async () => {
    const servers = (path: string) =>
      `"servers":[{"url":"https://{host}/{version}","variables":{"host":{"default":"a.test"},"version":{"default":"${path}"}}}],`
    const one = write('one.json', document({ one: 1 }, '/a', servers('v1')))
    const two = write('two.json', document({ two: 2 }, '/a', servers('v2')))
    const three = write('three.json', document({ three: 3 }, '/c', servers('v3')))
    const { server, url } = await serveHere([one, two, three])
    expect(await Promise.all(['/v1/a', '/v2/a', '/v3/c', '/c'].map((path) => body(url + path)))).toEqual([
      { one: 1 },
      { two: 2 },
      { three: 3 },
      { three: 3 },
    ])
    expect((await fetch(`${url}/a`)).status).toBe(404)
    await server.stop()
  })

  it('beside another that has the same path: the first is found, and the other is told of', async () => {
    const [one, two] = [write('first.json', document({ first: 1 })), write('second.json', document({ second: 2 }))]
    const { server, url } = await serveHere([one, two])
    expect(await body(`${url}/a`)).toEqual({ first: 1 })
    expect((await server.stop()).err).toContain(
      `warning: ${two}: GET /a is never reached: first has it as well; give one of them another server\n`,
    )
  })

  it('over HTTPS', async () => {
    const tls = ['--tls-cert', join(certificates, 'good.pem'), '--tls-key', join(certificates, 'server.key')]
    const server = run(['serve', '--port', '0', ...tls, write('tls.json', document({ a: 1 }))])
    const [, url = ''] = await server.until(/ready on (https:\S+) /)
    const ask = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const ca = readFileSync(join(certificates, 'authority.pem'))
        const asked = request(url + path, { ca, servername: 'localhost', checkServerIdentity: () => undefined }, (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => resolve(`${response.statusCode} ${text} ${String(response.headers['mock-explain'] ?? '')}`))
        })
        asked.on('error', reject).end()
      })
    expect(await ask('/a')).toBe('200 {"a":1} ')
    expect(await ask('/b')).toMatch(/^404 .* https:\/\/127\.0\.0\.1:\d+\/__mock\/requests\/default-2$/)
    expect(await ask('/__mock/sessions/default/examples')).toContain(`curl -sS '${url}/a'`)
    expect((await server.stop()).code).toBe(0)
  })

  it('as it is now: what changes in any of its files, or in a module and what that imports, is taken over', async () => {
    const part = (value: number) =>
      `{"A":{"get":{"responses":{"200":{"description":"ok","content":{"application/json":{"example":${value}}}}}}}}`
    write('part.json', part(1))
    const main = write('main.json', '{"openapi":"3.1.0","info":{"title":"A","version":"1"},"paths":{"/a":{"$ref":"part.json#/A"}}}')
    write('said.mjs', 'export const said = 1')
    write('doc.json', document(0, '/b'))
    const api = write(
      'api.mjs',
      `import { said } from './said.mjs'
const rows = { kinds: {}, callers: {}, dialect: {}, assumptions: {}, problems: {}, words: {}, steps: {}, settings: {}, dataVersion: 1 }
const run = () => ({ kind: 'reply', reply: { status: 200, body: said }, changes: [] })
export default { name: 'api', document: new URL('doc.json', import.meta.url), ...rows, behaviours: { 'GET /b': { run } } }`,
    )
    const server = run(['serve', '--port', '0', '--log', 'none', '--api', api, main])
    const [, url = ''] = await server.until(/ready on (\S+) /)
    expect([await body(`${url}/a`), await body(`${url}/b`)]).toEqual([1, 1])
    const told = async (name: string, text: string, pattern: RegExp): Promise<void> => {
      server.err = ''
      write(name, text)
      await server.until(pattern, 'err')
    }
    await told('part.json', part(2), /^reloaded: .*part\.json$/m)
    await told('said.mjs', 'export const said = 22', /^reloaded: .*said\.mjs$/m)
    await told('part.json', '{"A":', /^not reloaded, and what was there before is served on: part\.json.*$/m)
    expect([await body(`${url}/a`), await body(`${url}/b`)]).toEqual([2, 22])
    await told('part.json', part(3), /^reloaded: .*part\.json$/m)
    await told('said.mjs', 'export const said = ', /^not reloaded.*: --api \S+api\.mjs: the module does not load: .*$/m)
    expect([await body(`${url}/a`), await body(`${url}/b`)]).toEqual([3, 22])
    await told('said.mjs', 'export const said = 333', /^reloaded: .*said\.mjs$/m)
    expect([await body(`${url}/a`), await body(`${url}/b`)]).toEqual([3, 333])
    await server.stop()
  })
})

describe('a document of one’s own cannot be served', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['is not there', ['serve', 'nowhere.yaml'], /^error: --spec nowhere\.yaml: there is no such file$/],
    [
      'is in the network',
      ['serve', '--spec', 'https://example.com/a.yaml'],
      /nothing is fetched; save the document first, as with curl -sS -o openapi\.yaml https:\/\/example\.com\/a\.yaml$/,
    ],
    ['is a list', ['serve', write('list.yaml', '- 1\n')], /list\.yaml: it is no OpenAPI document: /],
    [
      'is of something else',
      ['serve', write('package.json', '{"name":"a"}')],
      /package\.json: it is no OpenAPI document: it has no version, /,
    ],
    ['has no certificate', ['serve', '--tls-key', join(certificates, 'server.key')], /^error: --tls-key needs --tls-cert beside it$/],
    [
      'has a certificate that is not there',
      ['serve', '--tls-cert', 'no.pem', '--tls-key', 'no.key'],
      /^error: --tls-cert no\.pem: the file cannot be read \(ENOENT/,
    ],
    [
      'has a certificate that is none',
      ['serve', '--tls-cert', write('x.pem', 'x'), '--tls-key', write('x.key', 'x')],
      /are no certificate, as PEM, and its key: /,
    ],
    [
      'lets pages read, and none',
      ['serve', '--cors=false', '--allow-origin', '*'],
      /^error: --cors is off, and --allow-origin lets some origins read: leave out one of them$/,
    ],
    ['sends on to nowhere', ['proxy', write('p.json', document(1)), 'nowhere'], /^error: upstream is "nowhere"; give the URL of a service/],
    [
      'sends on without a document',
      ['proxy', 'https://a.test'],
      /^error: proxy https:\/\/a\.test: no document is given; write proxy openapi\.yaml https:\/\/a\.test/,
    ],
    [
      'sends on what it has not',
      ['serve', '--pass', 'getNothing=https://a.test'],
      /^error: --pass: there is no operation "getNothing"; the nearest are /,
    ],
  ])('where it %s', async (_what, args, message) => {
    const { code, out, err } = await runHere([...args])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err.trim()).toMatch(message)
  })
})
