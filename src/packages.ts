/** What others have written, where how it is loaded shows in the time of a start. */
import { createRequire } from 'node:module'
import type * as Ajv from 'ajv/dist/2020.js'
import type * as Refa from 'refa'

const require = createRequire(import.meta.url)

/**
 * Node's HTTP as `require` gives it. An import of `node:http` reads all that it exports, and so loads WebSocket and fetch, a twentieth of a start.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http')

let loadedAjv: typeof Ajv | undefined
let loadedRefa: typeof Refa | undefined

/** Compiles schemas. Loaded when the first has to be: the build has done it for what comes with the package. */
export function ajv(): typeof Ajv {
  return (loadedAjv ??= require('ajv/dist/2020.js'))
}

/** Takes patterns apart. Loaded when one has to be: most are run as they stand. */
export function refa(): typeof Refa {
  return (loadedRefa ??= require('refa'))
}
