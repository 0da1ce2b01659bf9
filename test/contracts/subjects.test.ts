import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { VerifyContractsOptions } from '../../src/verification/options.ts'
import { FILES, folder, inFolder, type Json, marksOf, saidOf, verify } from './pacts.ts'

/** A contract, as small as can be. */
const small = (more: Json = {}): Json => ({
  consumer: { name: 'shop' },
  provider: { name: 'supplier-orders' },
  interactions: [{ description: 'a login', request: { method: 'POST', path: '/organizations/user-login/' }, response: { status: 400 } }],
  metadata: { pactSpecification: { version: '3.0.0' } },
  ...more,
})

const BILLING = small({
  provider: { name: 'billing' },
  interactions: [{ description: 'an invoice', request: { path: '/invoices' }, response: {} }],
})

/** Patterns that take for ever, and what only looks like one. */
const SLOW = `openapi: 3.1.0
info: { title: Slow, version: '1' }
paths:
  /things/:
    get:
      parameters: [{ name: code, in: query, schema: { type: string, pattern: '^[a-z]+(-[a-z]+)*$' } }]
      responses: { '200': { description: '', content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } } }
components:
  schemas:
    Thing:
      type: object
      example: { pattern: '(a*)*$' }
      properties:
        pattern: { type: string }
        name:
          type: string
          pattern: ^(a+)+$
      patternProperties:
        ^(x|x)*$: {}
`

