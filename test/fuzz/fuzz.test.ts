import { connect } from 'node:net'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { RequestSummary } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, openMock, ORDER, quantities, supplierClient } from '../support.ts'
import { Answered } from './answered.ts'
import { noise } from './bytes.ts'
import { type Message, requestsOfDocuments, written } from './requests.ts'

const LONG = process.env['LONG'] !== undefined
const SEED = 4_712
/** What is learned of answers, and every session, is forgotten after so many: the number of a batch repeats what went wrong in it. */
const BATCH = 500
const BATCHES = LONG ? 600 : 10
const UNTOUCHED = 'untouched'
/** The longest that a request may keep the process at work, in milliseconds. */
const LONGEST = 200

/** What a short run may not succeed in. */
const SELDOM = [
  'supplier-orders confirmOrderCancellation',
  'supplier-orders rejectLineItemCancellation',
  'oms-allocations getShipment',
  'control unbindSession',
  'control dropFault',
  'control restoreSnapshot',
  'control dropSnapshot',
  'control takeStep',
]

/** Refusals of a server that keeps as much as it may. */
const BOUNDS = ['sessions-exhausted', 'session-full', 'memory-exhausted', 'listeners-exhausted']

const failures: unknown[] = []
let heard: RequestSummary[] = []
// Small, so that every bound is met.
const mock = await openMock({
  orders: 60,
  allocations: 60,
  maxSessions: 40,
  maxEntities: 300,
  maxSessionBytes: 4_000_000,
  journalBytes: 1_000_000,
  delay: (_, over) => {
    const timer = setImmediate(over)
    return () => clearImmediate(timer)
  },
  onFailure: (error) => failures.push(error),
  onRequest: (summary) => heard.push(summary),
})
const { port } = await mock.listen({ port: 0 })
afterAll(() => mock.close())

/** What comes back until the server closes the connection; rejects when it never does. A stream of events is left when it begins. */
function exchange(sent: Buffer, isWhole: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.setTimeout(120_000, () => {
      socket.destroy()
      reject(new Error('the server hangs'))
    })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (chunks.length === 1 && /^Content-Type: text\/event-stream/im.test(chunk.toString('latin1'))) socket.destroy()
    })
    // A connection that is reset while we still write was closed all the same.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
    if (isWhole) socket.write(sent)
    else socket.end(sent)
  })
}

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
}

