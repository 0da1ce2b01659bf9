import { createServer } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { createMock as CreateMock } from '../../src/index.ts'

/**
 * `serve` without what it does when nobody asks: it compiles every operation and tells examples, which takes several times as long as
 * starting, and is for nothing where a server is killed soon.
 */

const { values } = parseArgs({ strict: false, options: { store: { type: 'string' }, 'journal-bytes': { type: 'string' } } })
const { createMock }: { readonly createMock: typeof CreateMock } = await import(join(import.meta.dirname, '../../dist/index.js'))
const mock = await createMock({ store: String(values.store), journalBytes: Number(values['journal-bytes']) })
const server = createServer(mock.app).listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`ready on http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''} `)
})
