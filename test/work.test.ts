import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HEAVY } from './heavy.ts'

/** By the name of the request, its work at a size and at four times the size. */
async function counted(): Promise<ReadonlyMap<string, readonly [number, number]>> {
  const child = fork(join(import.meta.dirname, 'work-child.ts'), { execArgv: ['--no-warnings'] })
  const [counts] = await once(child, 'message')
  return new Map(Object.entries(counts))
}

describe('the work of a request', () => {
  const counts = counted()

  it.each(HEAVY.map(({ name }) => name))('grows with what it holds, not faster: %s', async (name) => {
    const [work, more] = (await counts).get(name) ?? [0, 0]
    expect(work).toBeGreaterThan(0)
    // Four times as much, and what sorting takes; by the square it would be sixteen times.
    expect(more / work).toBeLessThan(6)
  })
})
