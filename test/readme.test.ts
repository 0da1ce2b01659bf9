import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, Running } from './cli/process.ts'
import { pages, readPage } from './pages.ts'

const readme = readPage('README.md')
const shell = readme.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)

describe('the README', () => {
  it('is read in a few minutes', () => expect(readme.text.split('\n').length).toBeLessThanOrEqual(151))

  it('says in one sentence what this is, and then what it is not', () => {
    const [title, sentence = '', not] = readme.text.split('\n\n')
    expect(title).toBe('# allocation-mock')
    expect(sentence.match(/\.(\s|$)/g)).toHaveLength(1)
    expect(not).toMatch(/^\*\*What it does not do\.\*\* /)
  })

  it('begins with two commands that the manifest has', () => {
    expect(shell.slice(0, 2)).toEqual(['npm ci && npm start\n', 'npm cit\n'])
    const manifest: object = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({
      scripts: { start: 'node bin/allocation-mock.js serve', test: 'vitest run' },
      bin: { 'allocation-mock': 'bin/allocation-mock.js' },
    })
  })

  it('shows a refusal, a test and a verification', () => {
    expect(shell).toContain('npx allocation-mock verify contracts\n')
    expect(readme.blocks.map(({ language }) => language)).toContain('ts')
    expect(readme.blocks.find(({ words }) => words.includes('log'))?.text).toContain(' 400 allocateOrder ')
  })

  it('leads to every page', () => {
    expect(pages.filter(({ name }) => name !== readme.name && !readme.prose.includes(`(${name})`))).toEqual([])
  })
})

// The pages are told with node in the place of npm and npx.
describe('npm', () => {
  it('starts the server, with the options behind --', async () => {
    const npm = new Running('npm', ['start', '--', '--scenario', 'fixtures/scenarios/one-of-each.yaml', '--port', '0'])
    const [, url = ''] = await npm.until(/ready on (http:\/\/\S+) /)
    const headers = { Authorization: 'Token 1234567890' }
    const response = await fetch(`${url}/orders/0a5c1f6e-9d3b-4c7a-8e21-5b6f7d809a10/`, { headers })
    expect(await response.json()).toMatchObject({ po_number: 'po-christmas' })
    await npm.stop()
  })

  it('finds the command in the checkout', async () => {
    const { out, code } = await new Running('npx', ['allocation-mock', 'assumptions']).ended
    expect(code).toBe(0)
    const names = readPage('docs/reference/assumptions.md').prose.matchAll(/^\| `([\w.-]+)`/gm)
    for (const [, name = ''] of names) expect(out).toContain(`${name}=`)
  })
})

it.each(['oms', 'supplier'])('the %s story says what is missing, and how to have it', async (story) => {
  const { code, out, err } = await new Running('node', [`fixtures/stories/${story}.js`, 'http://127.0.0.1:1']).ended
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^no answer from http:\/\/127\.0\.0\.1:1 \(.+\); start the mock with npm start, or name its address: node .+ URL\n$/)
})
