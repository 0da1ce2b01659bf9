/**
 * Makes dist/: JavaScript and types by tsc; the documents as JSON with the lines of their parts, so that nothing parses YAML at start; and the
 * console, as one program and one style sheet.
 */
import { buildSync } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileDocument, loadDocument } from '../src/document/load.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const next = join(root, 'dist.next')
const stamp = stampOf(['src', 'spec', 'scripts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'])

// npm prepares a checkout more often than one asks it to: the first `npx allocation-mock` does, while a server or tests may run from dist/.
const made = join(dist, '.stamp')
if (!existsSync(made) || readFileSync(made, 'utf8') !== stamp) await build()

/** Made aside, so that what does not compile leaves what was there. */
async function build(): Promise<void> {
  rmSync(next, { recursive: true, force: true })
  const options = ['-p', join(root, 'tsconfig.build.json'), '--outDir', next]
  execFileSync('tsc', options, { stdio: 'inherit', shell: process.platform === 'win32' })
  mkdirSync(join(next, 'documents'))
  for (const file of readdirSync(join(root, 'spec')).filter((name) => name.endsWith('.yaml'))) {
    const { document, lines } = compileDocument(await loadDocument(join(root, 'spec', file)))
    writeFileSync(join(next, 'documents', `${document.name}.json`), JSON.stringify(document))
    writeFileSync(join(next, 'documents', `${document.name}.lines.json`), JSON.stringify(lines))
  }
  buildConsole()
  writeFileSync(join(next, '.stamp'), stamp)
  rmSync(dist, { recursive: true, force: true })
  renameSync(next, dist)
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
