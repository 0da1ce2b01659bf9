import { isDeepStrictEqual } from 'node:util'
import { createMock, type Mock } from '../../src/index.ts'
import { defineApi } from '../../src/api.ts'
import { createReader, type Located, type Reader } from '../../src/contract/schema.ts'
import { Judge } from './judge.ts'
import { type Sent, type Trial, trialsOf, UNREACHABLE } from './requests.ts'

export interface Figures {
  readonly operations: number
  /** Those that no request can be told to be for. */
  readonly hidden: number
  readonly static: number
  readonly dynamic: number
  readonly refused: number
  /** In how many something can be made wrong. */
  readonly refusable: number
  /** Answers that are the document's own example, which its schema does not allow. */
  readonly examples: number
  /** Of the processor: others may keep the machine busy. */
  readonly startMs: number
  readonly heapMb: number
  /** What went otherwise than it should. */
  readonly faults: readonly string[]
}

/** Serves a document, and asks for each of its operations, in three ways. */
export async function serveAndTry(file: string): Promise<Figures> {
  global.gc?.()
  const before = process.memoryUsage().heapUsed
  const began = process.cpuUsage()
  await using mock = await createMock({ apis: [defineApi({ document: file })], now: '2026-03-01T12:00:00Z' })
  const { user, system } = process.cpuUsage(began)
  const startMs = (user + system) / 1_000
  global.gc?.()
  const heapMb = (process.memoryUsage().heapUsed - before) / 1_048_576
  const { document, trials } = await trialsOf(file)
  const reader = createReader(document)
  const judge = new Judge(document)
  const faults: string[] = []
  const counts = { hidden: 0, static: 0, dynamic: 0, refused: 0, refusable: 0, examples: 0 }
  for (const trial of trials) {
    const name = `${trial.operation.method} ${trial.operation.template}`
    if ('impossible' in trial) {
      if (trial.impossible === UNREACHABLE) {
        counts.hidden++
        continue
      }
      faults.push(`${name}: no request: ${trial.impossible}`)
      continue
    }
    for (const way of ['static', 'dynamic'] as const) {
      const fault = await tried(mock, trial, way, reader, judge)
      if (fault === undefined) counts[way]++
      else if (fault === EXAMPLE) {
        counts[way]++
        counts.examples++
      } else faults.push(`${name} ${way}: ${fault}`)
    }
    const [wrong] = trial.wrong
    if (!wrong) continue
    counts.refusable++
    const response = await send(mock, wrong.sent)
    const found = await pointersOf(mock, response)
    if (response.status >= 400 && response.status < 500 && found.some((at) => at === wrong.at || at.startsWith(`${wrong.at}/`)))
      counts.refused++
    else
      faults.push(
        `${name} ${wrong.what}: ${response.status}, told of ${found.join(', ')} and not ${wrong.at} ${(await response.text()).slice(0, 300)}`,
      )
  }
  return { operations: trials.length, ...counts, startMs, heapMb, faults }
}

const EXAMPLE = Symbol('an example that does not fit')

async function send(
  mock: Mock,
  { method, path, query, headers, body }: Sent,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return mock.fetch(`http://localhost${path}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: { ...headers, ...more },
    ...(body !== undefined && { body }),
  })
}

async function pointersOf(mock: Mock, response: Response): Promise<string[]> {
  const id = response.headers.get('mock-request-id')
  const told: unknown = await (await mock.fetch(`http://localhost/__mock/requests/${id}`)).json()
  return pointersIn(told)
}

async function tried(
  mock: Mock,
  { operation, valid }: Trial,
  way: 'static' | 'dynamic',
  reader: Reader,
  judge: Judge,
): Promise<string | typeof EXAMPLE | undefined> {
  const response = await send(mock, valid, way === 'dynamic' ? { prefer: 'dynamic=true' } : {})
  const text = await response.text()
  const { status } = response
  const statuses = operation.statuses
  const documented = statuses.includes(String(status))
    ? String(status)
    : statuses.includes(`${Math.floor(status / 100)}XX`)
      ? `${Math.floor(status / 100)}XX`
      : statuses.includes('default')
        ? 'default'
        : undefined
  const hasGood = statuses.some((one) => one.startsWith('2') || one === 'default')
  if (documented === undefined && statuses.some((one) => /^([2-5]|default)/.test(one)))
    return `${status}, which is not documented: ${text.slice(0, 400)}`
  if (hasGood && (status < 200 || status > 299)) return `${status}: ${text.slice(0, 400)}`
  if (response.headers.get('content-type')?.startsWith('application/problem') && !hasGood) return `${status} refused: ${text.slice(0, 400)}`
  if (documented === undefined) return undefined
  const main = judge.document.sources[0]?.uri ?? ''
  const located = locate(reader, main, operation.template, operation.method, documented)
  if (!located) return undefined
  const contents = reader.children(located, 'content')
  if (contents.length === 0) return text === '' ? undefined : `a body where none is documented: ${text.slice(0, 100)}`
  if (status === 204 || status === 205 || status === 304 || operation.method === 'HEAD') return undefined
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const [, media] =
    contents.find(([one]) => one.split(';')[0]?.trim().toLowerCase() === type) ?? contents.find(([one]) => one.includes('*')) ?? []
  if (text === '' && !/json/.test(contents.map(([one]) => one).join())) return undefined
  if (!media) return `the media type ${type} is not documented: ${text.slice(0, 100)}`
  const schema = reader.schema(media, 'schema')
  if (!schema) return undefined
  if (text === '') return /json/.test(type) ? `an empty body` : undefined
  if (!/json/.test(type)) return undefined
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return `no JSON: ${text.slice(0, 100)}`
  }
  const misfit = judge.misfit(schema.uri, schema.pointer, body)
  // Of several forms it may be more than one, where none is told from the others.
  if (misfit === undefined || /^(?:(?:, )?data\S* must match exactly one schema in oneOf)+$/.test(misfit)) return undefined
  if (
    way === 'static' &&
    examplesOf(media, schema, reader).some((example) => isDeepStrictEqual(JSON.parse(JSON.stringify(example ?? null)), body))
  )
    return EXAMPLE
  return `${status} does not fit: ${misfit.slice(0, 300)}: ${text.slice(0, 200)}`
}

function locate(reader: Reader, main: string, template: string, method: string, status: string): Located | undefined {
  const item = reader.children(reader.at(main, ''), 'paths').find(([name]) => name === template)?.[1]
  const operation = item && reader.child(item, method.toLowerCase())
  return operation && reader.children(operation, 'responses').find(([one]) => one === status)?.[1]
}

function examplesOf(media: Located, schema: Located, reader: Reader): unknown[] {
  const named = reader.children(media, 'examples').map(([, { value }]) => value['value'])
  const own: unknown[] = []
  const seen = new Set<unknown>()
  for (let one: Located | undefined = schema; one && !seen.has(one.value); one = reader.target(one)) {
    seen.add(one.value)
    own.push(one.value['example'], ...[one.value['examples'] ?? []].flat())
  }
  return [media.value['example'], ...named, ...own]
}

/** All that stands under `at` in an entry of the journal. */
function pointersIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    key === 'at' && typeof one === 'string' ? [one] : pointersIn(one),
  )
}
