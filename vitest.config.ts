import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** What takes so long hangs. Nothing else: others may keep the machine busy, and a process may take a minute to start. */
const HANGS = process.env['LONG'] === '1' ? 1_800_000 : 300_000

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Starts nothing before a test asks for it.
    globalSetup: 'test/postgres-server.ts',
    testTimeout: HANGS,
    hookTimeout: HANGS,
    teardownTimeout: HANGS,
    expect: { poll: { timeout: HANGS } },
    // One worker less than there are cores would leave half of a small machine idle.
    maxWorkers: '100%',
    // Files of one worker share the modules, a quarter of the time otherwise: what tests share beyond them they name after themselves.
    isolate: false,
    // Times are instants: nothing may hang on the zone of the machine.
    // What tests start as processes of their own, Node need not compile each time.
    env: { TZ: 'America/New_York', NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
  },
})
