import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { expectHarmless, HOSTILE } from '../hostile.ts'
import { runHere } from './here.ts'
import { BIN, ROOT, Running } from './process.ts'

const folder = mkdtempSync(join(tmpdir(), 'check-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))
const caseOf = (name: string): string => relative('', join(ROOT, 'test/cases/check', name, 'openapi.yaml'))
const check = (...args: readonly string[]) => runHere(['check', ...args])

function fileOf(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('allocation-mock check', () => {
  it('prints a line for each finding, one of counts, and ends with 1 for an error', async () => {
    const file = caseOf('reference-broken')
    expect(await check(file)).toMatchObject({
      code: 1,
      err: '',
      out:
        `${file}:7: error reference-broken: #/components/responses/Oder: it leads nowhere; there are Order\n` +
        `${file}: 1 error, 0 warnings; 0 of 1 operation would be served\n`,
    })
  })

  it('does not fail for warnings', async () => {
    const { code, out } = await check(caseOf('default-unfit'))
    expect({ code, last: out.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: `${caseOf('default-unfit')}: 0 errors, 1 warning; 1 of 1 operation would be served`,
    })
  })

  it('says nothing but the counts of a document that is well', async () => {
    const file = relative('', join(ROOT, 'spec/supplier-orders.yaml'))
    expect(await check(file)).toMatchObject({
      code: 0,
      err: '',
      out: `${file}: 0 errors, 0 warnings; 13 of 13 operations would be served\n`,
    })
  })

  it('names files beside the document as they are found from here', async () => {
    const { out } = await check(caseOf('files'))
    expect(out).toContain(`${caseOf('files').replace('openapi', 'schemas')}:3: warning example-unfit: `)
  })

  it('prints a JSON array of the findings of all files', async () => {
    const { code, out } = await check('--format', 'json', caseOf('default-unfit'), caseOf('response-missing'))
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual([
      {
        rule: 'default-unfit',
        severity: 'warning',
        file: caseOf('default-unfit'),
        line: 7,
        message: 'the default does not fit its schema: it is 0; it must be at least 1',
      },
      expect.objectContaining({ rule: 'response-missing', severity: 'warning', line: 5 }),
      expect.objectContaining({ rule: 'response-missing', severity: 'warning', line: 6 }),
    ])
  })

  it('annotates for GitHub', async () => {
    const { code, out } = await check('--format', 'github', caseOf('operation-id-twice'))
    expect({ code, out }).toEqual({
      code: 0,
      out: `::warning file=${caseOf('operation-id-twice')},line=8,title=operation-id-twice::the operationId "read" of GET /b is that of GET /a as well; give one of them another\n`,
    })
  })

  it.each(['text', 'json', 'github'])(
    'prints as %s nothing that a document could command a terminal or the runner with',
    async (format) => {
      const paths = Object.fromEntries(
        Object.values(HOSTILE).map((text, place) => [
          `/${text}-${place}`,
          {
            get: {
              operationId: text,
              responses: { [text]: {}, '200': { content: { [text]: { example: text, schema: { enum: [text, 5] } } } } },
            },
          },
        ]),
      )
      const { code, out } = await check('--format', format, fileOf('hostile.json', JSON.stringify({ paths }, undefined, 1)))
      expect(code).toBeLessThan(2)
      expect(out.split('\n').length).toBeGreaterThan(20)
      expectHarmless(out)
    },
  )

  it.each<[string, readonly string[], string]>([
    ['no file', [], "missing required argument 'files'"],
    ['a file that is not there', ['/nowhere.yaml'], 'error: document /nowhere.yaml: there is no such file'],
    ['a folder', [folder], 'it is not a file, but a folder'],
    ['what is no YAML', [fileOf('broken.yaml', 'paths:\n  /a: [\n')], 'error: broken.yaml:3: '],
    ['an address', ['https://example.com/openapi.yaml'], 'nothing is fetched; save the document first'],
    ['a form that is not known', ['--format', 'xml', caseOf('files')], '--format is "xml"; give text, json or github'],
  ])('refuses %s with 2', async (_what, args, said) => {
    const { code, out, err } = await check(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })

  it('looks at the other files where one cannot be read', async () => {
    const { code, out, err } = await check('/nowhere.yaml', caseOf('default-unfit'))
    expect({ code, err }).toEqual({ code: 2, err: 'error: document /nowhere.yaml: there is no such file\n' })
    expect(out).toContain('1 of 1 operation would be served')
  })

  it.skipIf(process.platform === 'win32')('reads a document from a pipe', async () => {
    const input = 'paths: { /a: { get: { responses: { 200: { content: { application/json: { schema: { type: thing } } } } } } } }\n'
    const { code, out } = await new Running('sh', ['-c', 'cat | "$0" "$1" check /dev/stdin', process.execPath, BIN], { input }).ended
    expect(code).toBe(1)
    expect(out).toMatch(/^\/dev\/stdin:1: error keyword-invalid: type is "thing"/)
  })
})
