import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import request from 'supertest'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { main } from '../src/cli/main.ts'
import { createMock } from '../src/index.ts'
import { ROOT, Running } from './cli/process.ts'
import books from './init/books.ts'
import parcels from './init/parcels.ts'
import shop from './init/shop/openapi.ts'
import { PUBLISHED } from './pact/published.ts'

/** A folder beyond the checkout, in which the package is installed. */
const folder = mkdtempSync(join(tmpdir(), 'init-'))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'node_modules'))
symlinkSync(ROOT, join(folder, 'node_modules/allocation-mock'), 'junction')
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')

/** The command, in this process. */
async function init(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const code = await main(['init', ...args], {
    out: (line) => void (written.out += `${line}\n`),
    err: (line) => void (written.err += `${line}\n`),
    env: {},
  })
  return { code, ...written }
}

describe('init', () => {
  it.each([
    ['parcels.yaml', 'parcels.ts', '9 of 10 operations answer from state, 1 from the document: shipParcel'],
    ['books.json', 'books.ts', '8 of 8 operations answer from state'],
    ['shop/openapi.yaml', 'shop/openapi.ts', '5 of 5 operations answer from state'],
  ])('writes for %s what stands in test/init/%s; otherwise: init --spec, again', async (spec, module, said) => {
    const own = mkdtempSync(join(folder, 'golden-'))
    cpSync(join(import.meta.dirname, 'init'), own, { recursive: true, filter: (file) => !file.endsWith('.ts') })
    const file = join(own, module)
    const { code, out, err } = await init('--spec', join(own, spec))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`${file}: ${said}\nserve it with: npx allocation-mock serve --api ${file}\n`)
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(join(import.meta.dirname, 'init', module), 'utf8'))
  })

  it('writes to another folder, from which it names the document', async () => {
    const own = mkdtempSync(join(folder, 'out-'))
    mkdirSync(join(own, 'a b#c'))
    cpSync(join(import.meta.dirname, 'init/parcels.yaml'), join(own, 'a b#c/100%.yaml'))
    mkdirSync(join(own, 'mocks'))
    const out = join(own, 'mocks/parcels.mts')
    expect(await init('--spec', join(own, 'a b#c/100%.yaml'), '--out', out)).toMatchObject({ code: 0 })
    expect(readFileSync(out, 'utf8')).toContain("document: new URL('../a%20b%23c/100%25.yaml', import.meta.url),")
    expect(await loaded([out])).toEqual([])
  })
})

describe('a module that init has written', () => {
  it('creates, gets, lists, changes and deletes', async () => {
    await using mock = await createMock({ apis: [parcels], now: '2026-03-01T12:00:00Z' })
    const base = request(mock.app)
    const { body: parcel } = await base.post('/v1/parcels').send({ to: 'Ada', weight: 2 }).expect(201)
    expect(parcel).toMatchObject({
      to: 'Ada',
      weight: 2,
      status: 'NEW',
      createdAt: '2026-03-01T12:00:00.000Z',
      'tracking-code': null,
      address: { lines: [] },
    })
    const at = `/v1/parcels/${parcel.id}`
    await base.get(at).expect(200, parcel)
    await base.get('/v1/parcels').expect(200, { parcels: [parcel], total: 1 })
    await base
      .patch(at)
      .send({ to: 'Eve', status: 'SENT' })
      .expect(200, { ...parcel, to: 'Eve', status: 'SENT' })
    await base.get(at).expect(200, { ...parcel, to: 'Eve', status: 'SENT' })
    await base.delete(at).expect(204)
    await base.get(at).expect(404)
    await base.patch(at).send({ to: 'Eve', status: 'SENT' }).expect(404)
    await base.delete(at).expect(404)
    await base.get('/v1/parcels').expect(200, { parcels: [], total: 0 })
    // What it leaves out is answered from the document.
    await base.post(`${at}/ship`).send({}).expect(200)
  })

  it('makes ids that the document allows, and takes from a body only what may be shown', async () => {
    await using mock = await createMock({ apis: [parcels] })
    const base = request(mock.app)
    await base.post('/v1/depots').send({ password: 'secret', open: 'yes' }).expect(201, { id: 'DE-0001', name: 'Nord', open: false })
    await base.post('/v1/depots').send({ name: 'Süd' }).expect(201, { id: 'DE-0002', name: 'Süd', open: false })
    await base.get('/v1/depots/DE-0002').expect(200, { data: { id: 'DE-0002', name: 'Süd', open: false } })
    await base.delete('/v1/depots/DE-0001').expect(200, { closed: true })
    await base.get('/v1/depots').expect(200, [{ id: 'DE-0002', name: 'Süd', open: false }])
  })

  it('has entities that scenarios place', async () => {
    await using mock = await createMock({ apis: [parcels] })
    const depot = { id: 'DE-0007', name: 'West', open: true }
    await mock.createSession({ name: 'placed', scenario: { depots: [depot] } })
    await request(mock.app).get('/v1/depots').set('Mock-Session', 'placed').expect(200, [depot])
  })

  it('counts where ids are numbers, of a document of Swagger 2.0', async () => {
    await using mock = await createMock({ apis: [books] })
    const base = request(mock.app)
    await base.post('/api/books').send({ title: 'Emma' }).expect(200, { id: 1, title: 'Emma' })
    await base.post('/api/books').send({ id: 7, title: 'Persuasion' }).expect(200, { id: 7, title: 'Persuasion' })
    await base.post('/api/books').send({ title: 'Sanditon' }).expect(200, { id: 8, title: 'Sanditon' })
    await base.get('/api/books/1').expect(200, { id: 1, title: 'Emma' })
    await base.put('/api/books/1').send({ id: 3, title: 'Emma!' }).expect(204)
    await base.delete('/api/books/7').expect(204)
    const { body } = await base.get('/api/books').expect(200)
    expect(body).toHaveLength(2)
    expect(body).toEqual(
      expect.arrayContaining([
        { id: 1, title: 'Emma!' },
        { id: 8, title: 'Sanditon' },
      ]),
    )
  })

  it('finds what a path names by something else than its id', async () => {
    await using mock = await createMock({ apis: [books] })
    const base = request(mock.app)
    await base.post('/api/authors').send({ slug: 'jane' }).expect(201, { id: 1, name: '', slug: 'jane' })
    await base.get('/api/authors/jane').expect(200, { id: 1, name: '', slug: 'jane' })
    await base.delete('/api/authors/jane').expect(204)
    await base.get('/api/authors/jane').expect(404)
  })

  it('takes what it can from the path, of a document in several files', async () => {
    await using mock = await createMock({ apis: [shop] })
    const base = request(mock.app)
    const items = [{ sku: 'MUG', quantity: 2 }]
    const order = { id: '1', customerId: 'c', note: null, items }
    await base.post('/customers/c/orders').send({ items }).expect(201, order)
    await base.post('/customers/c/orders').expect(201, { ...order, id: '2', items: [] })
    await base.get('/customers/c/orders/1').expect(200, order)
    await base
      .put('/customers/c/orders/1')
      .send({ ...order, id: '9', note: 'quick' })
      .expect(200, { ...order, note: 'quick' })
    await base.delete('/customers/c/orders/2').expect(204)
    await base.get('/customers/c/orders').expect(200, [{ ...order, note: 'quick' }])
  })
})

