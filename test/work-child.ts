import { createServer, type Server } from 'node:http'
import { type Profiler, Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import type { Heavy, Sent } from './heavy.ts'

/**
 * Says how much work the heaviest requests are at two sizes: how often the blocks of the mock's own code are entered. That is the same on
 * every machine, and says how it grows; what V8 does by itself, such as comparing two texts, is not in it. A process of its own, for V8
 * counts only in functions that it compiles after it was asked to. With the argument `time` it takes the milliseconds of the
 * largest, as far as this process was at work: others may be on the machine. Where the work is
 * done in pieces, between which others are served, it is the longest time for which nobody was.
 */
const isTimed = process.argv[2] === 'time'
const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/')).href
const profiler = new Session()
profiler.connect()
if (!isTimed) {
  await profiler.post('Profiler.enable')
  await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
}

const { openMock } = await import('./support.ts')
const { HEAVY } = await import('./heavy.ts')
const mock = await openMock()
const server = createServer(mock.app)
const port = await listening(server)

let sessions = 0
const measured: Record<string, readonly number[]> = {}
for (const heavy of HEAVY) {
  // The first time schemas are compiled, and what is kept is made.
  await measure(heavy, 2)
  const sizes = isTimed ? [heavy.most, heavy.most, heavy.most] : [heavy.size, 4 * heavy.size]
  const found: number[] = []
  for (const size of sizes) found.push(await measure(heavy, size))
  measured[heavy.name] = found
}
process.send?.(measured, () => process.exit())

/** The work, or the milliseconds, of a request in a session of its own. */
async function measure({ before = () => [], request, status }: Heavy, size: number): Promise<number> {
  const name = `session-${++sessions}`
  for (const sent of before(size)) await send(name, sent)
  const sent = request(size)
  if (!isTimed) await profiler.post('Profiler.takePreciseCoverage')
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const started = process.cpuUsage()
  const met = await send(name, sent)
  const { user, system } = process.cpuUsage(started)
  delay.disable()
  if (met.status !== status && size > 2) throw new Error(`${sent.path} answers ${met.status}: ${met.text.slice(0, 500)}`)
  return isTimed ? Math.min((user + system) / 1_000, delay.max / 1_000_000) : await countedWork()
}

async function countedWork(): Promise<number> {
  const { result } = await profiler.post('Profiler.takePreciseCoverage')
  return result.filter(({ url }) => url.startsWith(SOURCES)).reduce((sum, { functions }) => sum + countOf(functions), 0)
}

function countOf(functions: readonly Profiler.FunctionCoverage[]): number {
  return functions.reduce((sum, { ranges }) => sum + ranges.reduce((all, { count }) => all + count, 0), 0)
}

async function send(name: string, { method, path, headers, body }: Sent): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path.replace('{session}', name)}`, {
    method,
    headers: { 'content-type': 'application/json', 'mock-session': name, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body).replaceAll('{session}', name) }),
  })
  return { status: response.status, text: await response.text() }
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
