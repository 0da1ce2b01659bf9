import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Starting a process, or a property over many runs, on a busy machine of two cores.
    testTimeout: 60_000,
    // One worker less than there are cores would leave half of a small machine idle.
    maxWorkers: '100%',
    // Files of one worker share the modules, a quarter of the time otherwise: what tests share beyond them they name after themselves.
    isolate: false,
    // Times are instants: nothing may hang on the zone of the machine.
    env: { TZ: 'America/New_York' },
  },
})
