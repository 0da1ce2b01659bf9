import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, Running } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'apis-'))
const api = (more: string): string =>
  `export default { name: 'a', document: ${more}, kinds: {}, callers: {}, dialect: {}, behaviours: {}, assumptions: {}, problems: {}, words: {}, steps: {}, settings: {}, dataVersion: 1 }`

describe('--api with a module that cannot be', () => {
  it.each<[string, string, string | undefined, RegExp]>([
    ['is not there', 'serve', undefined, /there is no such file, nor a bundled API of this name; give a module, or one of /],
    [
      'does not parse',
      'serve',
      'export default {\n  a: 1,,\n}',
      /the module does not load: Unexpected token ','; node --check \S+ says where$/m,
    ],
    ['throws', 'serve', "\nthrow new Error('no')", /the module does not load: no \(.*:2\)$/m],
    ['imports what is not there', 'scenario list', "import './nowhere.mjs'", /the module does not load: Cannot find module .*nowhere\.mjs/],
    ['has no default export', 'serve', 'export const api = 1', /the module has no default export; let it be what defineApi returns/],
    ['exports something else', 'serve', 'export default 1', /the default export is not an API; let it be what defineApi returns/],
    [
      'has rows that cannot be',
      '--help',
      api("'a.yaml', kinds: { a: 1 }").replace(' kinds: {},', ''),
      /the kind "a" is not valid; give kind/,
    ],
    ['has a document that cannot be served', 'scenario list', api("new URL('a.yaml', import.meta.url)"), /a\.yaml:3: Tabs are not allowed/],
  ])('%s', async (name, command, text, said) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.mjs`)
    if (text !== undefined) writeFileSync(file, text)
    writeFileSync(join(folder, 'a.yaml'), 'openapi: 3.1.0\npaths:\n\t/a: {}\n')
    const { code, out, err } = await new Running(process.execPath, [BIN, ...command.split(' '), '--api', file]).ended
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(said) })
    expect(err).toMatch(/^error: [^\n]*\n$/)
  })
})

it('a module finds the package wherever it stands', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'alone-')), 'api.mjs')
  const document = `{ openapi: '3.1.0', info: { title: 'Alone', version: '1' }, paths: {} }`
  writeFileSync(
    file,
    `import { defineApi } from 'allocation-mock/api'\nexport default defineApi({ name: 'alone', document: ${document} })\n`,
  )
  const { code, out } = await new Running(process.execPath, [BIN, 'scenario', 'list', '--api', file]).ended
  expect({ code, out }).toEqual({ code: 0, out: expect.any(String) })
})

describe('two modules of the same names', () => {
  const module = (name: string, flag: string): string => {
    const file = join(folder, `${name}.mjs`)
    const settings = `{ items: { flag: '${flag} <n>', help: 'items', read: Number, check: Number, default: 1 } }`
    const assumptions = `{ how: { values: ['so', 'else'], question: 'How?', reason: '-', source: '-' } }`
    const rows = api("'a.yaml'").replace("'a'", `'${name}'`).replace('assumptions: {}', `assumptions: ${assumptions}`)
    writeFileSync(file, rows.replace('settings: {}', `settings: ${settings}`))
    return file
  }
  const run = (...args: string[]) => new Running(process.execPath, [BIN, ...args]).ended

  it('have flags and assumptions that tell them apart', async () => {
    const both = ['shop', 'depot'].flatMap((name) => ['--api', module(name, '--items')])
    const { out } = await run('serve', '--help', ...both)
    expect(out.match(/--(?:\w+-)?items/g)).toEqual(['--shop-items', '--depot-items'])
    const listed = await run('assumptions', '--assume', 'depot:how=else', ...both)
    expect(listed.out.match(/^.*how=\w+/gm)).toEqual(['shop:how=so', 'depot:how=else'])
  })

  it('cannot take a flag of the command', async () => {
    const { code, err } = await run('serve', '--api', module('greedy', '--port'))
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: the flag --port of greedy is one of every mock as well; give one of them another\n',
    })
  })
})
