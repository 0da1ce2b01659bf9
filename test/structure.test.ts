import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '../src')

/** Which rooms a room may import from, beside itself and `base`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  document: [],
  contract: ['document'],
  core: [],
  engine: ['contract', 'core'],
  apis: ['core'],
  control: ['core'],
  store: ['core'],
  recording: ['contract', 'core', 'types of engine'],
  server: ['contract', 'core', 'engine', 'store', 'control', 'recording'],
  client: ['types of core'],
  verification: ['client', 'contract', 'document', 'types of core'],
  // Above the rooms: files that put them together.
  library: ['contract', 'core', 'document', 'engine'],
  options: ['core', 'types of library', 'types of server', 'types of store'],
  bundled: ['apis', 'types of core'],
  serving: ['contract', 'control', 'core', 'document', 'engine', 'library'],
  mock: ['bundled', 'client', 'contract', 'core', 'document', 'engine', 'library', 'options', 'recording', 'server', 'serving', 'store'],
  wiring: ['mock', 'recording', 'verification'],
  index: ['client', 'core', 'library', 'mock', 'recording', 'server', 'store', 'verification', 'wiring'],
  api: ['core'],
  cli: ['bundled', 'contract', 'document', 'index', 'options', 'types of core', 'verification', 'wiring'],
}
/** Rooms where time, chance and the outside come in as arguments. */
const PURE = ['base', 'contract', 'core', 'engine', 'apis', 'control']
const FORBIDDEN = [/Date\.now/, /new Date\(\)/, /Math\.random/, /\bprocess\./, /performance\.now/, /randomUUID/, /from 'node:/]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const roomOf = (file: string): string => file.split(/[/\\]/)[0]?.replace(/\.ts$/, '') ?? ''

export function forbiddenImports(file: string, text: string): string[] {
  const room = roomOf(file)
  const allowed = [room, 'base', ...(MAY_IMPORT[room] ?? [])]
  return importsOf(file, text).flatMap(({ from, isOfTypes }) => {
    const target = roomOf(from)
    return allowed.includes(target) || (isOfTypes && allowed.includes(`types of ${target}`)) ? [] : [`${file} imports ${target}`]
  })
}

/** What a file imports, each by its path below src/. */
function importsOf(file: string, text: string): { readonly from: string; readonly isOfTypes: boolean }[] {
  return [...text.matchAll(/(import|export)( type)?\s[^'"]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].map(([, , type, from, dynamic]) => ({
    from: relative(src, resolve(src, dirname(file), from ?? dynamic ?? '')),
    isOfTypes: type !== undefined,
  }))
}

/** A way of imports that comes back to where it begins, if there is one; types count as well. */
export function ringIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>()
  const walk = (file: string, way: readonly string[]): readonly string[] | undefined => {
    const at = way.indexOf(file)
    if (at !== -1) return [...way.slice(at), file]
    if (done.has(file)) return undefined
    for (const next of imports.get(file) ?? []) {
      const ring = walk(next, [...way, file])
      if (ring) return ring
    }
    done.add(file)
    return undefined
  }
  return [...imports.keys()].map((file) => walk(file, [])).find((ring) => ring !== undefined)
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

  it('hang on one another without a ring, types included', () => {
    const imports = files.map((file) => [file, importsOf(file, readFileSync(join(src, file), 'utf8')).map(({ from }) => from)] as const)
    expect(ringIn(new Map(imports))).toBeUndefined()
  })

  it('each API knows itself only', () => {
    const own = files.filter((file) => /^apis\/[^/]+\//.test(file))
    const strangers = own.flatMap((file) =>
      importsOf(file, readFileSync(join(src, file), 'utf8')).flatMap(({ from }) =>
        from.startsWith('apis/') && dirname(from) !== dirname(file) ? [`${file} imports ${from}`] : [],
      ),
    )
    expect(own.length).toBeGreaterThan(20)
    expect(strangers).toEqual([])
  })

  it.each(files.filter((file) => !/^(apis|bundled)\b|believable/.test(file)))('%s names no API', (file) => {
    const code = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|'[^'\n]*'|`[^`]*`/gm, '')
    expect(code.match(/\b(supplier|retailer|oms|allocat)\w*/gi) ?? []).toEqual([])
  })

  it('would notice an offence', () => {
    expect(forbiddenImports('core/x.ts', "import { a } from '../contract/json.ts'")).toHaveLength(1)
    expect(forbiddenImports('store/x.ts', "import { a } from '../engine/respond.ts'")).toHaveLength(1)
    expect(forbiddenImports('client/x.ts', "import { a } from '../core/clock.ts'")).toHaveLength(1)
    expect(forbiddenImports('client/x.ts', "import type { a } from '../core/clock.ts'")).toHaveLength(0)
    const ring = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['d', ['b']],
    ])
    expect(ringIn(ring)).toEqual(['b', 'd', 'b'])
    expect(forbiddenImports('cli/x.ts', "const a = await import('../server/app.ts')")).toHaveLength(1)
  })
})
