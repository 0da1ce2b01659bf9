import { parsedJson } from '../base/decode.ts'
import { EXPLAINED } from '../base/refusal.ts'
import { hasNoBody, type Cut, GARBAGE, pointerPart } from '../base/http.ts'
import type { ExportedExchange } from './export.ts'
import { type Incoming, parse, type Parsed } from './line.ts'

/** One thing that differs between the answer of then and that of now. */
export interface Difference {
  readonly what: 'connection' | 'status' | 'header' | 'body'
  /** The header's name, or the JSON pointer into the body; for another text where the difference begins. */
  readonly at?: string
  /** Undefined where there was nothing. Values are JSON. */
  readonly recorded?: string
  readonly now?: string
}

const PROBLEM = 'application/problem+json'

/** Of the line, and of browsers: no two connections need be alike. */
const OF_LINE = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-type'])

/**
 * What differs, byte for byte.
 * @param ids the id that the request has now, and had then: requests that are not repeated have no number
 */
export function differencesOf(
  { method, answer, gone }: ExportedExchange,
  incoming: Incoming,
  ids: { readonly now: string; readonly recorded: string },
): readonly Difference[] {
  const isHead = method === 'HEAD'
  const now = parse(incoming.bytes)
  const [met, wanted] = [endingOf(incoming, now, isHead), gone ? 'EMPTY_RESPONSE' : answer.cut]
  const connection =
    met === wanted ? [] : [{ what: 'connection', recorded: wanted ?? 'a whole answer', now: met ?? 'a whole answer' } as const]
  if (gone || !now) return connection
  const isChunk = met === 'MALFORMED_RESPONSE_CHUNK'
  const whole = Buffer.from(answer.body ?? '')
  const isExplained = answer.mediaType === PROBLEM
  // What the edge makes of an answer that it cuts.
  const status = isChunk && hasNoBody(answer.status) ? 200 : answer.status
  const body = isChunk ? GARBAGE : met === 'TRUNCATED_RESPONSE' ? whole.subarray(0, Math.floor(whole.length / 2)) : whole
  const got = isExplained ? withoutExplanation(now.body) : now.body
  const isSame = isHead || got.equals(body)
  return [
    ...connection,
    ...(now.status === status ? [] : [{ what: 'status', recorded: String(status), now: String(now.status) } as const]),
    ...headerDifferences(answer, now, ids),
    ...(isHead && !isExplained ? lengthDifference(whole.length, now) : []),
    ...(isSame ? [] : bodyDifferences(body.toString('utf8'), got.toString('utf8'))),
  ]
}

/** Problem details as they are kept. */
function withoutExplanation(body: Buffer): Buffer {
  const details = parsedJson(body.toString('utf8'))
  const members = membersOf(details)
  if (!members || !EXPLAINED.some((name) => members.has(name))) return body
  for (const name of EXPLAINED) members.delete(name)
  return Buffer.from(JSON.stringify(Object.fromEntries(members)))
}

/** How the edge ended an answer, by what came of it. */
function endingOf({ bytes, isReset }: Incoming, parsed: Parsed | undefined, isHead: boolean): Cut | undefined {
  if (isReset) return 'CONNECTION_RESET_BY_PEER'
  if (bytes.length === 0) return 'EMPTY_RESPONSE'
  if (!parsed) return 'RANDOM_DATA_THEN_CLOSE'
  if (parsed.headers.get('transfer-encoding') === 'chunked') return 'MALFORMED_RESPONSE_CHUNK'
  const isShort = !parsed.hasBody || (!isHead && parsed.body.length < Number(parsed.headers.get('content-length') ?? 0))
  return isShort ? 'TRUNCATED_RESPONSE' : undefined
}

function headerDifferences(
  { headers, mediaType }: ExportedExchange['answer'],
  now: Parsed,
  ids: { readonly now: string; readonly recorded: string },
): readonly Difference[] {
  const recorded = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), { name, value }]))
  const type = now.headers.get('content-type')
  const seen = [...now.headers].filter(([name]) => !OF_LINE.has(name)).map(([name, value]) => [name, asRecorded(name, value, ids)] as const)
  return [
    ...(type === mediaType ? [] : [{ what: 'header', at: 'Content-Type', ...texts(mediaType, type) } as const]),
    ...[...recorded].flatMap(([key, { name, value }]): Difference[] => {
      const other = seen.find(([one]) => one === key)?.[1]
      return other === value ? [] : [{ what: 'header', at: name, ...texts(value, other) }]
    }),
    ...seen.flatMap(([name, value]): Difference[] =>
      recorded.has(name) ? [] : [{ what: 'header', at: name, ...texts(undefined, value) }],
    ),
  ]
}

/** An id is counted: it says nothing of the answer that it has another number. */
function asRecorded(name: string, value: string, { now, recorded }: { readonly now: string; readonly recorded: string }): string {
  if (name === 'mock-request-id' && value === now) return recorded
  const end = `/requests/${now}`
  return name === 'mock-explain' && value.endsWith(end) ? `${value.slice(0, -end.length)}/requests/${recorded}` : value
}

function lengthDifference(length: number, { headers }: Parsed): readonly Difference[] {
  const now = headers.get('content-length')
  return now === undefined || Number(now) === length ? [] : [{ what: 'header', at: 'Content-Length', ...texts(String(length), now) }]
}

function texts(recorded: string | undefined, now: string | undefined): Pick<Difference, 'recorded' | 'now'> {
  return {
    ...(recorded !== undefined && { recorded: JSON.stringify(recorded) }),
    ...(now !== undefined && { now: JSON.stringify(now) }),
  }
}

function bodyDifferences(recorded: string, now: string): readonly Difference[] {
  const [then, other] = [parsedJson(recorded), parsedJson(now)]
  const found = then !== undefined && other !== undefined ? valueDifferences(then, other, '') : []
  return found.length > 0 ? found : [{ what: 'body', ...textDifference(recorded, now) }]
}

/** Values that differ, each by its JSON pointer. */
function valueDifferences(recorded: unknown, now: unknown, at: string): readonly Difference[] {
  const [then, other] = [membersOf(recorded), membersOf(now)]
  if (then && other && Array.isArray(recorded) === Array.isArray(now))
    return [...new Set([...then.keys(), ...other.keys()])].flatMap((name) =>
      valueDifferences(then.get(name), other.get(name), `${at}/${pointerPart(name)}`),
    )
  const [a, b] = [JSON.stringify(recorded), JSON.stringify(now)]
  return a === b ? [] : [{ what: 'body', at, ...(recorded !== undefined && { recorded: a }), ...(now !== undefined && { now: b }) }]
}

function membersOf(value: unknown): Map<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)) : undefined
}

/** How much of a text is shown before and behind where it begins to differ. */
const CONTEXT = 30

function textDifference(recorded: string, now: string): Omit<Difference, 'what'> {
  let at = 0
  while (at < recorded.length && recorded[at] === now[at]) at++
  const around = (text: string): string => text.slice(Math.max(0, at - CONTEXT), at + CONTEXT)
  return {
    at: `character ${at}`,
    ...texts(recorded === '' ? undefined : around(recorded), now === '' ? undefined : around(now)),
  }
}
