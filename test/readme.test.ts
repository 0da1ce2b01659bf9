import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SERVE_OPTIONS, type Option } from '../src/cli/config.ts'
import { ASSUMPTIONS } from '../src/core/assumption.ts'
import { createMock } from '../src/index.ts'
import { PROBLEMS } from '../src/base/problem.ts'
import { ROOT, run, Running, serve } from './cli/process.ts'

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))
const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
const rows = (heading: string): string[][] => {
  const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| (?!---)(.*) \|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim())).slice(1)
}

describe('the README', () => {
  it('begins with two commands that the manifest has', () => {
    expect(shell.slice(0, 2)).toEqual(['npm ci && npm start\n', 'npm cit\n'])
    const manifest: { scripts: Record<string, string>; bin: object } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(manifest.scripts).toMatchObject({ start: 'node bin/allocation-mock.js serve', test: 'vitest run' })
    for (const [, script = ''] of readme.matchAll(/npm run ([\w:]+)/g)) expect(manifest.scripts).toHaveProperty([script])
  })

  it('tells a story whose commands work and print what it says', async () => {
    const { server, url } = await serve()
    const folder = mkdtempSync(join(tmpdir(), 'readme-'))
    for (const [index, block] of blocks.entries()) {
      if (block.language !== 'sh' || !/^(curl|node|sed|npx allocation-mock replay) /.test(block.text)) continue
      const isScript = block.text.startsWith('node')
      const text = block.text.replaceAll('/tmp/', `${folder}/`)
      const input = isScript ? `${text.trimEnd()} ${url}` : text.replaceAll('http://127.0.0.1:4010', url)
      const { out, err, code } = await new Running('sh', [], { input }).ended
      const next = blocks[index + 1]
      if (block.text.includes('replay')) {
        expect(code).toBe(next?.text.includes(', now ') === true ? 1 : 0)
        const shown = out
          .replaceAll(`${folder}/`, '/tmp/')
          .replaceAll(url, 'http://127.0.0.1:4010')
          .replace(/ of \d{4}-\S+Z/, ' of 2026-03-01T12:00:00.000Z')
        expect(next).toEqual({ language: 'text', text: shown })
        continue
      }
      expect({ err, code }).toEqual({ err: '', code: 0 })
      if (/\/(?:export|state) -o/.test(block.text)) continue
      if (isScript) {
        expect(next).toEqual({ language: 'text', text: out })
        continue
      }
      if (next?.language === 'json') expect(`${out}\n`).toBe(next.text)
      if (block.text.includes('-X PUT') && block.text.includes('/allocation/cancel/'))
        expect(JSON.parse(out)).toMatchObject([{ statusCode: 'CANCELLED' }])
      if (block.text.includes('/reset')) expect(JSON.parse(out)).toMatchObject({ name: 'default', changes: 0, requests: 0 })
      if (block.text.includes('/clock/advance')) expect(out).toContain('"quantity_allocated":6,"quantity_backordered":0')
      if (!block.text.includes('-X')) expect(out).toContain('"quantity_allocated":4,"quantity_backordered":2')
    }
    const { err } = await server.stop()
    const plain = (line: string): string => line.replace(/[\d.]+ ms/, '').replaceAll(url, 'http://127.0.0.1:4010')
    const logged = blocks.find(({ language }) => language === 'text')?.text.trimEnd() ?? ''
    expect(err.split('\n').map(plain)).toContain(plain(logged))
  })

  it('has stories that say what is missing, and how to have it', async () => {
    for (const story of ['oms', 'supplier']) {
      const { code, out, err } = await new Running('node', [`fixtures/stories/${story}.js`, 'http://127.0.0.1:1']).ended
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toMatch(
        /^no answer from http:\/\/127\.0\.0\.1:1 \(.+\); start the mock with npm start, or name its address: node .+ URL\n$/,
      )
    }
  })

  it('leaves nothing in the checkout', () => {
    for (const text of shell) expect(text).not.toMatch(/(-o|>) (?!\/tmp\/|\/dev\/null)/)
  })

  it('serves own data, and lists what is assumed, by commands that work', async () => {
    const commands = shell.filter((text) => /^(npm start -- --scenario|npx) /.test(text))
    expect(commands).toEqual([
      'npx allocation-mock replay /tmp/bug.json\n',
      'npm start -- --scenario fixtures/scenarios/one-of-each.yaml\n',
      'npx allocation-mock scenario list\n',
      'npx allocation-mock verify contracts\n',
      'npx allocation-mock assumptions\n',
    ])
    const verified = await new Running('sh', [], { input: 'npx allocation-mock verify contracts' }).ended
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/\d+ interactions: (\d+) passed/) })
    const npm = new Running('npm', ['start', '--', '--scenario', 'fixtures/scenarios/one-of-each.yaml', '--port', '0'])
    const [, url = ''] = await npm.until(/ready on (http:\/\/\S+) /)
    const response = await fetch(`${url}/orders/0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10/`, { headers: { Authorization: 'Token 1234567890' } })
    expect(await response.json()).toMatchObject({ po_number: 'po-christmas' })
    await npm.stop()
    const listed = await new Running('sh', [], { input: 'npx allocation-mock scenario list' }).ended
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining('partial-with-backorder  Four of six mugs') })
    const { out, code } = await new Running('sh', [], { input: 'npx allocation-mock assumptions' }).ended
    expect(code).toBe(0)
    for (const name of Object.keys(ASSUMPTIONS)) expect(out).toContain(`${name}=`)
  })

  it('shows a scenario that can be', async () => {
    const [scenario, ...others] = blocks.filter(({ language }) => language === 'yaml')
    expect(others).toEqual([])
    const folder = mkdtempSync(join(tmpdir(), 'readme-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'mine.yaml'), scenario?.text ?? '')
    const { out, code } = await run(['scenario', 'check', 'mine.yaml'], { cwd: folder }).ended
    expect({ out, code }).toEqual({ out: 'mine.yaml: ok\n', code: 0 })
    await using mock = await createMock({ scenarios: folder })
    await using session = await mock.createSession({ scenario: 'mine' })
    expect(await session.advance('2h')).toMatchObject({ now: '2026-12-01T11:00:00.000Z' })
    const { entities } = await session.entities({ kind: 'order', changed: true })
    expect(entities).toMatchObject([{ entity: { line_items: [{ status: 'Allocated' }, { status: 'Unallocated' }] } }])
  })

  it('shows tests that are among the tests', () => {
    expect(blocks.filter(({ language }) => language === 'ts').map(({ text }) => text)).toEqual(
      ['example.test.ts', 'examples/session-per-test.test.ts', 'examples/orders.spec.ts'].map((file) =>
        readFileSync(join(ROOT, 'test', file), 'utf8'),
      ),
    )
  })

  it('starts by npm start', async () => {
    const npm = new Running('npm', ['start', '--', '--port', '0'])
    const [, url = ''] = await npm.until(/ready on (http:\/\/\S+) /)
    expect((await fetch(`${url}/__mock/health`)).status).toBe(200)
    await npm.stop()
  })

  it('lists every option, assumption and problem as it is', () => {
    const options: readonly Option[] = Object.values(SERVE_OPTIONS)
    expect(rows('Options')).toEqual(options.map((option) => [`\`${option.flag}\``, option.default ?? '', option.help]))
    expect(rows('Assumptions')).toEqual(
      Object.entries(ASSUMPTIONS).map(([name, { values, question }]) => [`\`${name}\``, values.join(', '), question]),
    )
    expect(rows('What a refusal is called')).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, title }]) => [`\`${code}\``, String(status), title]),
    )
  })

  it('leads to a table of bounds, which names every option that sets one and every refusal beyond one', () => {
    expect(readme).toContain('(docs/limits.md)')
    const limits = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8')
    const bounds = /max-|-bytes|session-ttl/
    for (const { flag } of Object.values(SERVE_OPTIONS)) if (bounds.test(flag)) expect(limits).toContain(`\`${flag.split(' ')[0] ?? ''}\``)
    for (const code of Object.keys(PROBLEMS)) if (/-(exhausted|full|too-large)$/.test(code)) expect(limits).toContain(`\`${code}\``)
    for (const [, file = ''] of limits.matchAll(/\]\((?!http|#)([^)#]+)/g))
      expect(readFileSync(join(ROOT, 'docs', file), 'utf8')).not.toBe('')
  })

  it('names files that are there', () => {
    for (const [, file = ''] of readme.matchAll(/\]\((?!http)([^)]+)\)/g)) expect(readFileSync(join(ROOT, file), 'utf8')).not.toBe('')
  })
})
