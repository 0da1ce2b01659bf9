import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, Running } from './process.ts'
import { elsewhere, folder, project } from './project.ts'

/** What is there at run time beside the code. */
const NEEDED = [
  'bin/allocation-mock.js',
  'contracts/order-desk-oms-allocations.json',
  'dist/cli/main.js',
  'dist/client/client.d.ts',
  'dist/client/client.js',
  'dist/documents/control.json',
  'dist/documents/oms-allocations.json',
  'dist/documents/oms-allocations.lines.json',
  'dist/documents/provider-states.json',
  'dist/documents/supplier-orders.json',
  'dist/index.d.ts',
  'dist/verification/pact/verify-child.js',
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

// It asks the registry for what the package needs: `npm run test:long` runs it.
it.runIf(process.env['LONG'] !== undefined)(
  'installs into an empty project, with its command, its library and their types',
  async (context) => {
    const packed = await folder()
    // It is built already; and building it would take dist/ from under the other tests.
    const pack = await new Running('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', packed], { env: elsewhere }).ended
    const [{ files, filename }]: [{ files: { path: string }[]; filename: string }] = JSON.parse(pack.out)
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(NEEDED))
    expect(new Set(paths.map((path) => path.split('/')[0]))).toEqual(
      new Set(['LICENSE', 'README.md', 'bin', 'contracts', 'dist', 'fixtures', 'package.json', 'spec']),
    )

    const cwd = await project(context, join(packed, filename))
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
    // Declarations are checked as well: what refers to types that are not installed would be any.
    const tsc = [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024']
    const checked = new Running(process.execPath, [...tsc, '--lib', 'es2025,esnext.disposable', '--types', 'node', 'program.ts'], { cwd })
    expect(await checked.ended).toMatchObject({ code: 0, out: '' })
    expect(await new Running(process.execPath, ['program.ts'], { cwd }).ended).toMatchObject({ code: 0, out: 'true passed true\n' })
  },
)