describe('init with what it cannot use', () => {
  const own = mkdtempSync(join(folder, 'bad-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(own, name), text)
    return join(own, name)
  }
  const good = (name: string): string => file(name, 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths: {}\n')

  it.each<[what: string, args: () => readonly string[], said: RegExp]>([
    ['no document', () => [], /^error: init needs a document: give --spec FILE/],
    ['no such file', () => ['--spec', 'nowhere.yaml'], /^error: --spec nowhere\.yaml: document nowhere\.yaml: .*\n$/],
    ['what is not YAML', () => ['--spec', file('a.yaml', 'a: 1\nb: [')], /^error: --spec \S+a\.yaml: a\.yaml:2: .+\n$/],
    ['another document', () => ['--spec', file('b.yaml', 'a: 1')], /b\.yaml: it is not an OpenAPI document: neither "openapi" nor/],
    [
      'a reference that leads nowhere',
      () => ['--spec', file('c.yaml', "openapi: 3.1.0\npaths:\n  /a:\n    $ref: '#/b'")],
      /^error: --spec \S+c\.yaml: c\.yaml:4 .*leads nowhere.*\n$/,
    ],
    ['a file that is there', () => ['--spec', good('d.yaml'), '--out', file('d.ts', '')], /d\.ts cannot be written: it is there already/],
    ['no folder', () => ['--spec', good('e.yaml'), '--out', join(own, 'none/e.ts')], /e\.ts cannot be written: there is no such folder/],
    ['a file as a folder', () => ['--spec', good('f.yaml'), '--out', join(good('g.yaml'), 'e.ts')], /cannot be written: .*not a folder/],
    ['JavaScript', () => ['--spec', good('h.yaml'), '--out', 'h.js'], /^error: --out is "h\.js"; give a file that ends in \.ts or \.mts/],
  ])('%s: exit 2', async (_what, args, said) => {
    const { code, out, err } = await init(...args())
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(said)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })
})

/** Compiles modules as this project is compiled. @returns what the compiler says */
async function compiled(own: string): Promise<string> {
  writeFileSync(
    join(own, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(ROOT, 'node_modules/@types')], paths: { 'allocation-mock/api': [join(ROOT, 'src/api.ts')] } },
      include: ['**/*.ts'],
    }),
  )
  const { code, out, err } = await new Running(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', own]).ended
  return code === 0 ? '' : out + err
}

/** Loads modules in a Node of their own, and makes a mock of each. @returns what goes wrong */
async function loaded(files: readonly string[]): Promise<readonly string[]> {
  const program = `
    import { createMock } from 'allocation-mock'
    const failures = []
    for (const file of JSON.parse(process.argv[1]))
      try {
        await (await createMock({ apis: [(await import('file://' + encodeURI(file))).default] })).close()
      } catch (error) {
        failures.push(file + ': ' + error.message)
      }
    console.log(JSON.stringify(failures))`
  const args = ['--input-type=module', '--eval', program, JSON.stringify(files)]
  const { out, err } = await new Running(process.execPath, args, { cwd: folder }).ended
  expect(err).toBe('')
  return JSON.parse(out)
}

