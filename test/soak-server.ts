import { createMock } from '../src/index.ts'

/**
 * A mock whose time is told by whoever started it, and which says how much of its heap is in use after a collection. Run with
 * `--expose-gc`; every limit is small, so that all are met.
 */
let now = Date.parse('2026-03-01T12:00:00Z')
const mock = await createMock({
  time: () => now,
  maxSessions: 60,
  sessionTtl: '10m',
  maxEntities: 60,
  journalBytes: 500_000,
  checkReplies: false,
  onFailure: (error) => {
    throw error
  },
})
const { port } = await mock.listen({ port: 0 })

process.on('message', (message: { readonly now?: number }) => {
  if (message.now !== undefined) {
    now = message.now
    return
  }
  // A second collection takes what the first one's finalisers let go.
  globalThis.gc?.()
  globalThis.gc?.()
  process.send?.({ heap: process.memoryUsage().heapUsed })
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
