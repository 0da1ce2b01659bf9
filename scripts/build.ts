/** Makes dist/: JavaScript and types by tsc, and the documents as JSON with the lines of their parts, so that nothing parses YAML at start. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compileDocument, loadDocument } from '../src/load.ts'

const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)
const documents = new URL('documents/', dist)

rmSync(dist, { recursive: true, force: true })
execFileSync('tsc', ['-p', fileURLToPath(new URL('tsconfig.build.json', root))], { stdio: 'inherit', shell: process.platform === 'win32' })
mkdirSync(documents)
for (const file of readdirSync(new URL('spec/', root)).filter((name) => name.endsWith('.yaml'))) {
  const { document, lines } = compileDocument(await loadDocument(fileURLToPath(new URL(`spec/${file}`, root))))
  writeFileSync(new URL(`${document.name}.json`, documents), JSON.stringify(document))
  writeFileSync(new URL(`${document.name}.lines.json`, documents), JSON.stringify(lines))
}
