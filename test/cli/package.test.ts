import { copyFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ROOT, Running, serve } from './process.ts'
import { compile, elsewhere, pack, project } from './project.ts'

/** What is there at run time beside the code. */
const NEEDED = [
  'bin/allocation-mock.js',
  'contracts/order-desk-oms-allocations.json',
  'dist/client.js',
  'dist/client/client.d.ts',
  'dist/documents/control.json',
  'dist/documents/control.precompiled.js',
  'dist/documents/oms-allocations.json',
  'dist/documents/oms-allocations.lines.json',
  'dist/documents/oms-allocations.precompiled.js',
  'dist/documents/provider-states.json',
  'dist/documents/scenario.schema.json',
  'dist/documents/scenario.schema.precompiled.js',
  'dist/documents/supplier-orders.json',
  'dist/index.d.ts',
  'dist/index.js',
  'dist/main.js',
  'dist/read-ahead.json',
  'dist/verify-child.js',
  'fixtures/scenarios/one-of-each.yaml',
  'fixtures/states/oms-allocations.yaml',
  'fixtures/states/supplier-orders.yaml',
  'spec/oms-allocations.yaml',
  'spec/scenario.schema.json',
  'spec/states.schema.json',
  'spec/supplier-orders.yaml',
]

/** Somebody's program. What must not pass the compiler is never run. */
const PROGRAM = `
import { connect, type MockSession } from 'allocation-mock/client'
import { createMock, verifyContracts, type Mock, type Report, type VerifyContractsOptions } from 'allocation-mock'

const options: VerifyContractsOptions = { pacts: ['orders.json'], only: ['document', 'mock'] }
const report: Report = await verifyContracts(options)
const kind: 'passed' | 'failed' | 'skipped' | undefined = report.rows[0]?.answers.mock.kind
await using mock: Mock = await createMock({ seed: 7 })
const { url } = await mock.listen({ port: 0 })
const session: MockSession = await connect(url).createSession({ name: 'own', scenario: 'all-in-stock' })
const examples = await session.examples()
console.log(report.ok, kind, examples.length > 0)

export function wrong() {
  // @ts-expect-error: there is no such column
  const options: VerifyContractsOptions = { pacts: [], only: ['real'] }
  // @ts-expect-error: the app has a type
  mock.app.nothing()
  return options
}
`

/** A day of somebody's own API, on a server. */
const DAY = `
import { writeFile } from 'node:fs/promises'
import { connect, type MockSession } from 'allocation-mock/client'

const [url = ''] = process.argv.slice(2)
const client = connect(url)
const day = await client.createSession({ name: 'day', scenario: 'on-their-way' })
const other = await client.createSession({ name: 'other', scenario: 'on-their-way' })
const get = (path: string, { headers }: MockSession) => fetch(url + '/v1' + path, { headers })
const waiting = async (session: MockSession) => (await (await get('/parcels/waiting', session)).text()).match(/NEW|SENT/)?.[0]

await day.addFault({ operation: 'listParcels', calls: 1, status: 503 })
const listed = [(await get('/parcels', day)).status, (await get('/parcels', day)).status]
const before = await waiting(day)
await day.advance('2h')
const after = [await waiting(day), await waiting(other)]
const stepped = await other.step({ parcel: 'waiting' })
await writeFile('day.json', JSON.stringify(await day.export()))
console.log(JSON.stringify({ listed, before, after, stepped }))
`

// It asks the registry for what the package needs: `npm run test:long` runs it.
it.runIf(process.env['LONG'] !== undefined)(
  'installs into an empty project, with its command, its library and their types',
  async (context) => {
    const { file, paths } = await pack()
    expect(paths).toEqual(expect.arrayContaining(NEEDED))
    expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(
      new Set(['LICENSE', 'README.md', 'bin', 'contracts', 'dist', 'fixtures', 'package.json', 'spec']),
    )

    const cwd = await project(context, file)
    expect(Object.keys(JSON.parse(await readFile(join(cwd, 'package.json'), 'utf8')).dependencies)).toEqual(['allocation-mock'])
    const pact = join(cwd, 'orders.json')
    await copyFile(join(ROOT, 'contracts/warehouse-supplier-orders.json'), pact)
    const count = JSON.parse(await readFile(pact, 'utf8')).interactions.length
    const verified = await new Running('npx', ['allocation-mock', 'verify', 'orders.json', '--junit', 'report.xml'], {
      cwd,
      env: elsewhere,
    }).ended
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining(`${count} interactions: ${count} passed`) })
    expect(await readFile(join(cwd, 'report.xml'), 'utf8')).toContain(`tests="${count}"`)
    // Without further words it looks for the project's own contracts: those of the package would pass, and prove nothing of the project.
    const own = await new Running('npx', ['allocation-mock', 'verify'], { cwd, env: elsewhere }).ended
    expect(own).toMatchObject({ code: 2, out: '', err: expect.stringContaining('no pact files match "contracts"') })

    await writeFile(join(cwd, 'program.ts'), PROGRAM)
    expect(await compile(cwd, 'program.ts').ended).toMatchObject({ code: 0, out: '' })
    expect(await new Running(process.execPath, ['program.ts'], { cwd }).ended).toMatchObject({ code: 0, out: 'true passed true\n' })
  },
)

it.runIf(process.env['LONG'] !== undefined)(
  'serves, repeats and verifies an API of the project that it is installed in',
  async (context) => {
    const { file } = await pack()
    const cwd = await project(context, file)
    await cp(join(ROOT, 'examples/parcels'), cwd, { recursive: true, filter: (source) => !source.endsWith('.test.ts') })
    await writeFile(join(cwd, 'day.ts'), DAY)
    expect(await compile(cwd, 'parcels.ts', 'day.ts').ended).toMatchObject({ code: 0, out: '' })

    const installed = (args: readonly string[]) =>
      new Running(join(cwd, 'node_modules/.bin/allocation-mock'), args, { cwd, env: elsewhere })
    const own = ['--api', 'parcels.ts']
    const { server, url } = await serve(own, {}, installed)
    onTestFinished(async () => void (await server.stop()))
    const { code, out, err } = await new Running(process.execPath, ['day.ts', url], { cwd, env: elsewhere }).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toEqual({ listed: [503, 200], before: 'NEW', after: ['SENT', 'NEW'], stepped: ['sent'] })
    expect(await server.stop()).toMatchObject({ code: 0, err: expect.stringContaining('day 503 listParcels GET /v1/parcels') })

    const replayed = await installed(['replay', ...own, 'day.json', '--format', 'json']).ended
    expect(replayed).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(replayed.out)).toMatchObject([{ same: 4, different: [] }])
    const verified = await installed(['verify', ...own, 'contracts/shop-parcels.json']).ended
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('2 interactions: 2 passed') })
  },
)
