/**
 * Asks a running Prism what `test/cases/prism/requests.yaml` asks, and keeps its answers in `recorded.json` beside it:
 * `node scripts/record-prism.ts`. Prism is installed for this alone, into a folder of its own.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { askedBy, type Row } from '../test/cases/prism/rows.ts'

const VERSION = '5.16.0'
const PORT = '4555'
/** How long an answer may take: some never come. */
const PATIENCE = 5_000

const cases = fileURLToPath(new URL('../test/cases/prism', import.meta.url))
const rows: readonly Row[] = parse(readFileSync(join(cases, 'requests.yaml'), 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'prism-'))
try {
  execFileSync('npm', ['i', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `@stoplight/prism-cli@${VERSION}`])
  const prism = spawn(join(folder, 'node_modules/.bin/prism'), ['mock', '-p', PORT, join(cases, 'document.yaml')])
  try {
    await new Promise<void>((resolve, reject) => {
      prism.once('exit', () => reject(new Error('Prism has ended')))
      prism.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('is listening')) resolve()
      })
    })
    const recorded: Record<string, object> = {}
    for (const row of rows) recorded[row.name] = await answerTo(row)
    writeFileSync(join(cases, 'recorded.json'), `${JSON.stringify({ prism: VERSION, answers: recorded }, undefined, 2)}\n`)
  } finally {
    prism.kill()
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function answerTo(row: Row): Promise<object> {
  const { method, path, headers, body } = askedBy(row)
  try {
    const response = await fetch(`http://127.0.0.1:${PORT}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(PATIENCE),
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const told = [...response.headers].filter(([name]) => !/^(access-control-.*|connection|content-length|date|keep-alive)$/.test(name))
    return { status: response.status, headers: Object.fromEntries(told), ...(text !== '' && { text }) }
  } catch {
    return { hangs: true }
  }
}
