/** Requests per second of the mock against two Express apps that do the same parsing, in one run: machines are noisy, ratios less so. */
import autocannon from 'autocannon'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { allocateRequests, cancelPaths, getPaths, omsHeaders, supplierHeaders } from './requests.ts'

const KINDS = ['mock', 'express', 'bare'] as const
type Kind = (typeof KINDS)[number]
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const ROUNDS = Number(process.env['ROUNDS'] ?? 3)

interface Load {
  readonly name: string
  requests(kind: Kind): autocannon.Request[]
}

let nextCancel = 0
const LOADS: readonly Load[] = [
  { name: 'allocate', requests: () => allocateRequests.map(({ path, body }) => ({ method: 'PUT', path, body, headers: supplierHeaders })) },
  { name: 'get', requests: () => getPaths.map((path) => ({ method: 'GET', path, headers: supplierHeaders })) },
  {
    name: 'cancel',
    // The mock cancels an allocation once; its peers do not mind, so they get the few that they know.
    requests: (kind) => [
      {
        method: 'PUT',
        headers: omsHeaders,
        setupRequest: (request) => ({ ...request, path: kind === 'mock' ? cancelPaths[nextCancel++] : cancelPaths[nextCancel++ % 200] }),
      },
    ],
  },
]

const servers = new Map<Kind, { readonly child: ChildProcess; readonly port: string }>()
for (const kind of KINDS) {
  const child = spawn(process.execPath, [new URL('servers.ts', import.meta.url).pathname, kind], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port = ''] = await new Promise<string[]>((resolve) =>
    createInterface({ input: child.stdout }).once('line', (line) => resolve([line])),
  )
  servers.set(kind, { child, port })
}

async function run(kind: Kind, load: Load): Promise<number> {
  if (kind !== 'mock') nextCancel = 0
  const result = await autocannon({
    url: `http://127.0.0.1:${servers.get(kind)?.port}`,
    connections: 50,
    duration: SECONDS,
    requests: load.requests(kind),
  })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${kind} ${load.name}: ${result.non2xx} refused, ${result.errors} failed`)
  return result.requests.average
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

let cancelled = 0
for (const load of LOADS) {
  const rates = new Map<Kind, number[]>(KINDS.map((kind) => [kind, []]))
  for (let round = 0; round <= ROUNDS; round++)
    for (const kind of KINDS) {
      if (kind === 'mock') nextCancel = cancelled
      const rate = await run(kind, load)
      if (kind === 'mock' && load.name === 'cancel') cancelled = nextCancel
      // The first round warms up.
      if (round > 0) rates.get(kind)?.push(rate)
    }
  const [mock, plain, bare] = KINDS.map((kind) => median(rates.get(kind) ?? []))
  process.stdout.write(
    `${load.name.padEnd(9)} mock ${mock?.toFixed(0)}/s  express ${plain?.toFixed(0)}/s  bare ${bare?.toFixed(0)}/s  mock/express ${((mock ?? 0) / (plain ?? 1)).toFixed(2)}  mock/bare ${((mock ?? 0) / (bare ?? 1)).toFixed(2)}\n`,
  )
}
for (const { child } of servers.values()) child.kill()
