import { resolve } from 'node:path'
import { type Api, defineApi } from './core/api.ts'

/**
 * APIs that are nothing but a document: without state, answered as the document says.
 * @param taken the names of others that stand beside them
 */
export function documentApis(files: readonly string[], taken: readonly string[] = []): readonly Api[] {
  const names = new Set(taken)
  const freed = (name: string): string => {
    let free = name
    for (let number = 2; names.has(free); number++) free = `${name}-${number}`
    names.add(free)
    return free
  }
  return files.map((file) => {
    const api = defineApi({ document: resolve(file) })
    return { ...api, name: freed(api.name.replaceAll(/[:/\s]/g, '-') || 'api'), file }
  })
}
