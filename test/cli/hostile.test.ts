import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createLog } from '../../src/cli/log.ts'
import type { Outside } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import { createMock } from '../../src/index.ts'
import { folder } from '../contracts/pacts.ts'
import { expectHarmless, HOSTILE, outsideOfCode } from '../hostile.ts'
import { BrokerStandIn } from '../pact/broker-stand-in.ts'
import { runHere } from './here.ts'

/** A pact of an interaction that no document has, with the text in every place for one. */
function pactWith(text: string): object {
  const request = { method: 'PUT', path: '/orders/', headers: { [`X-${text.length}`]: text, 'Content-Type': 'text/plain' } }
  const interaction = (own: object, status: number): object => ({
    type: 'Synchronous/HTTP',
    description: text,
    providerStates: [{ name: text, params: { [text]: text } }],
    request: { ...request, ...own },
    response: {
      status,
      headers: { 'X-Other': text },
      body: { content: { [text]: text }, contentType: 'application/json', encoded: false },
    },
  })
  return {
    consumer: { name: text },
    provider: { name: 'supplier-orders' },
    interactions: [
      interaction({ body: { content: text, contentType: 'text/plain', encoded: false } }, 299),
      interaction({ method: 'POST', query: { [text]: [text] }, body: { content: { [text]: text }, contentType: 'application/json' } }, 200),
    ],
    metadata: { pactSpecification: { version: '4.0' } },
  }
}

/** A document that names all it can by the text. */
const documentWith = (text: string): object => ({
  openapi: '3.0.3',
  info: { title: text, version: text },
  paths: {
    '/orders/': {
      post: {
        operationId: text,
        parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'string', enum: [text] } }],
        responses: { 200: { description: text, content: { 'application/json': { schema: { required: [text, 'a'], enum: [text] } } } } },
      },
    },
  },
})

let recorded: { session: string; exchanges: { path: string; answer: Record<string, unknown> }[] }
beforeAll(async () => {
  await using mock = await createMock({ orders: 1, allocations: 1 })
  const { url } = await mock.listen({ port: 0 })
  await fetch(`${url}/~a/orders/1/`)
  recorded = JSON.parse(await (await fetch(`${url}/__mock/sessions/a/export`)).text())
})

/** A session that was asked, and answered, with the text. */
const exportWith = (text: string): object => ({
  ...recorded,
  session: text,
  exchanges: recorded.exchanges.map((exchange) => ({
    ...exchange,
    id: text,
    answer: { ...exchange.answer, headers: { 'X-Text': text }, body: JSON.stringify({ [text]: text, detail: text }) },
  })),
})

interface Files {
  readonly pact: string
  readonly document: string
  readonly scenario: string
  readonly states: string
  readonly session: string
  readonly summary: string
}

function filesWith(text: string): Files {
  const path = folder({
    'pact.json': pactWith(text),
    'document.json': documentWith(text),
    'scenario.json': { description: text, extends: text, [text]: text, orders: [{ [text]: text }] },
    'states.json': { states: [{ state: text, parameters: { [text]: text }, exists: { [text]: text } }] },
    'export.json': exportWith(text),
    'summary.md': '',
  })
  const at = (name: string): string => join(path, name)
  return {
    pact: at('pact.json'),
    document: at('document.json'),
    scenario: at('scenario.json'),
    states: at('states.json'),
    session: at('export.json'),
    summary: at('summary.md'),
  }
}

const VERIFY = (pact: string): string[] => ['verify', pact, '--only', 'document']

/** Every way out: the commands, and what each is given of files with the text. */
const COMMANDS: Readonly<Record<string, (files: Files, text: string) => readonly string[]>> = {
  compare: ({ pact }) => ['compare', pact],
  'compare, json': ({ pact }) => ['compare', pact, '--format', 'json'],
  'compare with a document': ({ pact, document }) => ['compare', pact, '--spec', document],
  coverage: ({ pact }) => ['coverage', pact],
  'coverage of a document': ({ pact, document }) => ['coverage', pact, '--spec', document],
  'coverage, json': ({ pact, document }) => ['coverage', pact, '--spec', document, '--format', 'json'],
  verify: ({ pact }) => VERIFY(pact),
  'verify with a document': ({ pact, document }) => [...VERIFY(pact), '--spec', document],
  'verify, json': ({ pact }) => [...VERIFY(pact), '--format', 'json'],
  'verify, junit': ({ pact }) => [...VERIFY(pact), '--format', 'junit'],
  'verify, markdown': ({ pact }) => [...VERIFY(pact), '--format', 'markdown'],
  'verify with what is not there': (_, text) => VERIFY(`nowhere/${text}.json`),
  'verify with states': ({ pact, states }) => ['verify', pact, '--only', 'mock', '--states', states],
  'verify with a filter': ({ pact }, text) => [...VERIFY(pact), '--consumer', `nobody${text}`],
  'verify with a map': ({ pact }, text) => [...VERIFY(pact), '--map', `${text}=${text}`],
  'scenario check': ({ scenario }) => ['scenario', 'check', scenario],
  'scenario check of what is not there': (_, text) => ['scenario', 'check', `nowhere/${text}.yaml`],
  replay: ({ session }) => ['replay', session],
  'replay, json': ({ session }) => ['replay', session, '--format', 'json'],
  'replay of what is not there': (_, text) => ['replay', `nowhere/${text}.json`],
  'replay of what is no export': ({ document }) => ['replay', document],
  assumptions: (_, text) => ['assumptions', '--assume', `${text}=${text}`],
  'serve from a scenario': (_, text) => ['serve', '--port', '0', '--scenario', text],
  'serve with states': ({ states }) => ['serve', '--port', '0', '--states', states],
  'serve at a port': (_, text) => ['serve', '--port', text],
  'an unknown option': (_, text) => ['serve', `--no${text}`],
  'an unknown command': (_, text) => [`no${text}`],
}

