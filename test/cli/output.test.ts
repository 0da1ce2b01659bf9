import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runHere } from './here.ts'
import { BIN, ROOT, run, Running } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'output-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A line of bash, in which `mock` is the command. */
const bash = (line: string) => new Running('bash', ['-c', `mock() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`], { cwd: ROOT }).ended

describe('results that are lost: exit 2', () => {
  // What each prints by: a line, the help, a report in colours.
  it.each(['scenario list --json', 'assumptions --help', 'verify --only document'])('%s > /dev/full', async (command) => {
    const { code, err } = await bash(`mock ${command} > /dev/full`)
    expect(err).toMatch(/(^|\n)error: results are lost, standard output cannot be written: ENOSPC: .*\n$/)
    expect(code).toBe(2)
  })

  it('on a disk that takes only some of them', async () => {
    const file = join(folder, 'report.json')
    const { code, err } = await bash(`ulimit -f 1; NODE_DISABLE_COMPILE_CACHE=1 mock assumptions > '${file}'`)
    expect(readFileSync(file).length).toBe(1024)
    expect(err).toMatch(/^error: results are lost, .*EFBIG/)
    expect(code).toBe(2)
  })

  it('talk that is lost loses nothing', async () => {
    expect(await bash('mock coverage --threshold 100 2> /dev/full')).toMatchObject({ code: 1 })
  })

  it('a reader who has read enough takes nothing of its code', async () => {
    const { code, out } = await bash('mock coverage --threshold 100 --format json | head -1; exit ${PIPESTATUS[0]}')
    expect(out.split('\n')).toHaveLength(2)
    expect(code).toBe(1)
  })
})

describe('allocation-mock verify that is ended by a signal', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGKILL', null],
  ] as const)('%s: its process ends with it, and its files are gone', async (signal, expected) => {
    const home = mkdtempSync(join(folder, 'home-'))
    const asked = Promise.withResolvers<void>()
    const provider = createServer(() => asked.resolve())
    await once(provider.listen(0, '127.0.0.1'), 'listening')
    const closed = new Promise<void>((resolve) => provider.on('connection', (socket) => socket.on('close', () => resolve())))
    const pact = {
      consumer: { name: 'shop' },
      provider: { name: 'orders' },
      interactions: [{ description: 'an order', request: { path: '/' }, response: {} }],
    }
    writeFileSync(join(home, 'pact.json'), JSON.stringify(pact))
    mkdirSync(join(home, 'tmp'))
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    const verify = run(['verify', 'pact.json', '--only', 'provider', '--provider', url], { cwd: home, env: { TMPDIR: join(home, 'tmp') } })
    await asked.promise
    const { code } = await verify.stop(signal)
    // The verifier's own process holds the connection.
    await closed
    await provider[Symbol.asyncDispose]()
    expect(code).toBe(expected)
    // After SIGKILL nobody is there to remove them.
    if (signal !== 'SIGKILL')
      expect(readdirSync(join(home, 'tmp')).filter((name) => name.startsWith('allocation-mock-verify-'))).toEqual([])
  })
})

describe('allocation-mock verify --junit', () => {
  const verify = (...args: string[]) =>
    runHere(['verify', '--only', 'document', '--description', 'login', ...args], { env: { GITHUB_ACTIONS: 'true' } })

  it('makes the folder', async () => {
    const file = join(folder, 'a/new/folder/junit.xml')
    expect(await verify('--junit', file)).toMatchObject({ code: 0, err: '' })
    expect(existsSync(file)).toBe(true)
  })

  it.each([
    ['a folder', '.', /^error: --junit is ".*"; it cannot be written \(EISDIR: .*\)\n$/],
    ['below a file', 'package.json/junit.xml', /^error: --junit is ".*"; it cannot be written \((ENOTDIR|EEXIST): .*\)\n$/],
    ['/proc', '/proc/junit.xml', /^error: --junit is ".*"; it cannot be written \(.*\)\n$/],
  ])('says that %s cannot be written before anything is verified', async (_name, file, said) => {
    const { code, out, err } = await verify('--junit', file)
    expect(out).toBe('')
    expect(err).toMatch(said)
    expect(code).toBe(2)
  })

  it('says so of the summary of a job at GitHub', async () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: ROOT }
    const { code, out, err } = await runHere(['verify', '--only', 'document'], { env })
    expect(out).toBe('')
    expect(err).toMatch(/^error: GITHUB_STEP_SUMMARY is ".*"; it cannot be written \(EISDIR/)
    expect(code).toBe(2)
  })
})
