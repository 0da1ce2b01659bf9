import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageFrom, UsageError } from '../base/problem.ts'
import { BUNDLED } from '../bundled.ts'
import type { Api } from '../core/api.ts'
import { documentApis } from '../documents.ts'
import { isApi, wrongWith } from '../options/definition.ts'
import type { Io } from './io.ts'

/** What the command line says of APIs, which has to be known before its other flags are: an API brings flags of its own. */
export function wantedApis(argv: readonly string[], env: Io['env']): readonly string[] {
  const end = argv.indexOf('--')
  const given = (end === -1 ? argv : argv.slice(0, end)).flatMap((argument, place) => {
    if (argument === '--api') return argv[place + 1] ?? []
    return argument.startsWith('--api=') ? argument.slice('--api='.length) : []
  })
  if (given.length > 0) return given
  const variable = env['ALLOCATION_MOCK_API'] ?? ''
  return variable === '' ? [] : variable.split(',')
}

/**
 * The APIs that are wanted: modules, loaded anew, and bundled ones by their names.
 * @param onFile hears of the files that modules are made of
 * @throws UsageError for a module that cannot be loaded, or is not one of an API
 */
export async function loadApis(wanted: readonly string[], onFile?: (file: string) => void): Promise<readonly (Api | string)[]> {
  const apis: (Api | string)[] = []
  for (const one of wanted) apis.push(BUNDLED.some(({ name }) => name === one) ? one : await loadApi(one, onFile))
  return apis
}

/**
 * The APIs, and those that are nothing but a document. Undefined where there are none of either.
 * @throws UsageError for a document that no file holds
 */
export function withSpecs(apis: readonly (Api | string)[] | undefined, files: readonly string[]): readonly (Api | string)[] | undefined {
  if (files.length === 0) return apis
  for (const file of files) {
    if (/^https?:/i.test(file))
      throw new UsageError(`--spec ${file}: nothing is fetched; save the document first, as with curl -sS -o openapi.yaml ${file}`)
    if (!existsSync(file)) throw new UsageError(`--spec ${file}: there is no such file`)
  }
  return [
    ...(apis ?? []),
    ...documentApis(
      files,
      (apis ?? []).map((api) => (typeof api === 'string' ? api : api.name)),
    ),
  ]
}

/** What is known of APIs without serving them: the bundled ones, where none are wanted. */
export function rowsOf(apis: readonly (Api | string)[]): readonly Pick<Api, 'name' | 'settings' | 'assumptions'>[] {
  if (apis.length === 0) return BUNDLED
  return apis.flatMap((api): readonly Pick<Api, 'name' | 'settings' | 'assumptions'>[] =>
    typeof api === 'string' ? BUNDLED.filter(({ name }) => name === api) : [api],
  )
}

async function loadApi(file: string, onFile?: (file: string) => void): Promise<Api> {
  const path = resolve(file)
  if (!existsSync(path))
    throw new UsageError(
      `--api ${file}: there is no such file, nor a bundled API of this name; give a module, or one of ${BUNDLED.map(({ name }) => name).join(', ')}`,
    )
  let module: { readonly default?: unknown }
  try {
    ;({ module } = await (await import('./modules.ts')).importAnew(path, onFile))
  } catch (error) {
    throw new UsageError(`--api ${file}: the module does not load: ${messageFrom(error)}${placeIn(error, file)}`)
  }
  const api = module.default
  if (api === undefined) throw new UsageError(`--api ${file}: the module has no default export; let it be what defineApi returns`)
  if (!isApi(api)) throw new UsageError(`--api ${file}: the default export is not an API; let it be what defineApi returns`)
  const wrong = wrongWith(api)
  if (wrong !== undefined) throw new UsageError(`--api ${file}: ${wrong}`)
  return { ...api, file }
}

/** Where an error comes from: the first line of a file that its stack names. Of a text that does not parse the stack names none. */
function placeIn(error: unknown, file: string): string {
  if (error instanceof SyntaxError) return `; node --check ${file} says where`
  const [, url, line] = /(file:\/\/\/[^\s)]+?):(\d+)/.exec(error instanceof Error ? (error.stack ?? '') : '') ?? []
  return url === undefined || url.startsWith(OWN) ? '' : ` (${relative('', fileURLToPath(url))}:${line})`
}

/** This package's code, built or not. */
const OWN = new URL('..', import.meta.url).href
