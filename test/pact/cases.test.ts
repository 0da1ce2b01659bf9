import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyContracts } from '../../src/wiring.ts'
import { ROOT } from '../cli/process.ts'

/**
 * Pacts as the libraries of other languages write them, each with a provider and what is said of it. A folder more needs no code:
 * `provider.json` has an answer for each method and path, and what provider states return under `STATES`.
 */
const CASES = join(ROOT, 'test/cases')

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** A text, so that numbers keep their form. */
  readonly body?: string
  readonly base64?: string
}

const read = (name: string, file: string): Record<string, unknown> => JSON.parse(readFileSync(join(CASES, name, file), 'utf8'))

/** A provider that does what a case says. What arrives is written down. */
async function openProvider(name: string) {
  const { STATES = {}, ...answers } = read(name, 'provider.json')
  const arrived: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const { host: _, connection: __, ...sent } = headers
      const line = `${method} ${url}`
      // For states our own relay asks: its headers are its own.
      arrived.push(`${line}\n${url === '/_states' ? '' : JSON.stringify(sorted(sent))}\n${Buffer.concat(chunks).toString('latin1')}`)
      const answer = (url === '/_states' ? { body: JSON.stringify(STATES) } : answers[line.split('?')[0] ?? '']) as Answer | undefined
      const { status = 200, body, base64 } = answer ?? { status: 404 }
      response
        .writeHead(status, { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...answer?.headers })
        .end(base64 === undefined ? body : Buffer.from(base64, 'base64'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, arrived, [Symbol.dispose]: () => server.close() }
}

/** The verifier has headers in another order each time. */
function sorted(headers: object): object {
  return Object.fromEntries(Object.entries(headers).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

interface CoreResult {
  readonly description: string
  readonly result: string
}

/** What the Pact verifier says by itself, in a process of its own: it prints past any JavaScript. */
async function coreVerdicts(options: object): Promise<Readonly<Record<string, string>>> {
  const code = `
    const { Verifier } = require('@pact-foundation/pact-core')
    const told = (text) => process.send(text, () => process.exit())
    new Verifier(${JSON.stringify({ logLevel: 'error', ...options })}).verify().then(told, ({ message }) => told(message))`
  const env = { ...process.env, PACT_DO_NOT_TRACK: 'true' }
  const child = fork('-e', [code], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env })
  const [text] = (await once(child, 'message')) as [string]
  const { interactionResults } = JSON.parse(text) as { interactionResults: readonly CoreResult[] }
  return Object.fromEntries(interactionResults.map(({ description, result }) => [description, result === 'OK' ? 'passed' : 'failed']))
}

describe.each(readdirSync(CASES).filter((name) => name.startsWith('pact-')))('%s', (name) => {
  it('is verified as the Pact verifier does it, and as it was', async () => {
    const pact = join(CASES, name, 'pact.json')
    using own = await openProvider(name)
    using other = await openProvider(name)
    const { rows } = await verifyContracts({ pacts: [pact], only: ['provider'], provider: own.url, stateUrl: `${own.url}/_states` })
    const core = await coreVerdicts({
      provider: 'any',
      providerBaseUrl: other.url,
      pactUrls: [pact],
      providerStatesSetupUrl: `${other.url}/_states`,
      providerStatesSetupTeardown: true,
    })
    expect(Object.fromEntries(rows.map(({ description, verdict }) => [description, verdict]))).toEqual(core)
    expect(own.arrived).toEqual(other.arrived)
    const told = rows.map(({ description, answers: { provider } }) => [
      description,
      provider.kind === 'failed' ? provider.reasons.map(({ message }) => message) : provider.kind,
    ])
    expect(Object.fromEntries(told)).toEqual(read(name, 'verdicts.json'))
  })
})
