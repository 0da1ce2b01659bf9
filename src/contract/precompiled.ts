import { _ } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import type { LoadedDocument } from '../document/load.ts'
import { expressionOf } from './expressions.ts'
import { formOf } from './form.ts'
import { createContract } from './operation.ts'
import { BASE } from './schema.ts'
import { createAjv } from './validator.ts'

/** A module, and the closures of the schemas that it was made of, by their keys. */
export interface Written {
  readonly code: string
  readonly closures: Readonly<Record<'request' | 'response', ReadonlyMap<string, string>>>
}

/**
 * The module that says of values whether they are well by the schemas of a document: what is `precompiled` of a loaded document. Only that: what
 * explains, with files and lines, reads the schemas themselves.
 * @param head what it begins with: there are `FORMATS`, `later` of `contract/precompiled-runtime.ts`, and Node's `require`
 */
export function precompiledModule(document: LoadedDocument, head: string): Written {
  const closures = { request: new Map<string, string>(), response: new Map<string, string>() }
  const recording = (of: Map<string, string>) => ({ get: (key: string, closure: () => string) => void of.set(key, closure()) })
  for (const operation of createContract({
    ...document,
    precompiled: {
      request: recording(closures.request),
      response: recording(closures.response),
      digests: { request: {}, response: {} },
    },
  }).operations)
    Array.from(operation.compiling())
  const sides = (['request', 'response'] as const).map((side) => {
    const ajv = createAjv(
      formOf(document, side),
      { allErrors: false, verbose: false, messages: false },
      { source: true, esm: true, formats: _`FORMATS` },
    )
    const keys = [...closures[side].keys()]
    for (const [index, key] of keys.entries()) ajv.addSchema({ $ref: BASE + key }, `${side}${index}`)
    const names = Object.fromEntries(keys.map((_key, index) => [`${side}${index}`, `${side}${index}`]))
    return { side, keys, code: standaloneCode.default(ajv, names) }
  })
  const modules = sides.map(({ side, keys, code }) => {
    const body = code
      .replace('"use strict";', '')
      .replaceAll(/(?<=^|[;}\n])export (?=const (?:request|response)\d+ = validate)/g, '')
      .replaceAll(/const func\d+ = expressionOf;/g, '')
      // A pattern that needs no more to be thought about is run as it stands; any other is thought about when a text is there.
      .replaceAll(/(?<=const pattern\d+ = )func\d+\(("(?:[^"\\]|\\.)*"), "\w*"\)/g, (_all, pattern: string) => {
        const { isPlain, source, flags } = expressionOf(String(JSON.parse(pattern))) ?? { isPlain: false, source: '', flags: '' }
        return isPlain ? `new RegExp(${JSON.stringify(source)}, ${JSON.stringify(flags)})` : `later(${pattern})`
      })
    const rows = keys.map((key, index) => `[${JSON.stringify(key)}, ${side}${index}]`)
    return `function ${side}Functions() {\n${body}\nreturn new Map([${rows.join(', ')}])\n}`
  })
  const last = 'export default { request: requestFunctions(), response: responseFunctions() }'
  return { code: [head, ...modules, last, ''].join('\n'), closures }
}
