/**
 * Documents of any size, served without state, beside Prism: from the start of the process to the first answer, memory, and answers per second, in
 * one run: `npm run bench:documents [FILE…]`. Prism is installed into a folder of its own, where the registry has it.
 */
import autocannon from 'autocannon'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prismIn } from './prism.ts'

const SECONDS = Number(process.env['SECONDS'] ?? 4)
/** How long a server may take until it answers, in milliseconds. */
const PATIENCE = 120_000

const folder = mkdtempSync(join(tmpdir(), 'documents-'))
const mock = fileURLToPath(new URL('../bin/allocation-mock.js', import.meta.url))
const servers: Readonly<Record<string, readonly string[] | undefined>> = {
  mock: [process.execPath, mock, 'serve', '--log', 'none', '--port'],
  prism: prismIn(folder),
}

interface Measured {
  readonly document: string
  readonly megabytes: number
  readonly operations: number
  readonly server: string
  readonly ready?: number
  readonly rss?: number
  readonly rate?: number
}

/** A document of as many operations, of which each has schemas of its own, until it is as large. */
function made(operations: number, bytes = 0): string {
  const schema = (number: number, note: string): object => ({
    type: 'object',
    required: ['id', 'name'],
    description: note,
    properties: {
      id: { type: 'integer', minimum: number },
      name: { type: 'string', minLength: 1 },
      email: { type: 'string', format: 'email' },
      children: { type: 'array', items: { $ref: `#/components/schemas/Thing${number}` } },
    },
  })
  const note = 'x'.repeat(Math.max(0, Math.floor(bytes / operations) - 700))
  const schemas = Object.fromEntries(Array.from({ length: operations }, (_, number) => [`Thing${number}`, schema(number, note)]))
  const paths = Object.fromEntries(
    Array.from({ length: operations }, (_, number) => [
      `/things/${number}/{id}`,
      {
        get: {
          operationId: `get${number}`,
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
          responses: {
            200: {
              description: 'ok',
              content: {
                'application/json': { schema: { $ref: `#/components/schemas/Thing${number}` }, example: { id: number, name: 'a' } },
              },
            },
          },
        },
      },
    ]),
  )
  const file = join(folder, `${operations}-operations${bytes > 0 ? '-large' : ''}.json`)
  writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: 'Things', version: '1' }, paths, components: { schemas } }))
  return file
}

/** A path that answers, and how many operations there are. */
function about(file: string): { readonly path: string; readonly operations: number } {
  const { paths }: { readonly paths: Readonly<Record<string, object>> } = JSON.parse(readFileSync(file, 'utf8'))
  const plain = Object.entries(paths).find(([path, item]) => 'get' in item && (!path.includes('{') || path.startsWith('/things/')))
  const operations = Object.values(paths).flatMap((item) =>
    Object.keys(item).filter((key) => /^(get|put|post|delete|patch|head|options)$/.test(key)),
  )
  return { path: (plain?.[0] ?? '/').replaceAll(/\{[^}]*\}/g, '7'), operations: operations.length }
}

async function measured(server: string, command: readonly string[], file: string): Promise<Measured> {
  const { path, operations } = about(file)
  const [program = '', ...args] = command
  const port = await freePort()
  const began = performance.now()
  const child = spawn(program, [...args, port, file], { stdio: 'ignore' })
  const base = { document: basename(file), megabytes: Math.round(statSync(file).size / 100_000) / 10, operations, server }
  try {
    const url = `http://127.0.0.1:${port}`
    if (!(await answers(url + path, child, began))) return base
    const ready = Math.round(performance.now() - began)
    const { requests, non2xx } = await autocannon({ url: url + path, connections: 20, duration: SECONDS })
    if (non2xx > 0) throw new Error(`${server} refuses ${path} of ${base.document}`)
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    return { ...base, ready, rss: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024), rate: Math.round(requests.average) }
  } finally {
    child.kill('SIGKILL')
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return String(typeof address === 'object' ? address?.port : address)
}

async function answers(url: string, child: ChildProcess, began: number): Promise<boolean> {
  while (performance.now() - began < PATIENCE && child.exitCode === null)
    try {
      await (await fetch(url)).arrayBuffer()
      return true
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  return false
}

const rows: Measured[] = []
const given = process.argv.slice(2)
for (const file of given.length > 0 ? given : [made(10), made(5_000), made(1_000, 8_000_000)])
  for (const [server, command] of Object.entries(servers)) {
    if (!command) continue
    const row = await measured(server, command, file)
    rows.push(row)
    const told =
      row.ready === undefined
        ? `no answer within ${PATIENCE / 1000} s`
        : `${row.ready} ms to the first answer, ${row.rss} MiB, ${row.rate}/s`
    process.stdout.write(`${row.document} (${row.megabytes} MB, ${row.operations} operations) ${server}: ${told}\n`)
  }
process.stdout.write(`${JSON.stringify(rows)}\n`)
rmSync(folder, { recursive: true })
