import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** How often files are looked at, in milliseconds: what tells of changes by itself differs between systems, and is silent in containers. */
const INTERVAL = 250

/** Files that are looked at for changes. */
export interface Watch {
  /** From now on it is these that are looked at. @param since when they were begun to be read: what has changed after that has changed */
  follow(files: readonly string[], since: number): void
  stop(): void
}

/** @param changed hears of the files that have changed, or come, or gone; what it does is waited for before it hears again */
export function watchFiles(changed: (files: readonly string[]) => Promise<void>): Watch {
  const stopping = new AbortController()
  /** What was last seen of each: undefined of one that is not looked at yet. */
  let followed = new Map<string, string | undefined>()
  let begun = 0
  const look = async (): Promise<string[]> => {
    const found: string[] = []
    for (const [file, before] of followed) {
      const { seen, time } = await seenOf(file)
      if (before === undefined ? time > begun : before !== seen) found.push(file)
      if (followed.has(file)) followed.set(file, seen)
    }
    return found
  }
  const run = async (): Promise<void> => {
    for (; !stopping.signal.aborted;) {
      const found = await look()
      if (found.length > 0) await changed(found)
      // Who stops does not wait for it.
      await pause(INTERVAL, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined)
    }
  }
  return {
    follow(files, since) {
      const isFirst = followed.size === 0
      begun = since
      followed = new Map(files.map((file) => [file, followed.get(file)]))
      if (isFirst) void run()
    },
    stop: () => stopping.abort(),
  }
}

async function seenOf(file: string): Promise<{ readonly seen: string; readonly time: number }> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return { seen: `${mtimeMs} ${size} ${ino}`, time: mtimeMs }
  } catch {
    return { seen: 'gone', time: 0 }
  }
}
