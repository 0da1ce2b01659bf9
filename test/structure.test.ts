import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '../src')

/** What every room may import. */
const OF_ALL = ['problem', 'http', 'shown', 'secret', 'hiding']
/** Which rooms a room may import from, beside itself and those that all may: `OF_ALL`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  problem: [],
  http: [],
  shown: [],
  secret: [],
  hiding: [],
  document: [],
  exact: [],
  load: ['document', 'exact'],
  contract: ['document', 'types of load'],
  domain: ['exact'],
  engine: ['contract', 'domain'],
  store: ['domain'],
  server: ['contract', 'engine', 'exact', 'store', 'types of domain'],
  pact: ['contract', 'exact'],
  contracts: ['client', 'contract', 'exact', 'load', 'pact', 'index'],
  replay: ['contract', 'domain', 'index', 'load', 'server'],
  library: ['contract', 'domain', 'engine', 'exact', 'load'],
  options: ['domain', 'types of library', 'types of server', 'types of store'],
  client: ['domain'],
  index: ['client', 'contract', 'contracts', 'domain', 'engine', 'library', 'load', 'options', 'replay', 'pact', 'server', 'store'],
  cli: ['index', 'contracts', 'load', 'contract', 'pact'],
}
/** Rooms where time, chance and the outside come in as arguments. */
const PURE = [...OF_ALL, 'contract', 'domain', 'engine']
const FORBIDDEN = [/Date\.now/, /new Date\(\)/, /Math\.random/, /\bprocess\./, /performance\.now/, /randomUUID/, /from 'node:/]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const roomOf = (file: string): string => file.split(/[/\\]/)[0]?.replace(/\.ts$/, '') ?? ''

export function forbiddenImports(file: string, text: string): string[] {
  const room = roomOf(file)
  const allowed = [room, ...OF_ALL, ...(MAY_IMPORT[room] ?? [])]
  return [...text.matchAll(/(import|export)( type)?\s[^'"]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].flatMap(
    ([, , type, from, dynamic]) => {
      const target = roomOf(relative(src, resolve(src, dirname(file), from ?? dynamic ?? '')))
      return allowed.includes(target) || (type !== undefined && allowed.includes(`types of ${target}`)) ? [] : [`${file} imports ${target}`]
    },
  )
}

describe('the rooms of src', () => {
  it('finds the files', () => expect(files.length).toBeGreaterThan(30))

  it.each(files)('%s imports only from rooms it may', (file) => {
    expect(MAY_IMPORT).toHaveProperty(roomOf(file))
    expect(forbiddenImports(file, readFileSync(join(src, file), 'utf8'))).toEqual([])
  })

  it.each(files.filter((file) => PURE.includes(roomOf(file))))('%s takes time, chance and the outside as arguments', (file) => {
    const code = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    expect(FORBIDDEN.filter((pattern) => pattern.test(code))).toEqual([])
  })

  it('would notice an offence', () => {
    expect(forbiddenImports('domain/x.ts', "import { a } from '../contract/json.ts'")).toHaveLength(1)
    expect(forbiddenImports('server/x.ts', "import { a } from '../domain/clock.ts'")).toHaveLength(1)
    expect(forbiddenImports('server/x.ts', "import type { a } from '../domain/clock.ts'")).toHaveLength(0)
    expect(forbiddenImports('cli/x.ts', "const a = await import('../server/app.ts')")).toHaveLength(1)
  })
})
