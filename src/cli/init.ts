import { writeFileSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { DocumentError, messageFrom, UsageError } from '../base/problem.ts'
import { isObject } from '../base/values.ts'
import { loadGenerate } from '../contract/generate.ts'
import { writeModule } from '../contract/module/module.ts'
import { createContract } from '../contract/operation.ts'
import { openApiOf } from '../contract/swagger.ts'
import { chanceOf, keyOf } from '../core/population/random.ts'
import { TAKEN } from '../core/registry.ts'
import { loadDocument, type LoadedDocument } from '../document/load.ts'
import type { INIT_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import type { Settings } from './settings.ts'

/**
 * Writes a module for the API of a document, and says how it is served.
 * @returns the exit code
 * @throws UsageError for a document that cannot be served, and a file that cannot be written or is there already
 */
export async function init({ spec, out }: Settings<typeof INIT_OPTIONS>, io: Io): Promise<number> {
  if (spec === undefined) throw new UsageError('init needs a document: give --spec FILE, such as --spec openapi.yaml')
  const file = out ?? join(dirname(spec), `${basename(spec, extname(spec))}.ts`)
  const document = await servable(spec)
  const material = { generate: await loadGenerate(), chance: chanceOf(keyOf('init')), taken: TAKEN }
  const { text, live, rest } = writeModule(document, addressOf(spec, file), material)
  write(file, text)
  const others = rest.length === 0 ? '' : `, ${rest.length} from the document: ${listed(rest)}`
  io.out(`${file}: ${live.length} of ${live.length + rest.length} operations answer from state${others}`)
  io.out(`serve it with: npx allocation-mock serve --api ${file}`)
  return 0
}

/** @throws UsageError that names the file, and the line where there is one */
async function servable(file: string): Promise<LoadedDocument> {
  try {
    const document = openApiOf(await loadDocument(file))
    const [main] = document.sources
    const content = main?.content
    if (!isObject(content) || !('openapi' in content))
      throw new DocumentError(`${file}: it is not an OpenAPI document: neither "openapi" nor "swagger: '2.0'" stands in it`)
    createContract(document)
    return document
  } catch (error) {
    throw error instanceof DocumentError ? new UsageError(`--spec ${file}: ${error.message}`) : error
  }
}

/** Where the document is, from the module. */
function addressOf(spec: string, file: string): string {
  const path = relative(dirname(resolve(file)), resolve(spec))
    .split(sep)
    .map(encodeURIComponent)
    .join('/')
  return path.startsWith('..') ? path : `./${path}`
}

/** How many operations are named. */
const MAX_NAMED = 5

function listed(names: readonly string[]): string {
  return names.slice(0, MAX_NAMED).join(', ') + (names.length > MAX_NAMED ? ' and others' : '')
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already, and is not overwritten; name another with --out',
  ENOENT: 'there is no such folder; make it, or name another file with --out',
  ENOTDIR: 'what it should lie in is not a folder; name another file with --out',
  EACCES: 'the folder may not be written to; name another file with --out',
  EROFS: 'the folder may not be written to; name another file with --out',
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new UsageError(`${file} cannot be written: ${REASONS[code] ?? messageFrom(error)}`)
  }
}