describe('input that nobody can verify', () => {
  const files = folder({
    'text.json': 'consumer: shop',
    'list.json': [],
    'other.json': { name: 'package', version: '1.0.0' },
    'nameless.json': small({ consumer: {} }),
    'version.json': small({ metadata: { pactSpecification: { version: '9.0' } } }),
    'empty.json': small({ interactions: [] }),
    'good.json': small(),
    'billing.json': BILLING,
    'openapi.yaml': 'openapi: [',
    'states.yaml': 'states:\n  - text: a\n',
    'slow.yaml': SLOW,
  })
  mkdirSync(join(files, 'folder'))
  const file = (name: string): string => join(files, name)
  const good = [file('good.json')]

  it.each<[string, Partial<VerifyContractsOptions>, RegExp]>([
    ['no JSON', { pacts: [file('text.json')] }, /text\.json: it is not valid JSON: /],
    ['a list', { pacts: [file('list.json')] }, /list\.json: it is not a valid pact: its content is not a JSON object$/],
    ['no pact', { pacts: [file('other.json')] }, /other\.json: it is not a valid pact: it has no name of a consumer$/],
    ['a pact of nobody', { pacts: [file('nameless.json')] }, /nameless\.json: it is not a valid pact: it has no name of a consumer$/],
    ['an unknown version', { pacts: [file('version.json')] }, /version\.json: it is of version "9\.0" .*; 2, 3 and 4 are read$/],
    ['no interactions', { pacts: [file('empty.json')] }, /empty\.json: there are no interactions in it$/],
    ['one of two that is no pact', { pacts: [...good, file('other.json')] }, /other\.json: it is not a valid pact/],
    [
      'a file that is not there',
      { pacts: [file('nowhere.json')] },
      /^no pact files match ".*nowhere\.json"; name files, folders or patterns$/,
    ],
    ['one of two that is not there', { pacts: [...good, file('nowhere.json')] }, /^no pact files match ".*nowhere\.json"/],
    ['a pattern of no file', { pacts: [file('*.pact')] }, /^no pact files match ".*\*\.pact"/],
    ['a folder without files', { pacts: [file('folder')] }, /^no pact files match ".*folder"/],
    ['a document that is not there', { pacts: good, documents: [file('nowhere.yaml')] }, /nowhere\.yaml: there is no such file$/],
    [
      'a document of patterns that take for ever',
      { pacts: good, documents: [file('slow.yaml')] },
      /^slow\.yaml:17: the pattern \^\(a\+\)\+\$ can read .*as \^a\+\$ does for \^\(a\+\)\+\$\nslow\.yaml:19: the pattern \^\(x\|x\)\*\$ can read [^\n]*$/,
    ],
    ['a document that is no YAML', { pacts: good, documents: [file('openapi.yaml')] }, /openapi\.yaml/],
    [
      'a document of nobody in the map',
      { pacts: good, map: { 'Supplier Orders': 'nobody' } },
      /^the provider "supplier-orders" is mapped to the document "nobody"; known are supplier-orders, oms-allocations$/,
    ],
    [
      'a filter that is no pattern',
      { pacts: good, filter: { description: '(' } },
      /^the filter for the description is not a valid regular expression: /,
    ],
    [
      'the column provider without one',
      { pacts: good, only: ['provider'] },
      /^the column provider needs the URL of the real service \(--provider\)$/,
    ],
    [
      'a provider in the map that no pact has',
      { pacts: [...good, file('billing.json')], map: { OMS: 'oms-allocations' } },
      /^--map names the provider "OMS", and no pact is of it; the pacts are of "supplier-orders", "billing"$/,
    ],
    [
      'pacts of other providers only',
      { pacts: [file('billing.json')] },
      /^no document is about "billing"; there are "supplier-orders", "oms-allocations": --map names one, --spec gives others$/,
    ],
    [
      'a filter that leaves those of other providers only',
      { pacts: [...good, file('billing.json')], filter: { description: 'invoice' } },
      /^no document is about "billing"; /,
    ],
    [
      'a consumer that no pact is of',
      { pacts: [...good, file('billing.json')], filter: { consumer: 'nobody' } },
      /^nothing is left by --consumer "nobody": there are 2 interactions, of shop → supplier-orders, shop → billing$/,
    ],
    [
      'filters that leave nothing',
      { pacts: good, filter: { description: 'login', state: 'any' } },
      /^nothing is left by --description "login", --state "any": /,
    ],
    ['states that are not there', { pacts: good, states: file('nowhere.yaml') }, /nowhere\.yaml: there is no such file$/],
    ['states that cannot be', { pacts: good, states: file('states.yaml') }, /states\.yaml:2: \/states\/0\/text .*there are /],
    ['an assumption of nobody', { pacts: good, assume: { sum: 'off' } }, /^assume: unknown assumption "sum"; there are /],
  ])('%s', async (_name, options, said) => {
    const error: unknown = await verify(options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).name).toBe('UsageError')
    expect((error as Error).message).toMatch(said)
  })

  it.each<[string, Json, string, string | undefined]>([
    [
      'a message (V3)',
      small({ interactions: undefined, messages: [{ description: 'a', contents: {} }] }),
      'not-verified',
      'it is a message; only requests over HTTP are verified',
    ],
    [
      'a message (V4)',
      small({ metadata: { pactSpecification: { version: '4.0' } }, interactions: [{ type: 'Asynchronous/Messages', description: 'a' }] }),
      'not-verified',
      'it is of the type "Asynchronous/Messages"; only Synchronous/HTTP is verified',
    ],
    [
      'an interaction that needs a plugin',
      small({ metadata: { pactSpecification: { version: '4.0' }, plugins: [{ name: 'protobuf', version: '0.3' }] } }),
      'not-verified',
      'its file needs the plugin protobuf 0.3; none is loaded',
    ],
  ])('%s is neither passed nor failed, and nothing that counts alone', async (_name, content, verdict, explanation) => {
    const path = folder({ 'one.json': content })
    const only = ['document'] as const
    const [alone, beside] = await Promise.all([verify({ pacts: [path], only }), verify({ pacts: [path, ...good], only })])
    expect(alone.rows.map((row) => [marksOf(row), row.verdict, row.explanation])).toEqual([['---', verdict, explanation]])
    expect(alone.ok).toBe(false)
    expect(beside.rows.map((row) => row.verdict)).toEqual([verdict, 'passed'])
    expect(beside.ok).toBe(true)
  })

  it('a pact of another provider counts nowhere, and names nobody as wrong', async () => {
    const { rows, ok } = await verify({ pacts: [file('billing.json'), ...good], only: ['document'] })
    expect(rows.map((row) => [marksOf(row), row.verdict, row.explanation])).toEqual([
      ['---', 'not-ours', 'no document is about the provider "billing"; --map names one'],
      ['+--', 'passed', undefined],
    ])
    expect(ok).toBe(true)
  })
})

