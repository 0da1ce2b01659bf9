/**
 * What a request costs, and how many are answered in a second: the mock as `serve`, against Express as everyone writes it, Express bare, node:http
 * by hand, and Prism where it can be installed. One run, all in turn, round after round: machines are noisy, ratios less so, and the time that a
 * server's processor takes for a request is disturbed least.
 *
 *   node bench/http.ts [--json FILE] [--svg FILE]      SECONDS, ROUNDS, ONLY=allocate,get, BEFORE=another checkout of the mock
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { pictureOf } from './picture.ts'
import { prismIn } from './prism.ts'
import type { Begun } from './servers.ts'
import {
  ALLOCATIONS,
  allocatePaths,
  allocateRequests,
  allocationPaths,
  cancelPaths,
  getPaths,
  NOW,
  omsHeaders,
  ORDERS,
  refusedRequests,
  supplierHeaders,
} from './requests.ts'

const SECONDS = Number(process.env['SECONDS'] ?? 3)
const ROUNDS = Number(process.env['ROUNDS'] ?? 3)
const CONNECTIONS = 50
const { values: files } = parseArgs({ options: { json: { type: 'string' }, svg: { type: 'string' } } })
const folder = mkdtempSync(join(tmpdir(), 'bench-'))

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: string
}

interface Row {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly requests: readonly Asked[]
  /** Each can be sent to the mock once. */
  readonly isOnce?: true
  /** The mock refuses all of them. */
  readonly isRefused?: true
  /** What Prism can be asked as well. */
  readonly isForAll?: true
}

const cancels = cancelPaths.map((path) => ({ method: 'PUT', path }))
const ROWS: readonly Row[] = [
  { name: 'allocate', headers: supplierHeaders, requests: allocateRequests.map((one) => ({ method: 'PUT', ...one })), isForAll: true },
  { name: 'get', headers: supplierHeaders, requests: getPaths.map((path) => ({ method: 'GET', path })), isForAll: true },
  { name: 'cancel', headers: omsHeaders, requests: cancels.slice(200), isOnce: true },
  { name: 'cancelled', headers: omsHeaders, requests: cancels.slice(0, 200), isRefused: true },
  { name: 'refused', headers: supplierHeaders, requests: refusedRequests.map((one) => ({ method: 'PUT', ...one })), isRefused: true },
]

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const serve = (checkout: string): readonly string[] => [
  join(checkout, 'bin/allocation-mock.js'),
  ...`serve --port 0 --log none --now ${NOW} --orders ${ORDERS} --allocations ${ALLOCATIONS}`.split(' '),
  ...`--max-entities 1000000 --max-session-bytes ${2 ** 40} --max-state-bytes ${2 ** 40}`.split(' '),
]
const PRISM_PORT = '4099'
const prism = prismIn(folder)
const prismCommand = prism && [...prism.slice(1), PRISM_PORT, here('../spec/supplier-orders.yaml')]
const before = process.env['BEFORE']
const begun = join(folder, 'begun.json')
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  mock: serve(here('..')),
  node: [here('servers.ts'), 'node', begun],
  bare: [here('servers.ts'), 'bare', begun],
  express: [here('servers.ts'), 'express', begun],
  ...(before !== undefined && { before: serve(before) }),
  ...(prismCommand && { prism: prismCommand }),
}

const hasWrk = spawnSync('wrk', ['--version']).error === undefined
if (!hasWrk)
  process.stderr.write(
    'wrk is not there: autocannon stops at some 8,000 requests a second of this size, so the rates say less than the times\n',
  )
/** Server and load have a processor each, where Linux can say so. */
const onProcessor = (number: number): readonly string[] =>
  spawnSync('taskset', ['--version']).error === undefined ? ['taskset', '-c', String(number)] : []

interface Server {
  readonly child: ChildProcess
  readonly url: string
}

async function start(command: readonly string[]): Promise<Server> {
  const [program = '', ...rest] = [...onProcessor(0), process.execPath, ...command]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  if (command === prismCommand) return { child, url: await answering(`http://127.0.0.1:${PRISM_PORT}`) }
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/[^\s/]+/.exec(line) ?? []
    if (url !== undefined) {
      child.stdout.resume()
      return { child, url }
    }
  }
  throw new Error(`${command.join(' ')} does not listen`)
}

/** Prism says nothing of itself where it is to be silent. */
async function answering(url: string): Promise<string> {
  for (;;) {
    try {
      await fetch(url)
      return url
    } catch {
      await setTimeout(100)
    }
  }
}