const SOME = ['3.0/json/petstore-expanded.json', '3.1/yaml/train-travel.yaml']

describe.skipIf(!existsSync(PUBLISHED))('documents as their authors publish them', () => {
  it('become modules that compile and load', async () => {
    const isLong = process.env['LONG'] === '1'
    const own = mkdtempSync(join(folder, 'published-'))
    const specs = isLong ? globSync('{2.0,3.0,3.1}/{json,yaml}/**/*.{json,yaml}', { cwd: PUBLISHED }) : SOME
    expect(specs.length).toBeGreaterThanOrEqual(isLong ? 120 : 2)
    const modules: string[] = []
    for (const spec of specs) {
      mkdirSync(dirname(join(own, spec)), { recursive: true })
      cpSync(join(PUBLISHED, spec), join(own, spec))
      const { code, err } = await init('--spec', join(own, spec))
      expect({ spec, code, err }).toEqual({ spec, code: 0, err: '' })
      modules.push(join(own, spec.replace(/\.\w+$/, '.ts')))
    }
    expect(await compiled(own)).toBe('')
    expect(await loaded(modules)).toEqual([])
  })

  it('are served with state', async () => {
    const own = mkdtempSync(join(folder, 'served-'))
    const apiOf = async (spec: string) => {
      cpSync(join(PUBLISHED, spec), join(own, spec))
      expect(await init('--spec', join(own, spec))).toMatchObject({ code: 0 })
      const { default: api } = await import(join(own, spec.replace(/\.\w+$/, '.ts')))
      return api
    }
    await using pets = await createMock({ apis: [await apiOf('3.0/json/petstore-expanded.json')] })
    const store = request(pets.app)
    await store.post('/api/pets').send({ name: 'Rex' }).expect(200, { id: 1, name: 'Rex' })
    await store.get('/api/pets/1').expect(200, { id: 1, name: 'Rex' })
    await store.get('/api/pets').expect(200, [{ id: 1, name: 'Rex' }])
    await store.delete('/api/pets/1').expect(204)
    await store.get('/api/pets').expect(200, [])
  })
})

/** Texts that mean something where they might come to stand. */
const ODD = [
  '*/ }) //',
  '`${process.exit(1)}`',
  "'); process.exit(1) //",
  '\u2028\n',
  '__proto__',
  'constructor',
  '1st',
  'Ünï cødé',
  'class',
  '',
]

describe('a document with odd names', () => {
  it('becomes a module that compiles, loads and works', async () => {
    const own = mkdtempSync(join(folder, 'odd-'))
    const named = <Value>(of: (text: string) => Value): Record<string, Value> => {
      const made: Record<string, Value> = Object.create(null)
      for (const text of ODD) Object.defineProperty(made, text, { value: of(text), enumerable: true })
      return made
    }
    const content = (schema: object) => ({ description: '', content: { 'application/json': { schema } } })
    const schemas = Object.fromEntries(
      ['Input', 'string', 'Date', 'session', 'input', 'Thing', 'thing', 'the-thing'].map((name) => [
        name,
        { type: 'object', required: ['id', ...ODD], properties: { id: { type: 'string' }, ...named((text) => ({ enum: [text] })) } },
      ]),
    )
    const paths = Object.keys(schemas).flatMap((name, place) => {
      const schema = { $ref: `#/components/schemas/${name}` }
      const text = ODD[place] ?? ''
      const parameters = [{ name: `${name} ${place}`, in: 'path', required: true, schema: { type: 'string' } }]
      return [
        [
          `/${place}`,
          {
            get: { operationId: `${text} ${place}`, summary: text, responses: { 200: content({ type: 'array', items: schema }) } },
            post: { summary: text, responses: { 201: content(schema) } },
          },
        ],
        [`/${place}/{${name} ${place}}`, { parameters, get: { operationId: text, summary: text, responses: { 200: content(schema) } } }],
      ]
    })
    const info = { title: ODD.join(' '), version: ODD.join(' ') }
    const spec = join(own, 'odd.json')
    writeFileSync(spec, JSON.stringify({ openapi: '3.1.0', info, paths: Object.fromEntries(paths), components: { schemas } }))
    const { code, err, out } = await init('--spec', spec)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('22 of 24 operations answer from state, 2 from the document: __proto__, constructor')
    const module = join(own, 'odd.ts')
    expect(await compiled(own)).toBe('')
    expect(await loaded([module])).toEqual([])
    onTestFinished(() => rmSync(own, { recursive: true }))
    const { default: api } = await import(module)
    await using mock = await createMock({ apis: [api] })
    const { body } = await request(mock.app).post('/3').expect(201)
    await request(mock.app).get(`/3/${body.id}`).expect(200, body)
    expect(relative(own, module)).toBe('odd.ts')
  })
})