describe('the files of pacts', () => {
  const home = folder({ 'good.json': small(), 'other.json': small({ consumer: { name: 'app' } }) })
  const strange = join(home, 'a[b]{c}*')
  mkdirSync(strange)
  writeFileSync(join(strange, 'x[1].json'), JSON.stringify(small()))
  symlinkSync(join(home, 'good.json'), join(home, 'link.json'))
  const good = join(home, 'good.json')

  it.each<[string, readonly string[], readonly string[]]>([
    ['named as they are and from here', [good, relative(process.cwd(), good)], [good]],
    ['named by a pattern and a folder as well', [join(home, 'o*.json'), join(home, 'other.json'), good], [join(home, 'other.json'), good]],
    ['named by a link', [join(home, 'link.json'), good], [join(home, 'link.json')]],
    ['in a folder whose name looks like a pattern', [strange], [join(strange, 'x[1].json')]],
    ['with a name that looks like a pattern', [join(strange, 'x[1].json')], [join(strange, 'x[1].json')]],
  ])('%s are each verified once', async (_name, pacts, files) => {
    const { rows } = await verify({ pacts, only: ['document'] })
    expect(rows.map(({ file }) => file)).toEqual(files)
  })
})

describe('a pact and its document', () => {
  const bare = (content: Json): Json =>
    JSON.parse(JSON.stringify(content).replaceAll('"/api/v2/', '"/').replace('"oms-allocations"', '"Fulfilment"'))

  it('find each other by the paths, without the base path as well', async () => {
    const pacts = [inFolder([bare(FILES['order-desk']), bare(FILES['parcel-tracker'])])]
    const report = await verify({ pacts })
    expect(report.rows).toHaveLength(14)
    expect(report.rows.filter((row) => marksOf(row) !== '++-').map(saidOf)).toEqual([])
  })

  it('find each other by what is filtered out as well', async () => {
    const { interactions } = bare(FILES['order-desk'])
    const strange = { description: 'a stranger', request: { method: 'GET', path: '/api/v2/moon' }, response: { status: 200 } }
    const pacts = [inFolder([{ ...bare(FILES['order-desk']), interactions: [...interactions, strange] }])]
    const { rows } = await verify({ pacts, only: ['document'], filter: { description: 'stranger' } })
    expect(rows.map(marksOf)).toEqual(['!--'])
  })

  it('may have the base path in some of its paths only', async () => {
    const content = FILES['order-desk']
    const mixed = content.interactions.map((one: Json, index: number) => (index % 2 === 0 ? one : bare(one)))
    const { rows } = await verify({ pacts: [inFolder([{ ...content, interactions: mixed }])], only: ['mock'] })
    expect(rows.map((row) => [marksOf(row), saidOf(row)])).toEqual(mixed.map(() => ['-+-', '']))
  })
})

describe('the real service alone', () => {
  it('may be any provider: its paths are asked as they stand, and no document is looked for', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(200).end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const provider = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    // The second is named like a document of ours whose server has a base path.
    const paths = ['/invoices', '/allocation/query']
    const pacts = paths.map((path, index) => ({
      ...BILLING,
      provider: { name: ['billing', 'oms-allocations'][index] },
      interactions: [{ description: path, request: { path }, response: { status: 200 } }],
    }))
    const report = await verify({ pacts: [inFolder(pacts)], only: ['provider'], provider, map: { billing: 'nobody' } })
    await server[Symbol.asyncDispose]()
    expect(report).toMatchObject({ ok: true, rows: [{ verdict: 'passed' }, { verdict: 'passed' }] })
    expect(asked.toSorted()).toEqual(paths.toSorted())
  })
})
