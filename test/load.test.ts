import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { compileDocument, loadCompiled, loadDocument, type LoadedDocument, readDocument } from '../src/document/load.ts'
import { DocumentError } from '../src/base/problem.ts'

const spec = join(import.meta.dirname, '../spec')

/** A new folder with these files, gone after the test. */
function folder(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'load-')))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

function load(files: Readonly<Record<string, string>>): Promise<LoadedDocument> {
  return loadDocument(join(folder(files), 'main.yaml'))
}

function refusal(loading: Promise<LoadedDocument>): Promise<unknown> {
  return loading.then(
    () => 'it was loaded',
    (error: unknown) => error,
  )
}

function uris({ sources }: LoadedDocument): string[] {
  return sources.map(({ uri }) => uri).toSorted()
}

/** All of a document that can be compared: names, content, and the lines of every pointer and of one below it. */
function wholeOf({ name, sources }: LoadedDocument): unknown {
  return {
    name,
    sources: sources.map(({ uri, content, lineOf }) => ({
      uri,
      content,
      lines: pointersOf(content).map((pointer) => [pointer, lineOf(pointer), lineOf(`${pointer}/none`)]),
    })),
  }
}

function pointersOf(value: unknown, pointer = ''): string[] {
  if (typeof value !== 'object' || value === null) return [pointer]
  const inner = Object.entries(value).flatMap(([key, one]) =>
    pointersOf(one, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
  return [pointer, ...inner]
}

/** The document as it comes back from the two files of its compiled form. */
function recompiled(loaded: LoadedDocument): LoadedDocument {
  const root = folder({})
  const { document, lines } = compileDocument(loaded)
  writeFileSync(join(root, 'a.json'), JSON.stringify(document))
  writeFileSync(join(root, 'a.lines.json'), JSON.stringify(lines))
  return loadCompiled(join(root, 'a.json'), join(root, 'a.lines.json'))
}

describe('a document in several files', () => {
  it('has the main file first and each file once, named relative to it', async () => {
    const loaded = await load({
      'main.yaml': 'a: { $ref: parts/a.yaml#/A }\nb: { $ref: ./b.json }\nc: { $ref: "#/a" }\n',
      'parts/a.yaml': 'A: { $ref: ../b.json }\nagain: { $ref: "a.yaml#/A" }\nmain: { $ref: ../main.yaml }\n',
      'b.json': '{"type": "string"}',
      'stranger.yaml': 'nobody: refers to this\n',
    })
    expect(loaded.name).toBe('main')
    expect(loaded.sources[0]?.uri).toBe('main.yaml')
    expect(uris(loaded)).toEqual(['b.json', 'main.yaml', 'parts/a.yaml'])
    expect(loaded.sources.find(({ uri }) => uri === 'b.json')?.content).toEqual({ type: 'string' })
  })

  it('may name a file by its percent-encoding', async () => {
    const loaded = await load({ 'main.yaml': 'a: { $ref: a%20b.yaml }\n', 'a b.yaml': 'type: string\n' })
    expect(uris(loaded)).toEqual(['a b.yaml', 'main.yaml'])
  })

  it('may reach a file beside it by a link', async () => {
    const root = folder({ 'main.yaml': 'a: { $ref: link.yaml }\n', 'a.yaml': 'type: string\n' })
    symlinkSync(join(root, 'a.yaml'), join(root, 'link.yaml'))
    expect(uris(await loadDocument(join(root, 'main.yaml')))).toEqual(['a.yaml', 'main.yaml'])
  })

  it('may be JSON', async () => {
    const root = folder({ 'main.json': '{\n  "a": { "$ref": "a.json" }\n}', 'a.json': '{}' })
    expect(uris(await loadDocument(join(root, 'main.json')))).toEqual(['a.json', 'main.json'])
  })
})

describe('a reference', () => {
  it.each([
    ['a property named $ref', 'properties:\n  $ref: { $ref: a.yaml }\n'],
    ['a property named example', 'properties:\n  example: { $ref: a.yaml }\n'],
    ['a property named examples', 'properties:\n  examples: { $ref: a.yaml }\n'],
    ['a property named default', 'properties:\n  default: { $ref: a.yaml }\n'],
    ['a property named enum', 'properties:\n  enum: { $ref: a.yaml }\n'],
    ['a property named properties', 'properties:\n  properties: { $ref: a.yaml }\n'],
    ['a property of a property named properties', 'properties:\n  properties:\n    properties:\n      const: { $ref: a.yaml }\n'],
    ['a pattern named default', 'patternProperties:\n  default: { $ref: a.yaml }\n'],
    ['a schema named example', 'components:\n  schemas:\n    example: { $ref: a.yaml }\n'],
    ['the answer named default', 'responses:\n  default: { $ref: a.yaml }\n'],
    ['a schema in the answer named default', 'responses:\n  default:\n    content:\n      text/plain:\n        schema: { $ref: a.yaml }\n'],
    ['a parameter named default', 'components:\n  parameters:\n    default: { $ref: a.yaml }\n'],
    ['a header named default', 'headers:\n  default: { $ref: a.yaml }\n'],
    ['a definition named default', '$defs:\n  default: { $ref: a.yaml }\n'],
  ])('is followed in %s', async (_what, text) => {
    expect(uris(await load({ 'main.yaml': text, 'a.yaml': 'type: string\n' }))).toEqual(['a.yaml', 'main.yaml'])
  })

  it.each([
    ['example', 'example: { $ref: a.yaml }\n'],
    ['examples', 'examples:\n  one: { value: { $ref: a.yaml } }\n'],
    ['default', 'default: { $ref: a.yaml }\n'],
    ['enum', 'enum:\n  - { $ref: a.yaml }\n'],
    ['const', 'const: { $ref: a.yaml }\n'],
    ['the example of a property', 'properties:\n  a:\n    example: { $ref: a.yaml }\n'],
    ['a property named $ref that is not a schema', 'properties:\n  $ref: a.yaml\n'],
  ])('is data in %s', async (_where, text) => {
    expect(uris(await load({ 'main.yaml': text }))).toEqual(['main.yaml'])
  })

  it.each([
    ['../outside.yaml', "outside the document's folder"],
    ['parts/../../outside.yaml', "outside the document's folder"],
    ['..%2Foutside.yaml', "outside the document's folder"],
    ['linked.yaml', "outside the document's folder"],
    ['linked/outside.yaml', "outside the document's folder"],
    ['ABSOLUTE/outside.yaml', "outside the document's folder"],
    ['../inside-too/twin.yaml', "outside the document's folder"],
    ['http://127.0.0.1:1/a.yaml', 'not addresses'],
    ['HTTPS://127.0.0.1:1/a.yaml', 'not addresses'],
    ['file:a.yaml', 'not addresses'],
    ['file:///etc/passwd', 'not addresses'],
    ['//127.0.0.1/a.yaml', 'not addresses'],
    ['urn:example:a', 'not addresses'],
    ['missing.yaml', 'there is no such file'],
    ['missing.yaml#/A', 'there is no such file'],
    ['a%zz.yaml', 'a%zz.yaml'],
    ['parts', 'parts'],
  ])('to %s is refused with its line', async (target, reason) => {
    const outer = folder({
      'outside.yaml': 'secret: 1\n',
      'inside/main.yaml': '',
      'inside/a.yaml': '',
      'inside/parts/a.yaml': '',
      'inside-too/twin.yaml': '',
    })
    const main = join(outer, 'inside/main.yaml')
    writeFileSync(main, `openapi: 3.1.0\nparts:\n  - $ref: '${target.replace('ABSOLUTE', outer)}'\n`)
    symlinkSync(join(outer, 'outside.yaml'), join(outer, 'inside/linked.yaml'))
    symlinkSync(outer, join(outer, 'inside/linked'))
    const error = await refusal(loadDocument(main))
    expect(error).toBeInstanceOf(DocumentError)
    expect(error).toHaveProperty('message', expect.stringContaining('main.yaml:3'))
    expect(error).toHaveProperty('message', expect.stringContaining(reason))
  })

  it.each([
    [
      'a name that is not there',
      'a: { $ref: "#/b/Paymnt" }\nb: { Payment: {} }\n',
      'main.yaml:1 ($ref: #/b/Paymnt): it leads nowhere; there are Payment',
    ],
    ['a place that is not there', 'a: { $ref: "#/c/d/e" }\n', 'main.yaml:1 ($ref: #/c/d/e): it leads nowhere'],
    [
      'no pointer',
      'a: { $ref: "#Payment" }\n',
      'main.yaml:1 ($ref: #Payment): what stands behind # must be a pointer, which begins with a slash, or a name that a schema has given itself',
    ],
    ['a text', 'a: { $ref: "#/b" }\nb: text\n', 'main.yaml:1 ($ref: #/b): it leads nowhere; there are a, b'],
    ['a list', 'a: { $ref: "#/b" }\nb: []\n', 'main.yaml:1 ($ref: #/b): it leads nowhere; there are a, b'],
    ['a name of another file', 'a: { $ref: "a.yaml#/B" }\n', 'main.yaml:1 ($ref: a.yaml#/B): it leads nowhere; there are A'],
    ['an empty file', 'a: { $ref: "empty.yaml" }\n', 'main.yaml:1 ($ref: empty.yaml): it leads nowhere'],
    [
      'what a discriminator maps a value to',
      'discriminator:\n  mapping:\n    cat: "#/a"\n',
      'main.yaml:3 ($ref: #/a): it leads nowhere; there are discriminator',
    ],
    [
      'the name that a discriminator maps a value to',
      'components: { schemas: { Cat: {} } }\ndiscriminator: { mapping: { cat: Kat } }\n',
      'main.yaml:2 ($ref: #/components/schemas/Kat): it leads nowhere; there are Cat',
    ],
  ])('that leads to %s is refused', async (_what, text, message) => {
    const error = await refusal(load({ 'main.yaml': text, 'a.yaml': 'A: {}\n', 'empty.yaml': '' }))
    expect(error).toEqual(new DocumentError(message))
  })

  it('may lead to a schema that is true, through escapes, to what a discriminator names, and stand as a property', async () => {
    const text = [
      'a: { $ref: "#/c~1d/e%20f~0" }',
      'c/d: { "e f~": true }',
      'components: { schemas: { Cat: {} } }',
      'discriminator: { mapping: { cat: Cat, kitten: "#/components/schemas/Cat" } }',
      'properties: { discriminator: { properties: { mapping: { type: string } } } }',
    ]
    expect(uris(await load({ 'main.yaml': text.join('\n') }))).toEqual(['main.yaml'])
  })

  it('may lead to a name that a schema has given itself', async () => {
    const text = [
      'a: { $ref: "#here" }',
      'b: { $anchor: here, type: string }',
      'c: { $id: "https://example.com/schemas/c", $ref: "d#/x" }',
      'd: { $id: "https://example.com/schemas/d", x: { type: string } }',
      'e: { $ref: "https://example.com/schemas/c" }',
    ]
    expect(uris(await load({ 'main.yaml': text.join('\n') }))).toEqual(['main.yaml'])
  })

  it('that leads nowhere is named beside what there is, where that is enough', async () => {
    const root = folder({ 'main.yaml': 'a: { $ref: none.yaml }\nb: { $ref: "#/c" }\nd: 1\n' })
    const { document, faults } = await readDocument(join(root, 'main.yaml'))
    expect(uris(document)).toEqual(['main.yaml'])
    expect(faults).toEqual([
      'main.yaml:1 ($ref: none.yaml): there is no such file',
      'main.yaml:2 ($ref: #/c): it leads nowhere; there are a, b, d',
    ])
  })

  it('fetches nothing', async () => {
    let requests = 0
    const server = createServer((_request, response) => {
      requests++
      response.end('type: string\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    for (const target of [`http://127.0.0.1:${port}/a.yaml`, `//127.0.0.1:${port}/a.yaml`])
      expect(await refusal(load({ 'main.yaml': `a: { $ref: '${target}' }\n` }))).toBeInstanceOf(DocumentError)
    expect(requests).toBe(0)
  })

  it('is refused in a file that is referred to, with that file and line', async () => {
    const error = await refusal(
      load({ 'main.yaml': 'a: { $ref: parts/a.yaml }\n', 'parts/a.yaml': 'type: object\nproperties:\n  x: { $ref: none.yaml }\n' }),
    )
    expect(error).toHaveProperty('message', expect.stringMatching(/^parts\/a\.yaml:3 .*none\.yaml.*there is no such file/))
  })
})

describe('a file', () => {
  const laughs = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `a${n}: &a${n} [${`*a${n - 1}, `.repeat(9)}]`),
  ]

  it.each([
    ['a missing bracket', 'a: 1\nb: [1, 2\nc: 3\n', /^main\.yaml:3: /],
    ['a tab for indentation', 'a:\n\tb: 1\n', /^main\.yaml:2: /],
    ['a second document', 'a: 1\n---\nb: 2\n', /^main\.yaml:2: /],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', /^main\.yaml:3: .*unique/],
    ['a key twice further down', 'a:\n  - b: 1\n    c: 2\n    b: 3\n', /^main\.yaml:4: .*unique/],
    ['a key twice in JSON', '{\n  "a": 1,\n  "a": 2\n}', /^main\.yaml:3: .*unique/],
    ['aliases that multiply', laughs.join('\n'), /^main\.yaml:/],
    ['an alias of nothing', 'a: 1\nb: *nothing\n', /^main\.yaml:/],
    ['an alias of what it stands in', 'a: &a\n  b: *a\n', /^main\.yaml:/],
    ['brackets without end', '['.repeat(50_000), /^main\.yaml:1: /],
  ])('with %s is refused', async (_what, text, message) => {
    const error = await refusal(load({ 'main.yaml': text }))
    expect(error).toBeInstanceOf(DocumentError)
    expect(error).toHaveProperty('message', expect.stringMatching(message))
    expect(error).toHaveProperty('message', expect.not.stringContaining('\n'))
  })

  it('may use aliases in moderation', async () => {
    const { sources } = await load({ 'main.yaml': 'a: &a { type: string }\nb: *a\nc: *a\n' })
    expect(sources[0]?.content).toEqual({ a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string' } })
  })

  it('may use one alias as often as it likes, and merge', async () => {
    const { sources } = await load({
      'main.yaml': `a: &a { type: string }\nb:\n${'  - *a\n'.repeat(2_000)}c:\n  <<: *a\n  minLength: 1\n`,
    })
    expect(sources[0]?.content).toMatchObject({ b: { length: 2_000 }, c: { type: 'string', minLength: 1 } })
  })

  it('may begin with a byte order mark', async () => {
    for (const text of ['\uFEFF{"a": 1}', '\uFEFFa: 1\n']) expect((await load({ 'main.yaml': text })).sources[0]?.content).toEqual({ a: 1 })
  })

  it('that is missing is refused', async () => {
    const error = await refusal(loadDocument(join(folder({}), 'none.yaml')))
    expect(error).toBeInstanceOf(DocumentError)
    expect(error).toHaveProperty('message', expect.stringMatching(/none\.yaml.*there is no such file/))
  })

  it('that is a folder is refused', async () => {
    expect(await refusal(loadDocument(folder({})))).toBeInstanceOf(DocumentError)
  })

  it('may have twenty-five million bytes', async () => {
    const text = 'a: 1\n#'
    const loaded = await load({ 'main.yaml': text + ' '.repeat(25_000_000 - text.length) })
    expect(loaded.sources[0]?.content).toEqual({ a: 1 })
  })

  it.each([
    ['of its own', 'main.yaml'],
    ['that is referred to', 'a.yaml'],
  ])('%s may not have one more', async (_which, name) => {
    const root = folder({ 'main.yaml': 'a: { $ref: a.yaml }\n', 'a.yaml': '' })
    truncateSync(join(root, name), 25_000_001)
    const error = await refusal(loadDocument(join(root, 'main.yaml')))
    expect(error).toBeInstanceOf(DocumentError)
    expect(error).toHaveProperty('message', expect.stringMatching(new RegExp(`^${name}: 25000001 bytes`)))
  })
})

describe('the line of a pointer', () => {
  const text = [
    '# A comment first.',
    'openapi: 3.1.0',
    'info:',
    '  title: A',
    '  description: >-',
    '    over',
    '    lines',
    '  version: 1',
    'list:',
    '  - one',
    '',
    '  - two:',
    '      deep: 1',
    '  - { first: x,',
    '      second: [y,',
    '        z] }',
    'a/b~c: z',
    'responses:',
    '  200: { description: Fine }',
    "  '404':",
    '    description: Gone',
    'nothing:',
    '',
  ]

  it.each([
    ['', 2],
    ['/openapi', 2],
    ['/info', 3],
    ['/info/title', 4],
    ['/info/description', 5],
    ['/info/version', 8],
    ['/list', 9],
    ['/list/0', 10],
    ['/list/1', 12],
    ['/list/1/two', 12],
    ['/list/1/two/deep', 13],
    ['/list/2', 14],
    ['/list/2/second', 15],
    ['/list/2/second/0', 15],
    ['/list/2/second/1', 16],
    ['/a~1b~0c', 17],
    ['/responses/200', 19],
    ['/responses/200/description', 19],
    ['/responses/404/description', 21],
    ['/nothing', 22],
    ['/info/none', 3],
    ['/info/title/none/deeper', 4],
    ['/list/9', 9],
    ['/list/1/none', 12],
    ['/nothing/none', 22],
    ['/none', 2],
  ])('"%s" is %i', async (pointer, line) => {
    const unix = await load({ 'main.yaml': text.join('\n') })
    expect(unix.sources[0]?.lineOf(pointer)).toBe(line)
    const windows = await load({ 'main.yaml': text.join('\r\n') })
    expect(windows.sources[0]?.lineOf(pointer)).toBe(line)
    expect(recompiled(unix).sources[0]?.lineOf(pointer)).toBe(line)
  })

  it('is the same in JSON, whatever its texts hold', async () => {
    const content = { 'a"b\\': [{ 'c\n{': '}]",\\' }, [], 'x\\\\', -1.5e3, true], '': { '': null }, 'd/e~f': { g: [[{ h: 1 }]] } }
    const text = JSON.stringify(content, undefined, 2)
    const loaded = await load({ 'main.yaml': text })
    const yaml = await load({ 'main.yaml': `# A comment.\n${text}` })
    for (const pointer of pointersOf(content)) {
      const line = loaded.sources[0]?.lineOf(pointer) ?? 0
      expect([pointer, line + 1]).toEqual([pointer, yaml.sources[0]?.lineOf(pointer)])
    }
    expect(loaded.sources[0]?.content).toEqual(content)
  })

  it('is right in JSON', async () => {
    const loaded = await load({ 'main.yaml': '{\n  "a": {\n    "b": [\n      1,\n      2 ] } }' })
    expect(['', '/a', '/a/b', '/a/b/0', '/a/b/1'].map((pointer) => loaded.sources[0]?.lineOf(pointer))).toEqual([1, 2, 3, 4, 5])
  })
})

describe('the compiled form', () => {
  it('gives the content and the lines of every file', async () => {
    const loaded = await load({
      'main.yaml': 'a:\n  - { $ref: parts/a.yaml#/A }\n  -\n    b: null\n"c~/d":\n  e: [1,\n    2]\n',
      'parts/a.yaml': '# First.\nA:\n  type: string\nempty: {}\n',
    })
    expect(loaded.sources).toHaveLength(2)
    expect(wholeOf(recompiled(loaded))).toEqual(wholeOf(loaded))
  })

  it('keeps names that objects inherit', async () => {
    const loaded = await load({ 'main.yaml': 'constructor: 1\n__proto__:\n  a: 2\ntoString: 3\n' })
    const { sources } = recompiled(loaded)
    expect(JSON.stringify(sources[0]?.content)).toBe('{"constructor":1,"__proto__":{"a":2},"toString":3}')
    expect(['/constructor', '/__proto__/a', '/toString'].map((pointer) => sources[0]?.lineOf(pointer))).toEqual([1, 3, 4])
  })

  it('reads the lines only when one is asked for', async () => {
    const root = folder({})
    const { document, lines } = compileDocument(await load({ 'main.yaml': 'a:\n  b: 1\n' }))
    writeFileSync(join(root, 'a.json'), JSON.stringify(document))
    const loaded = loadCompiled(join(root, 'a.json'), join(root, 'a.lines.json'))
    writeFileSync(join(root, 'a.lines.json'), JSON.stringify(lines))
    expect(loaded.sources[0]?.lineOf('/a/b')).toBe(2)
  })

  const bundled = readdirSync(spec).filter((name) => name.endsWith('.yaml'))

  it('is made of four documents', () =>
    expect(bundled).toEqual(['control.yaml', 'oms-allocations.yaml', 'provider-states.yaml', 'supplier-orders.yaml']))

  it.each(bundled)('of %s is the document', async (name) => {
    const loaded = await loadDocument(join(spec, name))
    expect(wholeOf(recompiled(loaded))).toEqual(wholeOf(loaded))
  })
})
