import { vi } from 'vitest'

/** How long work takes of a processor, in milliseconds: whoever else keeps the machine busy does not count. */
export async function cpuTime(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

/** Work during which no time passes for timers but by `vi.advanceTimersByTime`: what waits for one is not done before. */
export async function withoutTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}
