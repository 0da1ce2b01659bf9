import { readFileSync } from 'node:fs'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { SERVE_OPTIONS, VERIFY_OPTIONS } from '../../src/cli/config.ts'
import { readSettings, variableName } from '../../src/cli/settings.ts'
import { commandOptions } from '../../src/base/option.ts'
import { ROOT, Running } from './process.ts'
import { elsewhere, folder } from './project.ts'

// No engine runs where these tests do: what an image would be told is read, and what it would run is run.

interface Instruction {
  readonly name: string
  readonly text: string
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const manifest: {
  version: string
  files: string[]
  engines: { node: string }
  devDependencies: { node: string }
  bin: Record<string, string>
} = JSON.parse(read('package.json'))
const dockerfile = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .flatMap((line): Instruction[] => {
    const [, name = '', text = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    return name === '' ? [] : [{ name, text }]
  })
const image = dockerfile.slice(dockerfile.findLastIndex(({ name }) => name === 'FROM'))
const textOf = (wanted: string): string => image.find(({ name }) => name === wanted)?.text ?? ''
const environment = Object.fromEntries(
  textOf('ENV')
    .split(' ')
    .map((pair) => pair.split('=') as [string, string]),
)
const entry: string[] = JSON.parse(textOf('ENTRYPOINT'))
const healthcheck: string[] = JSON.parse(/ CMD (.*)$/.exec(textOf('HEALTHCHECK'))?.[1] ?? '')
const ignored = read('.dockerignore').split('\n')
const given = ignored.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))

interface Service {
  readonly image?: string
  readonly build?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly stop_grace_period?: string
  readonly ports?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly volumes?: readonly string[]
  readonly command?: readonly string[]
}
const compose: { services: Readonly<Record<string, Service>> } = parse(read('compose.yaml'))