function readAnswer(bytes: Buffer): Answer {
  let start = 0
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', start)
    const head = bytes.toString('latin1', start, end === -1 ? bytes.length : end)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
    start = end + 4
    if (status !== 100) return { status, head, body: end === -1 ? Buffer.alloc(0) : bytes.subarray(start) }
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** What is wrong with an answer; undefined where nothing is. */
function faultOf({ method }: Message, { status, head, body }: Answer): string | undefined {
  const [failure] = failures.splice(0)
  if (failure !== undefined) return `a failure of the mock's own: ${inspect(failure)}`
  // What a fault spoils may be anything.
  if (heard.some(({ fault }) => fault !== undefined)) return undefined
  if (Number.isNaN(status)) return 'there is no answer'
  const code = heard.at(-1)?.problem?.code ?? Object(parsed(body))['code']
  if (status >= 500 && !(status === 503 && BOUNDS.includes(code)) && !/^Preference-Applied:/im.test(head)) return `status ${status}`
  const length = /^Content-Length: (\d+)/im.exec(head)?.[1]
  if (length !== undefined && method !== 'HEAD' && Number(length) !== body.length)
    return `Content-Length ${length}, and ${body.length} bytes`
  return undefined
}

function shown(bytes: Buffer): string {
  return bytes.toString('utf8', 0, Math.min(bytes.length, 4_000))
}

/** What a session that nobody fuzzes answers, to the byte but for the number of the request. */
async function untouched(): Promise<readonly string[]> {
  const oms = ['Authorization: Bearer any', `x-site-context: {"account":"${ACCOUNT}"}`]
  const asked: readonly (readonly [string, readonly string[], string?])[] = [
    [`GET /orders/${ORDER}/`, ['Authorization: Token 1234567890']],
    ['POST /orders/', ['Authorization: Token 1234567890'], '{"limit":100}'],
    [`GET /api/v2/allocation/${ALLOCATION}`, oms],
    ['POST /api/v2/allocation/query', oms, '{"limit":100}'],
    [`GET /__mock/sessions/${UNTOUCHED}/entities?changed=true`, []],
  ]
  const answers: string[] = []
  for (const [line, headers, body = ''] of asked) {
    const lines = [
      `${line} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      `Mock-Session: ${UNTOUCHED}`,
      'Content-Type: application/json',
    ]
    const sent = [...lines, ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n')
    answers.push((await exchange(Buffer.from(sent), true)).toString('latin1').replace(/^Mock-Request-Id: .*$/im, ''))
  }
  return answers
}

const SCENARIOS = ['cancel-pending', 'one-of-each', 'busy-day', 'already-shipped', 'reallocated-twice', 'partial-with-backorder']

/** One that there is to look at, and that seldom befalls anybody. */
const FAULT = { id: 'f1', operation: 'login', probability: 0.1, status: 503 }

/** Two sessions of little, so that requests meet what others have touched. */
async function begin(answered: Answered, batch: number): Promise<void> {
  for (const name of ['a', 'b']) {
    const scenario = { extends: SCENARIOS[batch % SCENARIOS.length] ?? '', population: { orders: 4, allocations: 4 }, faults: [FAULT] }
    const session = await mock.createSession({ name, scenario })
    answered.learn({ ...(await session.entities({ limit: 100 })), sessions: [{ name }] })
    answered.learn(await session.examples())
  }
}

async function dropSessions(): Promise<void> {
  for (const { name } of await mock.sessions()) if (name !== UNTOUCHED) await mock.session(name).drop()
}

describe('any request', async () => {
  const requests = await requestsOfDocuments()
  const any = fc.oneof(...requests.values())

  it('is answered, never by a failure, and leaves other sessions alone', async () => {
    await supplierClient(mock, { session: UNTOUCHED }).allocate(quantities(4, 2)).expect(200)
    const before = await untouched()
    const met = new Set<string>()
    const slow: string[] = []
    for (let batch = 0; batch < BATCHES; batch++) {
      const answered = new Answered((value) => value === UNTOUCHED || String(value).startsWith(`${UNTOUCHED}-`))
      await begin(answered, batch)
      answered.learn({ operation: [...requests.keys()].map((id) => id.split(' ')[1]) })
      const drafts = fc.sample(any, { seed: SEED + batch, numRuns: BATCH })
      for (const [number, draft] of drafts.entries()) {
        const message = written(draft, answered)
        heard = []
        const started = process.threadCpuUsage()
        const bytes = await exchange(message.bytes, true)
        const { user, system } = process.threadCpuUsage(started)
        const answer = readAnswer(bytes)
        const wrong = faultOf(message, answer)
        if (wrong !== undefined)
          throw new Error(`${wrong}; request ${number} of batch ${batch}:\n${shown(message.bytes)}\n\n${shown(bytes)}`)
        if (user + system > LONGEST * 1_000)
          slow.push(`${(user + system) / 1_000} ms, request ${number} of batch ${batch}:\n${shown(message.bytes)}`)
        met.add(`${message.operation} ${answer.status < 300 ? 'done' : 'refused'}`)
        if (answer.status < 300) answered.learn(parsed(answer.body), message.collection)
      }
      await dropSessions()
    }
    // Requests that are all refused would prove little.
    const never = [...requests.keys()].filter((id) => !met.has(`${id} done`))
    expect(LONG ? never : never.filter((id) => !SELDOM.includes(id))).toEqual([])
    if (LONG) expect(slow).toEqual([])
    expect(await untouched()).toEqual(before)
  })

  it('may be no request at all', async () => {
    const before = await untouched()
    await fc.assert(
      fc.asyncProperty(noise, async (sent) => {
        const answer = await exchange(sent, false)
        const statuses = [...answer.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status))
        expect(statuses.filter((status) => status >= 500)).toEqual([])
        expect(failures.splice(0)).toEqual([])
      }),
      { seed: SEED, numRuns: LONG ? 10_000 : 200 },
    )
    expect(await untouched()).toEqual(before)
  })
})
