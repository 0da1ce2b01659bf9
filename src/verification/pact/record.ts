import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createServer } from '../../packages.ts'
import type { Interaction, Pact } from './pact.ts'
import type { Task } from './part.ts'
import type { Fields } from './value.ts'
import { verifyAgainst } from './verify.ts'

/** A request as the Pact verifier sends it. */
export interface SentRequest {
  readonly method: string
  /** Path and query, encoded. */
  readonly target: string
  /** Names in lower case and in order (the verifier has another order each time), each value of its own; without what clients say for themselves. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer
}

export type SentRequests = ReadonlyMap<Interaction, SentRequest>

export interface Circumstances {
  readonly basePathOf: (task: Task) => string
  /** In place of what the pacts have. */
  readonly headers: Readonly<Record<string, string>>
  /** What the provider states of an interaction have returned. */
  readonly valuesOf: (interaction: Interaction) => Fields
  readonly signal?: AbortSignal
}

/**
 * What the verifier sends for each interaction, found out by having it sent to a server that writes it down: how it encodes queries, splits
 * headers, writes bodies and generates values is its own affair. What it cannot send is left out.
 */
export async function recordRequests(
  pacts: readonly Pact[],
  { basePathOf, headers, valuesOf, signal }: Circumstances,
): Promise<SentRequests> {
  const requests = new Map<Interaction, SentRequest>()
  const interactions = pacts.flatMap((pact) => pact.interactions)
  if (interactions.length === 0) return requests
  const numbers = new Map(interactions.map((interaction, number) => [interaction, number]))
  const record = async (message: IncomingMessage): Promise<void> => {
    const interaction = interactions[Number(message.headers[MARK])]
    if (interaction) requests.set(interaction, await sentIn(message))
  }
  const server = createServer({ maxHeaderSize: MAX_HEADERS }, (message, response) => {
    record(message).then(
      () => response.end(),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await verifyAgainst({
      targets: [{ baseUrl: `http://127.0.0.1:${port}` }],
      pacts,
      basePathOf,
      headers,
      ...(signal && { signal }),
      prepare: (interaction) =>
        Promise.resolve({ kind: 'ready', headers: { [MARK]: String(numbers.get(interaction)) }, values: valuesOf(interaction) }),
    })
  } finally {
    server.close()
    server.closeAllConnections()
  }
  return requests
}

/** Tells which interaction a request is of. */
const MARK = 'allocation-mock-interaction'
const MAX_HEADERS = 1_048_576

async function sentIn(message: IncomingMessage): Promise<SentRequest> {
  const { method = '', url = '', rawHeaders, headers } = message
  const body = await buffer(message)
  const pairs = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), utf8(rawHeaders[index + 1] ?? '')] as const] : [],
  )
  const own = pairs.filter(([name, value]) => !isOfClient(name, value)).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return { method, target: url, headers: own, ...(hasBody && { body }) }
}

/** Of the octets, each of which Node takes for a character. */
function utf8(value: string): string {
  return Buffer.from(value, 'latin1').toString()
}

const OF_CONNECTION = new Set([MARK, 'host', 'connection', 'content-length', 'transfer-encoding'])
/** What the verifier says for itself where a pact says nothing. */
const OF_CLIENT: Readonly<Record<string, RegExp>> = {
  accept: /^\*\/\*$/,
  'accept-encoding': /^gzip, ?deflate$/,
  'user-agent': /^pact_verifier\//,
}

function isOfClient(name: string, value: string): boolean {
  return OF_CONNECTION.has(name) || OF_CLIENT[name]?.test(value) === true
}
