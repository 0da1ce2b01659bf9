import { createRequire, registerHooks, type ResolveHookSync } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** A module of the user's, and the files that it is made of. */
export interface ImportedModule {
  readonly module: { readonly default?: unknown }
  readonly files: readonly string[]
}

/** This package, built or not: what it is made of does not change. */
const OWN = new URL('..', import.meta.url).href
const require = createRequire(import.meta.url)

let times = 0
/** By the number of the import that they belong to. */
const found = new Map<string, Set<string>>()

/**
 * Imports a module as its files are now, and with it all of the user's own files that it imports: Node keeps what it has imported once, so
 * that each time they go by other addresses. Packages are not imported anew.
 * @throws whatever the module throws; the files are known all the same
 */
export async function importAnew(path: string, onFile: (file: string) => void = () => undefined): Promise<ImportedModule> {
  times++
  const number = String(times)
  const files = new Set<string>([path])
  found.set(number, files)
  if (times === 1) followImports()
  onFile(path)
  delete require.cache[path]
  try {
    return { module: await import(`${pathToFileURL(path).href}?import=${number}`), files: [...files] }
  } finally {
    for (const file of files) onFile(file)
    found.delete(number)
  }
}

function followImports(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = resolvedBy(specifier, context, next)
      const number = new URL(context.parentURL ?? 'file:///').searchParams.get('import')
      const isOwn = resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/') && !resolved.url.startsWith(OWN)
      if (number === null || !isOwn) return resolved
      const file = fileURLToPath(resolved.url)
      found.get(number)?.add(file)
      delete require.cache[file]
      const url = new URL(resolved.url)
      url.searchParams.set('import', number)
      return { ...resolved, url: url.href }
    },
  })
}

/** What modules import by the name of this package is this one where none is installed beside them: they may stand anywhere. */
const resolvedBy: ResolveHookSync = (specifier, context, next) => {
  try {
    return next(specifier, context)
  } catch (error) {
    if (specifier.split('/')[0] !== 'allocation-mock') throw error
    return next(specifier, { ...context, parentURL: import.meta.url })
  }
}
