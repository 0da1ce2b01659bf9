/**
 * What verifying contracts costs, beside the plain `Verifier` of pact-js with its own defaults, against one server in one run; and what
 * forty pacts of a team that has never heard of the mock take from the first run to a verdict. `SIZE=100` is a quicker look.
 */
import { Verifier } from '@pact-foundation/pact'
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse, stringify } from 'yaml'
import { type Report, verifyContracts } from '../dist/index.js'
import { manyFiles, meant, oneFile, strangers } from './pacts.ts'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'bin/allocation-mock.js')
const SIZE = Number(process.env['SIZE'] ?? 1_000)
const FILE_SIZE = 25
const STRANGERS = 40

interface Target {
  readonly files: readonly string[]
  readonly url: string
}

/** Milliseconds of the verification alone, without the start of the process that it is in. */
async function plain({ files, url }: Target): Promise<number> {
  // It prints every interaction, past any JavaScript: so in a process of its own.
  const child = fork(import.meta.filename, ['plain', JSON.stringify({ files, url })], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the plain Verifier ended with ${code}`)))
  const [took] = (await Promise.race([once(child, 'message'), ended])) as [number]
  return took
}

async function plainInChild({ files, url }: Target): Promise<void> {
  const began = performance.now()
  await new Verifier({
    provider: 'provider',
    providerBaseUrl: url,
    pactUrls: [...files],
    providerStatesSetupUrl: `${url}/_pact/provider_states`,
    // Its own default writes a line for each request.
    logLevel: 'error',
  }).verifyProvider()
  process.send?.(performance.now() - began)
}

async function timed(work: () => Promise<Report>): Promise<number> {
  const began = performance.now()
  const { ok, rows } = await work()
  const took = performance.now() - began
  if (!ok) throw new Error(`failed: ${JSON.stringify(rows.find(({ verdict }) => verdict === 'failed'))}`)
  return took
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1).padStart(6)} s`
}

function told(name: string, took: number, whole?: number): void {
  const ratio = whole === undefined ? '' : `  1/${(whole / took).toFixed(1)} of the plain one`
  process.stdout.write(`  ${name.padEnd(44)} ${seconds(took)}${ratio}\n`)
}

async function race(title: string, files: readonly string[], url: string): Promise<void> {
  process.stdout.write(`${title}\n`)
  const whole = await plain({ files, url })
  told('the plain Verifier', whole)
  told('verifyContracts: mock', await timed(() => verifyContracts({ pacts: files, only: ['mock'] })), whole)
  told('verifyContracts: document and mock', await timed(() => verifyContracts({ pacts: files })), whole)
  const stateUrl = `${url}/_pact/provider_states`
  told(
    'verifyContracts: provider, the same server',
    await timed(() => verifyContracts({ pacts: files, only: ['provider'], provider: url, stateUrl })),
    whole,
  )
}

interface Run {
  readonly code: number | null
  readonly out: string
  readonly took: number
}

async function command(...args: readonly string[]): Promise<Run> {
  const began = performance.now()
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out: Buffer.concat(chunks).toString(), took: performance.now() - began }
}

interface State {
  readonly state: string
  readonly parameters?: Readonly<Record<string, string | number | null>>
  readonly exists?: object
  readonly values?: object
}

/** What the team writes below its own words: the same as the bundled states that they stand for. */
function filledIn(missing: string): string {
  const { states } = parse(missing) as { states: State[] }
  const bundled = ['supplier-orders', 'oms-allocations'].flatMap(
    (api) => (parse(readFileSync(join(ROOT, `fixtures/states/${api}.yaml`), 'utf8')) as { states: State[] }).states,
  )
  const filled = states.map(({ state }) => {
    for (const { state: pattern, ...definition } of bundled) {
      const said = new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, '(?<$1>.+)')}$`).exec(meant(state))
      if (!said) continue
      const own = Object.entries(said.groups ?? {}).filter(([, value]) => !value.startsWith('{'))
      const typed = own.map(([name, value]) => [name, typeof definition.parameters?.[name] === 'number' ? Number(value) : value])
      return { ...definition, state, parameters: { ...definition.parameters, ...Object.fromEntries(typed) } }
    }
    throw new Error(`nothing is known of "${state}"`)
  })
  return stringify({ states: filled })
}

async function fromFirstRunToVerdict(folder: string): Promise<void> {
  process.stdout.write(`${STRANGERS} pacts of ten consumers: own words, no credentials, half without /api/v2, two of another provider\n`)
  const common = [...strangers(folder, STRANGERS), '--header', 'Authorization: Bearer any']
  const first = await command('verify', ...common)
  told(`the first run: exit ${first.code}, ${first.out.trim().split('\n').at(-1)}`, first.took)
  const missing = await command('verify', ...common, '--print-missing-states')
  const file = join(folder, 'states.yaml')
  writeFileSync(file, filledIn(missing.out))
  told(`--print-missing-states: exit ${missing.code}, ${missing.out.match(/- state:/g)?.length} texts`, missing.took)
  const last = await command('verify', ...common, '--states', file)
  told(`with it filled in: exit ${last.code}, ${last.out.trim().split('\n').at(-1)}`, last.took)
  if (last.code !== 0) process.stdout.write(last.out.split('\n').slice(0, 40).join('\n'))
}

const [kind, target = ''] = process.argv.slice(2)
if (kind === 'plain') {
  await plainInChild(JSON.parse(target) as Target)
  process.exit()
}
const folder = mkdtempSync(join(tmpdir(), 'allocation-mock-bench-'))
const server = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--log', 'none'], { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
  const url = / on (\S+) /.exec(line)?.[1] ?? ''
  await race(`${SIZE} interactions in one file`, oneFile(folder, SIZE), url)
  await race(`${SIZE / FILE_SIZE} files of ${FILE_SIZE}`, manyFiles(folder, SIZE / FILE_SIZE, FILE_SIZE), url)
  await fromFirstRunToVerdict(folder)
} finally {
  server.kill()
  rmSync(folder, { recursive: true, force: true })
}
