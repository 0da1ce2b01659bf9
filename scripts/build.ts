/**
 * Makes dist/: types by tsc; programs of few files, which start faster than one of hundreds; the documents, and the files that come with the APIs,
 * as JSON with the lines of their parts, so that nothing parses YAML at start, and schemas compiled; and the console, as one program and one style sheet.
 */
import { build as bundle, buildSync, type Plugin, transformSync } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { servingOf } from '../src/available.ts'
import { BUNDLED } from '../src/bundled.ts'
import { precompiledModule } from '../src/contract/precompiled.ts'
import { compileDocument, loadDocument } from '../src/document/load.ts'
import { digestOf, type ReadAhead } from '../src/document/read-ahead.ts'
import { ownDocument } from '../src/serving.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const next = join(root, 'dist.next')
const stamp = stampOf(['src', 'spec', 'fixtures', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'])

/** Made aside, so that what does not compile leaves what was there. */
async function build(): Promise<void> {
  rmSync(next, { recursive: true, force: true })
  const options = ['-p', join(root, 'tsconfig.build.json'), '--outDir', next]
  execFileSync('tsc', options, { stdio: 'inherit', shell: process.platform === 'win32' })
  await buildPrograms()
  mkdirSync(join(next, 'documents'))
  // With the names that are there when nobody serves other APIs.
  const { registry } = await servingOf()
  for (const file of readdirSync(join(root, 'spec'))) {
    const loaded = await loadDocument(join(root, 'spec', file))
    const whole = AS_IT_STANDS.has(loaded.name) ? loaded : await ownDocument(loaded.name, registry)
    const { code, closures } = precompiledModule(whole, file.endsWith('.schema.json'), HEAD)
    const digests = (side: 'request' | 'response') => Object.fromEntries([...closures[side]].map(([key, text]) => [key, digestOf(text)]))
    const { document, lines } = compileDocument(loaded, { request: digests('request'), response: digests('response') })
    writeFileSync(join(next, 'documents', `${document.name}.json`), JSON.stringify(document))
    writeFileSync(join(next, 'documents', `${document.name}.lines.json`), JSON.stringify(lines))
    // A third shorter: V8 reads all of it before the first answer.
    writeFileSync(join(next, 'documents', `${document.name}.precompiled.js`), transformSync(code, { minify: true }).code)
  }
  writeFileSync(join(next, 'read-ahead.json'), JSON.stringify(await readAhead()))
  buildConsole()
  writeFileSync(join(next, '.stamp'), stamp)
  rmSync(dist, { recursive: true, force: true })
  renameSync(next, dist)
}

/** What is read without the names of APIs: their documents, and exports, which may be of any. */
const AS_IT_STANDS: ReadonlySet<string> = new Set([...BUNDLED.map(({ name }) => name), 'export.schema'])

/** The scenarios and provider states that come with the APIs. */
async function readAhead(): Promise<ReadAhead> {
  const files = filesIn(join(root, 'fixtures')).filter((name) => name.endsWith('.yaml'))
  const made = files.map(async (file) => {
    const { document, lines } = compileDocument(await loadDocument(file))
    const [json, [own = {}]] = [JSON.stringify(document.sources[0]?.content), lines]
    return [digestOf(readFileSync(file, 'utf8')), { json, lines: own }] as const
  })
  return Object.fromEntries(await Promise.all(made))
}

/** What is imported or run from outside. Packages are not copied: whoever installs this one gets them, and their corrections. */
const PROGRAMS = {
  index: 'index.ts',
  api: 'api.ts',
  client: 'client/client.ts',
  main: 'cli/main.ts',
  'verify-child': 'verification/pact/verify-child.ts',
  'precompiled-runtime': 'contract/precompiled-runtime.ts',
}

async function buildPrograms(): Promise<void> {
  await bundle({
    entryPoints: Object.entries(PROGRAMS).map(([out, file]) => ({ in: join(root, 'src', file), out })),
    outdir: next,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    chunkNames: '[name]-[hash]',
    plugins: [whereTheyStood],
    define: { 'import.meta.url': STOOD },
  })
}

/** What precompiled schemas begin with. */
const HEAD = `import { createRequire } from 'node:module'
import { FORMATS, judged } from '../precompiled-runtime.js'
const require = createRequire(import.meta.url)`

/** What a module calls its own place. */
const STOOD = 'placeOfThisModule'

/** Modules look for files from where they stand; together in one file they go on from where they stood in src/. */
const whereTheyStood: Plugin = {
  name: 'where-they-stood',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      const place = relative(join(root, 'src'), path).split(sep).join('/').replace(/\.ts$/, '.js')
      const before = `import { pathToFileURL as urlOf } from 'node:url'; const ${STOOD} = new URL(${JSON.stringify(`./${place}`)}, urlOf(import.meta.dirname + '/')).href;`
      return { contents: `${before} ${text}`, loader: 'ts' }
    })
  },
}

function buildConsole(): void {
  const own = join(root, 'src/console')
  const outdir = join(next, 'console')
  buildSync({
    entryPoints: [
      { in: join(own, 'main.tsx'), out: 'console' },
      { in: join(own, 'console.css'), out: 'console' },
    ],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    tsconfig: join(own, 'tsconfig.json'),
    // What is copied into the program says whose it is.
    banner: { js: '/*! Preact: MIT, Copyright (c) 2015-present Jason Miller, https://github.com/preactjs/preact/blob/main/LICENSE */' },
  })
  copyFileSync(join(own, 'index.html'), join(outdir, 'index.html'))
}

/** A digest of all that dist/ is made of. */
function stampOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const input of inputs)
    for (const file of filesIn(join(root, input))) {
      hash.update(file.slice(root.length))
      hash.update(readFileSync(file))
    }
  return hash.digest('hex')
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  const entries = readdirSync(path, { recursive: true, withFileTypes: true, encoding: 'utf8' })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
}

// npm prepares a checkout more often than one asks it to: the first `npx allocation-mock` does, while a server or tests may run from dist/.
const made = join(dist, '.stamp')
if (!existsSync(made) || readFileSync(made, 'utf8') !== stamp) await build()