/** What each text becomes in each place is shown in test/shown.test.ts; here, that nothing goes past these places. */
const TEXTS = {
  'whatever is hostile': Object.values(HOSTILE).join('\n').toWellFormed(),
  'a workflow command': '::stop-commands::zz',
  'one of old': '##[stop-commands]zz',
}

describe.each(Object.entries(COMMANDS))('the command: %s', (_, argsOf) => {
  it.each(Object.entries(TEXTS))('shows %s, and does not do it', async (_, text) => {
    const files = filesWith(text)
    const args = argsOf(files, text).map((arg) => arg.replaceAll('\0', ''))
    const { out, err } = await runHere(args, { env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: files.summary } })
    expect(out + err).not.toBe('')
    expectHarmless(out)
    expectHarmless(err)
    if (args.includes('json') && out !== '') for (const line of args[0] === 'compare' ? out.trim().split('\n') : [out]) JSON.parse(line)
    for (const line of readFileSync(files.summary, 'utf8').split('\n'))
      expect(outsideOfCode(line).replaceAll(basename(files.pact), '')).not.toMatch(/[<[@]|evil|\n#/)
  })
})

it.each(Object.entries(TEXTS))('shows %s of a broker, and does not do it', async (_, text) => {
  const broker = await new BrokerStandIn().listen()
  onTestFinished(() => broker.close())
  broker.notice = text
  await broker.publish({ ...pactWith(text), consumer: { name: 'web' } }, '1', 'main')
  const { out, err } = await runHere(['verify', '--broker', broker.url, '--broker-provider', 'supplier-orders', '--only', 'document'])
  expect(out).toContain('web → supplier-orders')
  expect(err).not.toBe('')
  expectHarmless(out)
  expectHarmless(err)
})

it.each(Object.entries(TEXTS))('shows %s of a fault of our own, and does not do it', async (_, text) => {
  let err = ''
  const out = (): never => {
    throw new Error(text)
  }
  const code = await main(['assumptions'], { out, err: (line) => void (err += `${line}\n`), env: {} })
  expect(code).toBe(2)
  expect(err).toMatch(/ at .*hostile\.test\.ts:/)
  expectHarmless(err)
})

describe('the log of serve', () => {
  const terminal = { terminals: { err: { columns: 80, write: () => undefined } } }
  const received = '2026-03-01T12:00:00.000Z'
  const summary = {
    id: 'a-1',
    received,
    status: 404,
    method: 'GET',
    duration: 1.234,
    explain: 'http://127.0.0.1:1/__mock/sessions/a/requests/a-1',
  }
  const written = (format: 'text' | 'json', text: string, at: Pick<Outside, 'terminals'> & Partial<Pick<Outside, 'env'>> = {}): string => {
    let all = ''
    const write = (line: string): void => void (all += `${line}\n`)
    const outside = { out: write, err: write, env: {}, ...at }
    const log = createLog(format, { ...outside, raw: outside })
    log.write({ ...summary, session: text, path: text, problem: { code: 'order-unknown', detail: text, fix: text }, warnings: [] })
    log.flush()
    return all
  }

  it.each(Object.entries(HOSTILE))('has a line for a request with %s', (_, text) => {
    const line = written('text', text)
    expectHarmless(line)
    expect(line.split('\n')).toHaveLength(2)
  })

  it.each(Object.entries(HOSTILE))('has a line in columns for a request with %s', (_, text) => {
    const line = written('text', text, { ...terminal, env: { NO_COLOR: '1' } })
    expectHarmless(line)
    expect(line.split('\n')).toHaveLength(2)
  })
})