/** In microseconds; undefined where nobody says. */
function processorTime({ child }: Server): number | undefined {
  try {
    const [, rest = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')
    const [user, system] = rest.split(' ').slice(11, 13).map(Number)
    return ((user ?? 0) + (system ?? 0)) * 10_000
  } catch {
    return undefined
  }
}

interface Loaded {
  readonly requests: number
  readonly refused: number
  readonly rate: number
}

/** @param from the first of the requests that is sent */
async function load(url: string, { name, headers, requests }: Row, from: number): Promise<Loaded> {
  return hasWrk ? byWrk(url, name, headers, requests.slice(from)) : byAutocannon(url, headers, requests.slice(from))
}

function byWrk(url: string, name: string, headers: Row['headers'], requests: readonly Asked[]): Loaded {
  const list = join(folder, `${name}.txt`)
  writeFileSync(list, requests.map(({ method, path, body = '' }) => `${method}\t${path}\t${body}`).join('\n'))
  const script = join(folder, `${name}.lua`)
  const table = Object.entries(headers).map(([header, value]) => `[${JSON.stringify(header)}] = ${JSON.stringify(value)}`)
  writeFileSync(
    script,
    `local headers = { ${table.join(', ')} }
     local all, next = {}, 0
     for line in io.lines(${JSON.stringify(list)}) do
       local method, path, body = line:match("^(%u+)\\t([^\\t]+)\\t(.*)$")
       all[#all + 1] = { method, path, body ~= "" and body or nil }
     end
     request = function()
       local one = all[next % #all + 1]
       next = next + 1
       return wrk.format(one[1], one[2], headers, one[3])
     end`,
  )
  const [program, ...rest] = [...onProcessor(1), 'wrk', '-t', '1', '-c', String(CONNECTIONS), '-d', `${SECONDS}s`, '-s', script, url]
  const said = execFileSync(program, rest, { encoding: 'utf8' })
  const number = (pattern: RegExp): number => Number(pattern.exec(said)?.[1] ?? 0)
  if (/Socket errors/.test(said)) throw new Error(said)
  return {
    requests: number(/(\d+) requests in/),
    refused: number(/Non-2xx or 3xx responses: (\d+)/),
    rate: number(/Requests\/sec: +([\d.]+)/),
  }
}

async function byAutocannon(url: string, headers: Row['headers'], requests: readonly Asked[]): Promise<Loaded> {
  let next = 0
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: [
      {
        setupRequest: (request) => {
          const { method, path, body } = requests[next++ % requests.length] ?? { method: 'GET', path: '/' }
          return { ...request, method: method as 'GET', path, headers: { ...headers }, ...(body !== undefined && { body }) }
        },
      },
    ],
  })
  return { requests: result.requests.total, refused: result.non2xx, rate: result.requests.average }
}

export interface Measured {
  readonly row: string
  readonly server: string
  /** Requests per second: the median of the rounds, the least and the most. */
  readonly rate: readonly [median: number, least: number, most: number]
  /** Of the server's processor, in microseconds a request. */
  readonly time?: readonly [median: number, least: number, most: number]
}

function spread(values: readonly number[]): readonly [number, number, number] {
  const sorted = values.toSorted((a, b) => a - b)
  return [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted[0] ?? 0, sorted.at(-1) ?? 0]
}

/** What the mock answers to these paths, by their last names. */
function answered({ url }: Server, paths: readonly string[], headers: Row['headers']): Promise<Begun['orders']> {
  return Promise.all(
    paths.map(async (path) => {
      const response = await fetch(url + path, { headers })
      return [path.split('/').findLast((part) => part !== '') ?? '', await response.json()] as const
    }),
  )
}

const servers = new Map<string, Server>()
for (const [name, command] of Object.entries(COMMANDS)) {
  const server = await start(command)
  servers.set(name, server)
  if (name !== 'mock') continue
  const orders = [...new Set([...getPaths, ...allocatePaths.map((path) => path.replace('/allocation', ''))])]
  const known: Begun = {
    orders: await answered(server, orders, supplierHeaders),
    allocations: await answered(server, allocationPaths, omsHeaders),
  }
  writeFileSync(begun, JSON.stringify(known))
}
const isMock = (name: string): boolean => name === 'mock' || name === 'before'
for (const [name, { url }] of servers)
  for (const { path, method } of isMock(name) ? cancels.slice(0, 200) : []) await fetch(url + path, { method, headers: omsHeaders })

const wanted = process.env['ONLY']?.split(',')
const measured: Measured[] = []
const used = new Map<string, number>()
for (const row of ROWS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  const found = new Map([...servers.keys()].map((name) => [name, { rates: [] as number[], times: [] as number[] }]))
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, server] of servers) {
      if (name === 'prism' && !row.isForAll) continue
      const from = row.isOnce && isMock(name) ? (used.get(name) ?? 0) : 0
      const begun = processorTime(server)
      const loaded = await load(server.url, row, from)
      const ended = processorTime(server)
      // What was on its way when the time was over was done as well.
      if (row.isOnce) used.set(name, from + loaded.requests + 2 * CONNECTIONS)
      const expected = isMock(name) && row.isRefused ? loaded.requests : 0
      if (loaded.refused !== expected && name !== 'prism')
        throw new Error(`${name} ${row.name}: ${loaded.refused} of ${loaded.requests} were refused`)
      // The first round warms up.
      if (round === 0) continue
      found.get(name)?.rates.push(loaded.rate)
      if (begun !== undefined && ended !== undefined) found.get(name)?.times.push((ended - begun) / loaded.requests)
    }
  const [bare] = spread(found.get('bare')?.times ?? [])
  for (const [server, { rates, times }] of found) {
    if (rates.length === 0) continue
    const one: Measured = { row: row.name, server, rate: spread(rates), ...(times.length > 0 && { time: spread(times) }) }
    measured.push(one)
    const time = one.time ? `${one.time.map((value) => value.toFixed(1)).join(' / ')} µs, ${(one.time[0] / bare).toFixed(2)} of bare` : ''
    process.stdout.write(`${row.name.padEnd(10)} ${server.padEnd(8)} ${one.rate[0].toFixed(0).padStart(7)}/s  ${time}\n`)
  }
}
for (const { child } of servers.values()) child.kill()
if (files.json !== undefined) writeFileSync(files.json, `${JSON.stringify({ node: process.version, measured }, null, 2)}\n`)
if (files.svg !== undefined) writeFileSync(files.svg, pictureOf(measured))
