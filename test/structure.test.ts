import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPage } from './pages.ts'

const src = join(import.meta.dirname, '../src')

const drawn = readPage('docs/architecture.md')
/** Which rooms a room may import from, beside itself and `base`: the table of docs/architecture.md. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map(
  [...drawn.prose.matchAll(/^\| `(\w+)` \| [^|]+ \|([^|]*)\|$/gm)].map(([, room = '', imports = '']) => [
    room,
    imports
      .replaceAll('`', '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]),
)
/** The arrows of its picture; dotted where only types are imported. */
const ARROWS = [...(drawn.blocks[0]?.text.matchAll(/^ {2}(\w+) (-->|-\.->) (\w+)$/gm) ?? [])].map(([, from = '', arrow, to = '']) => ({
  from,
  to: arrow === '-->' ? to : `types of ${to}`,
}))
/** Rooms where time, chance and the outside come in as arguments. */
const PURE = ['base', 'contract', 'core', 'engine', 'apis', 'control']
const FORBIDDEN = [/Date\.now/, /new Date\(\)/, /Math\.random/, /\bprocess\./, /performance\.now/, /randomUUID/, /from 'node:/]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
const roomOf = (file: string): string => file.split(/[/\\]/)[0]?.replace(/\.ts$/, '') ?? ''

export function forbiddenImports(file: string, text: string): string[] {
  const room = roomOf(file)
  const allowed = [room, 'base', ...(MAY_IMPORT.get(room) ?? [])]
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
    expect([...MAY_IMPORT.keys()]).toContain(roomOf(file))
    expect(forbiddenImports(file, readFileSync(join(src, file), 'utf8'))).toEqual([])
  })

  it.each(files.filter((file) => PURE.includes(roomOf(file))))('%s takes time, chance and the outside as arguments', (file) => {
    const code = readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    expect(FORBIDDEN.filter((pattern) => pattern.test(code))).toEqual([])
  })

  it('have no row that nothing needs', () => {
    const needed = files.flatMap((file) =>
      importsOf(file, readFileSync(join(src, file), 'utf8')).map(({ from }) => `${roomOf(file)} ${roomOf(from)}`),
    )
    const rows = [...MAY_IMPORT].flatMap(([room, imports]) => imports.map((name) => `${room} ${name.replace('types of ', '')}`))
    expect(rows.filter((row) => !needed.includes(row))).toEqual([])
    expect([...MAY_IMPORT.keys()].filter((room) => !files.some((file) => roomOf(file) === room))).toEqual([])
  })

  it('are drawn as they are: an arrow is an import, and every import is an arrow or a way of arrows', () => {
    expect(ARROWS.length).toBeGreaterThan(20)
    expect(ARROWS.filter(({ from, to }) => MAY_IMPORT.get(from)?.includes(to) !== true)).toEqual([])
    const below = (room: string): readonly string[] =>
      ARROWS.flatMap(({ from, to }) => {
        const next = to.replace('types of ', '')
        return from === room ? [next, ...below(next)] : []
      })
    const missing = [...MAY_IMPORT].flatMap(([room, imports]) =>
      imports.flatMap((name) => (below(room).includes(name.replace('types of ', '')) ? [] : [`${room} ${name}`])),
    )
    expect(missing).toEqual([])
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
