import { _ } from 'ajv'
import standaloneCode from 'ajv/dist/standalone/index.js'
import type { LoadedDocument } from '../document/load.ts'
import { dataCheck } from './data.ts'
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
 * @param isOfData whether the document is a JSON Schema of files, which has no operations
 * @param head what it begins with: there are `FORMATS`, `judged` of `contract/precompiled-runtime.ts`, and Node's `require`
 */
export function precompiledModule(document: LoadedDocument, isOfData: boolean, head: string): Written {
  const closures = { request: new Map<string, string>(), response: new Map<string, string>() }
  const recording = (of: Map<string, string>) => ({ get: (key: string, closure: () => string) => void of.set(key, closure()) })
  const recorded = {
    ...document,
    precompiled: {
      request: recording(closures.request),
      response: recording(closures.response),
      digests: { request: {}, response: {} },
    },
  }
  if (isOfData) dataCheck(recorded)
  else for (const operation of createContract(recorded).operations) Array.from(operation.compiling())
  const sides = (['request', 'response'] as const).map((side) => {
    const ajv = createAjv(
      isOfData ? document : formOf(document, side),
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
      // A pattern that needs no more to be thought about is run as it stands.
      .replaceAll(/(?<=const pattern\d+ = )func\d+\(("(?:[^"\\]|\\.)*"), "\w*"\)/g, (_all, pattern: string) => {
        const expression = expressionOf(String(JSON.parse(pattern)))
        if (!expression) throw new SyntaxError(`the pattern ${pattern} is no regular expression`)
        const made = `new RegExp(${JSON.stringify(expression.source)}, ${JSON.stringify(expression.flags)})`
        return expression.degree <= 1 ? made : `judged(${made}, ${expression.degree})`
      })
    const rows = keys.map((key, index) => `[${JSON.stringify(key)}, ${side}${index}]`)
    return `function ${side}Functions() {\n${body}\nreturn new Map([${rows.join(', ')}])\n}`
  })
  const last = 'export default { request: requestFunctions(), response: responseFunctions() }'
  return { code: [head, ...modules, last, ''].join('\n'), closures }
}