/** A command of the image, with what lies in /app there found here. */
function start([, ...args]: readonly string[], env: Record<string, string> = {}, app = `${ROOT}/`): Running {
  return new Running(
    process.execPath,
    args.map((arg) => arg.replace(/^\/app\//, app)),
    { env: { ...environment, ...env } },
  )
}

/** The image's server, on a free port. */
async function serve(...flags: string[]): Promise<{ server: Running; port: string }> {
  const server = start([...entry, '--port', '0', ...flags])
  const [, port = ''] = await server.until(/ready on http:\/\/127\.0\.0\.1:(\d+) /)
  return { server, port }
}

/** The status of a request that comes under another name, as from a container beside it. */
function ask(port: string, method: string, path: string, host: string, token?: string): Promise<number | undefined> {
  const headers = { host, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

describe('the image', () => {
  it('is built on the Node that the tests run on, and runs as somebody who owns nothing in it', () => {
    const bases = dockerfile.filter(({ name }) => name === 'FROM').map(({ text }) => text.split(' ')[0])
    expect(new Set([...bases, compose.services['app']?.image])).toEqual(new Set([`node:${manifest.devDependencies.node}-slim`]))
    expect(textOf('USER')).toBe('node')
    const names = image.map(({ name }) => name)
    expect(names.indexOf('USER')).toBeGreaterThan(Math.max(names.lastIndexOf('RUN'), names.lastIndexOf('COPY')))
    expect(image.filter(({ name }) => name === 'RUN').map(({ text }) => text)).toEqual([
      expect.stringContaining('npm ci --omit=dev --ignore-scripts'),
    ])
  })

  it('is given what the package is built from, and nothing else', async () => {
    expect(ignored.filter((line) => line !== '' && !/^[!#]/.test(line))).toEqual(['*'])
    expect(await readdir(ROOT)).toEqual(expect.arrayContaining(given))
    const built = manifest.files.filter((file) => file !== 'dist')
    const building = ['LICENSE', 'README.md', 'package.json', 'package-lock.json', 'scripts', 'src', 'tsconfig.build.json', 'tsconfig.json']
    expect(new Set(given)).toEqual(new Set([...built, ...building]))
  })

  // It installs twice, from npm's registry where its cache does not do.
  it.runIf(process.env['LONG'] !== undefined)('is built by its own commands, and has what it runs', { timeout: 300_000 }, async () => {
    const root = await folder()
    let stage = ROOT
    let here = ROOT
    for (const { name, text } of dockerfile) {
      if (name === 'FROM') stage = join(root, text.split(' AS ')[1] ?? 'image')
      else if (name === 'WORKDIR') await mkdir((here = join(stage, text)), { recursive: true })
      else if (name === 'COPY') {
        const [, from, list = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
        const sources = list.split(' ').slice(0, -1)
        // Of the project itself only what .dockerignore lets through.
        for (const source of sources.flatMap((one) => (one === '.' ? given : [one])))
          await cp(join(from === undefined ? ROOT : join(root, from), source), join(here, source.endsWith('/') ? '' : basename(source)), {
            recursive: true,
          })
      } else if (name === 'RUN') {
        const { code, err } = await new Running('sh', ['-c', text], { cwd: here, env: elsewhere }).ended
        expect({ code, err }).toMatchObject({ code: 0 })
      }
    }
    expect(await readdir(join(here, 'node_modules'))).not.toContain('vitest')
    const server = start([...entry, '--port', '0'], {}, `${here}/`)
    await server.until(/ready on/)
    await server.stop()
  })

  it('serves under the name of its container, to those and no others, until it is told to stop', async () => {
    expect(environment).toMatchObject({ ALLOCATION_MOCK_HOST: '0.0.0.0' })
    expect(entry.slice(0, 2)).toEqual(['node', `/app/${manifest.bin['allocation-mock']}`])
    expect(textOf('EXPOSE')).toBe('4010')
    const { server, port } = await serve('--seed', '7')
    expect(server.out).toContain('(seed 7,')
    expect(await ask(port, 'GET', '/__mock/health', 'allocation-mock:4010')).toBe(200)
    const [, token] = await server.until(/Authorization: Bearer ([\w-]+)\./)
    const reset = (host: string, key?: string): Promise<number | undefined> =>
      ask(port, 'POST', '/__mock/sessions/default/reset', host, key)
    expect(await reset('allocation-mock:4010', token)).toBe(200)
    expect(await reset('allocation-mock:4010')).toBe(401)
    expect(await reset('elsewhere:4010', token)).toBe(403)
    expect(await server.stop()).toMatchObject({ code: 0, signal: null })
  })

  it('is healthy while it serves', async () => {
    const { server, port } = await serve()
    expect(await start(healthcheck, { ALLOCATION_MOCK_PORT: port }).ended).toMatchObject({ code: 0, out: '', err: '' })
    await server.stop()
    expect(await start(healthcheck, { ALLOCATION_MOCK_PORT: port }).ended).toMatchObject({ code: 1, out: '', err: '' })
  })
})

describe('compose.yaml', () => {
  it('has the mock and an app that waits for it', async () => {
    expect(Object.keys(compose.services)).toEqual(['allocation-mock', 'app'])
    const { 'allocation-mock': mock, app } = compose.services
    expect(mock?.healthcheck?.test).toEqual(['CMD', ...healthcheck])
    // Published to this machine alone: the APIs have no password.
    expect(mock?.ports).toEqual([`127.0.0.1:4010:${textOf('EXPOSE')}`])
    expect(app?.depends_on).toEqual({ 'allocation-mock': { condition: 'service_healthy' } })
    // What begins with a dollar sign would be replaced.
    expect(read('compose.yaml')).not.toContain('$')
  })

  it('has an app that works', async () => {
    const { server, port } = await serve()
    const { command = [], volumes: [volume = ''] = [] } = compose.services['app'] ?? {}
    const [from = '', to] = volume.split(':')
    expect({ to, url: command.at(-1) }).toEqual({ to: '/app', url: 'http://allocation-mock:4010' })
    const app = start([...command.slice(0, -1), `http://127.0.0.1:${port}`], {}, join(ROOT, from, '/'))
    expect(await app.ended).toMatchObject({ code: 0, err: '', out: expect.stringContaining('201 POST /orders/create/') })
    await server.stop()
  })
})

describe('the replicas', () => {
  const folder = 'examples/replicas/'
  const VARIABLES = commandOptions(SERVE_OPTIONS).map(([, row]) => variableName(row))
  /** How long it goes on after SIGTERM, in seconds: it drains, and finishes what is in flight. */
  const goesOn = (env: Readonly<Record<string, string>>): number => (readSettings(SERVE_OPTIONS, { flags: {}, env }).drain ?? 0) / 1_000 + 5
  /** What is set is an option, and a value of it. */
  const checkVariables = (env: Readonly<Record<string, string>>): void => {
    expect(VARIABLES).toEqual(expect.arrayContaining(Object.keys(env)))
    expect(goesOn(env)).toBeGreaterThan(5)
  }
  const { services, volumes }: { services: Readonly<Record<string, Service>>; volumes: object } = parse(read(`${folder}compose.yaml`))
  const { 'allocation-mock': mock, balancer, postgres } = services
  const env = mock?.environment ?? {}
  const token = env['ALLOCATION_MOCK_CONTROL_TOKEN'] ?? ''

  it('of compose.yaml share a database, and are asked by a balancer once they are ready', async () => {
    checkVariables(env)
    expect(await readdir(join(ROOT, folder, mock?.build ?? ''))).toContain('Dockerfile')
    expect(Number.parseInt(mock?.stop_grace_period ?? '')).toBeGreaterThan(goesOn(env))
    const { username, password, hostname, pathname } = new URL(env['ALLOCATION_MOCK_STORE'] ?? '')
    expect({ POSTGRES_USER: username, POSTGRES_PASSWORD: password, POSTGRES_DB: pathname.slice(1) }).toEqual(postgres?.environment)
    expect(services).toHaveProperty([hostname])
    expect(Object.keys(volumes)).toContain(postgres?.volumes?.[0]?.split(':')[0])
    expect(balancer?.depends_on).toEqual({ 'allocation-mock': { condition: 'service_healthy' } })
    expect(balancer?.ports).toEqual([`127.0.0.1:4010:${textOf('EXPOSE')}`])
    const [file = ''] = balancer?.volumes?.[0]?.split(':') ?? []
    const config = read(join(folder, file))
    expect(config).toMatch(/^ {2}bind :4010$/m)
    expect(config).toMatch(/^ {2}option httpchk GET \/__mock\/health\/ready$/m)
    expect(config).toMatch(/^ {2}server-template \S+ \d+ allocation-mock:4010$/m)
  })

  it('are healthy when they are ready, and take what the balancer and Prometheus ask', async () => {
    const [, ...command] = mock?.healthcheck?.test ?? []
    const { server, port } = await serve('--control-token', token)
    expect(await start(command, { ALLOCATION_MOCK_PORT: port }).ended).toMatchObject({ code: 0, out: '', err: '' })
    // As HAProxy asks: HTTP/1.0, without a host.
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /__mock/health/ready HTTP/1.0\r\n\r\n'))
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
    const { scrape_configs: [scraping] = [] }: { scrape_configs?: { metrics_path: string; authorization: { credentials: string } }[] } =
      parse(read(`${folder}prometheus.yml`))
    expect(await ask(port, 'GET', scraping?.metrics_path ?? '', `127.0.0.1:${port}`, scraping?.authorization.credentials)).toBe(200)
    await server.stop()
    expect(await start(command, { ALLOCATION_MOCK_PORT: port }).ended).toMatchObject({ code: 1, out: '', err: '' })
  })

  it('of Kubernetes are set by options that there are, asked by paths that there are, and given the time that they take', () => {
    interface Probe {
      readonly httpGet: { readonly path: string; readonly port: string }
      readonly periodSeconds: number
      readonly failureThreshold?: number
    }
    interface Container {
      readonly image: string
      readonly ports: readonly object[]
      readonly env: readonly { readonly name: string; readonly value?: string }[]
      readonly startupProbe: Probe
      readonly livenessProbe: Probe
      readonly readinessProbe: Probe
    }
    const [deployment, service] = parseAllDocuments(read(`${folder}kubernetes.yaml`)).map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS()
    })
    const { spec } = deployment.spec.template
    const [container]: readonly Container[] = spec.containers
    if (!container) throw new Error('there is no container')
    const given = Object.fromEntries(container.env.map(({ name, value = 'postgres://of-a-secret' }) => [name, value]))
    checkVariables(given)
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(goesOn(given))
    expect(container.image).toMatch(new RegExp(`:${RegExp.escape(manifest.version)}$`))
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(textOf('EXPOSE')) }])
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const
    expect(probes.map((probe) => container[probe].httpGet)).toEqual(
      ['/__mock/health', '/__mock/health', '/__mock/health/ready'].map((path) => ({ path, port: 'http' })),
    )
    const { periodSeconds, failureThreshold = 3 } = container.startupProbe
    expect(periodSeconds * failureThreshold).toBeGreaterThan(Number.parseInt(given['ALLOCATION_MOCK_WAIT_FOR_STORE'] ?? ''))
    expect(service.spec.selector).toEqual(deployment.spec.selector.matchLabels)
    expect(deployment.spec.template.metadata.labels).toEqual(deployment.spec.selector.matchLabels)
  })
})

describe('the workflow for consumers', () => {
  const workflow: {
    jobs: { verify: { steps: { uses?: string; run?: string; with?: Record<string, unknown> }[] } }
  } = parse(read('examples/github-workflow.yml'))
  const { steps } = workflow.jobs.verify
  const withOf = (action: string): Record<string, unknown> | undefined => steps.find(({ uses }) => uses?.startsWith(`${action}@`))?.with

  it('verifies by options that there are, and keeps the report that it names', () => {
    const words =
      steps
        .map(({ run = '' }) => run)
        .find((run) => run.startsWith('npx allocation-mock verify'))
        ?.split(' ') ?? []
    const flags = words.filter((word) => word.startsWith('--'))
    const known = Object.values(VERIFY_OPTIONS).map(({ flag }) => flag.split(' ')[0])
    expect(known).toEqual(expect.arrayContaining(flags))
    expect(flags).toContain('--junit')
    expect(withOf('actions/upload-artifact')).toMatchObject({ path: words[words.indexOf('--junit') + 1] })
  })

  it('runs on a Node that will do', () => {
    expect(withOf('actions/setup-node')).toMatchObject({ 'node-version': Number(/\d+/.exec(manifest.engines.node)?.[0]) })
    expect(steps.map(({ run }) => run)).toContain('npm ci')
  })
})
