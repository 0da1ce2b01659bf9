import { createServer, type Server } from 'node:http'
import { type Profiler, Session } from 'node:inspector/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Heavy, Sent } from './heavy.ts'

/**
 * Says how much work the heaviest requests are at two sizes: how often the blocks of the mock's own code are entered. That is the same on
 * every machine, and says how it grows; what V8 does by itself, such as comparing two texts, is not in it. A process of its own, for V8
 * counts only in functions that it compiles after it was asked to.
 */
const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/')).href
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

const { openMock } = await import('./support.ts')
const { HEAVY } = await import('./heavy.ts')
const mock = await openMock()
const server = createServer(mock.app)
const port = await listening(server)

let sessions = 0
const counts: Record<string, readonly number[]> = {}
for (const heavy of HEAVY) {
  // The first time schemas are compiled, and what is kept is made.
  await workOf(heavy, 2)
  counts[heavy.name] = [await workOf(heavy, heavy.size), await workOf(heavy, 4 * heavy.size)]
}
process.send?.(counts, () => process.exit())

async function workOf({ before = () => [], request, status }: Heavy, size: number): Promise<number> {
  const name = `session-${++sessions}`
  for (const sent of before(size)) await send(name, sent)
  await session.post('Profiler.takePreciseCoverage')
  const met = await send(name, request(size))
  const { result } = await session.post('Profiler.takePreciseCoverage')
  if (met.status !== status) throw new Error(`${request(size).path} answers ${met.status}: ${met.text.slice(0, 500)}`)
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
