import { createHash } from 'node:crypto'
import { connect as openSocket } from 'node:net'
import { json } from 'node:stream/consumers'
import { connect, type ExampleRequest, type Fault, type Scenario } from '../src/client/client.ts'

/** Which clients a process is, and where their mock listens. */
export interface Cast {
  readonly url: string
  readonly clients: readonly number[]
  readonly requests: number
}

/** An answer as it came over the line. */
export interface Met {
  readonly asked: string
  /** Of all its bytes. */
  readonly digest: string
  /** How it begins. */
  readonly head: string
  /** Whether the connection ended well. */
  readonly end: string
}

const SCENARIOS = [
  'all-in-stock',
  'partial-with-backorder',
  'already-shipped',
  'busy-day',
  'cancel-pending',
  'reallocated-twice',
  'tenant-empty',
  'first-call-fails',
  'rate-limited',
]

const FAULTS: readonly (readonly Fault[])[] = [
  [],
  [{ probability: 0.3, status: 503, retryAfter: '3s' }],
  [{ limit: { requests: 3, per: '10m' } }],
  [
    { probability: 0.1, at: 'after', fault: 'EMPTY_RESPONSE' },
    { probability: 0.1, at: 'after', fault: 'TRUNCATED_RESPONSE' },
    { probability: 0.1, fault: 'MALFORMED_RESPONSE_CHUNK' },
  ],
  [
    { probability: 0.2, fault: 'MALFORMED_BODY' },
    { probability: 0.3, at: 'after', delayDistribution: { type: 'uniform', lower: 1, upper: 5 } },
  ],
  [
    { probability: 0.2, fault: 'SCHEMA_VIOLATION' },
    { calls: { first: 5, last: 9 }, status: 500, at: 'after' },
  ],
  [
    { calls: 4, fault: 'CONNECTION_RESET_BY_PEER' },
    { probability: 0.2, fault: 'WRONG_MEDIA_TYPE' },
  ],
]

/** What a client's session starts from: no two have the same clock and seed. */
function startOf(client: number): { readonly scenario: Scenario; readonly seed: string } {
  const day = new Date(Date.UTC(2026, 0, 1 + client, client % 24)).toISOString()
  return {
    seed: `seed-${client}`,
    scenario: {
      extends: SCENARIOS[client % SCENARIOS.length] ?? '',
      clock: { frozen: day },
      progress: client % 2 === 0 ? { queued: { after: '1h' }, sent: { reads: 2 }, backorder: { after: '90m' } } : 'manual',
      faults: FAULTS[client % FAULTS.length] ?? [],
      population: { orders: 200, allocations: 200 },
    },
  }
}

/** Numbers from 0 below 1 that look like chance, and are a function of the client (mulberry32). */
function diceOf(client: number): () => number {
  let state = client
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** All that one client meets: its requests one after the other, its clock moved and its past put back in between. */
export async function play(url: string, client: number, requests: number): Promise<readonly Met[]> {
  const name = `client-${client}`
  const dice = diceOf(client)
  const session = await connect(url).createSession({ name, ...startOf(client) })
  const met: Met[] = []
  let known: readonly ExampleRequest[] = []
  for (let step = 0; step < requests; step++) {
    if (step % 7 === 0)
      known = (await Promise.all(['1234567890', 'retailer-1234567890'].map((token) => session.examples({ token })))).flat()
    if (step % 10 === 5) await session.advance(`${1 + Math.floor(dice() * 90)}m`)
    if (step === Math.floor(requests / 3)) await session.snapshot('third')
    if (step === Math.floor(requests / 2)) await session.restore('third')
    const example = known[Math.floor(dice() * known.length)]
    if (example) met.push(await ask(url, { ...example, headers: { ...example.headers, ...session.headers } }))
  }
  const { age: _age, idle: _idle, ...info } = await session.info()
  const entities = await session.entities({ changed: true, limit: 100 })
  const left = JSON.stringify({ info, entities })
  met.push({ asked: 'what is left', digest: digestOf(left), head: left.slice(0, 300), end: '' })
  return met
}

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}

/** Writes a request to a socket of its own, and keeps every byte that comes back. */
function ask(url: string, { method, path, headers, body }: ExampleRequest): Promise<Met> {
  const { hostname, port } = new URL(url)
  const text = body === undefined ? '' : JSON.stringify(body)
  const lines = Object.entries({
    ...headers,
    // Some answers name the host that was asked, and every mock has a port of its own.
    Host: 'localhost:4010',
    Connection: 'close',
    ...(text !== '' && { 'Content-Length': String(Buffer.byteLength(text)) }),
  }).map(([header, value]) => `${header}: ${value}\r\n`)
  return new Promise((resolve) => {
    const socket = openSocket(Number(port), hostname)
    let bytes = ''
    let end = 'end'
    socket.setEncoding('latin1')
    socket.on('data', (some: string) => (bytes += some))
    socket.on('error', (error) => (end = 'code' in error ? String(error.code) : error.message))
    socket.on('close', () => resolve({ asked: `${method} ${path}`, digest: digestOf(bytes), head: bytes.slice(0, 300), end }))
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`)
  })
}

if (import.meta.main) {
  // The test wrote it by the type.
  const { url, clients, requests } = (await json(process.stdin)) as Cast
  const met = await Promise.all(clients.map((client) => play(url, client, requests)))
  process.stdout.write(JSON.stringify(met))
}
