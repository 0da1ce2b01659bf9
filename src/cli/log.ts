import type { RequestSummary } from '../index.ts'
import type { Io } from './io.ts'
import { createLines } from './line.ts'

/** Requests as they are answered, one a line, to standard error. Lines of one turn of the event loop are written together. */
export function createLog(format: 'text' | 'json', io: Io): { write(this: void, summary: RequestSummary): void; flush(): void } {
  const lines = createLines(io, 'err')
  let waiting: string[] = []
  const flush = (): void => {
    // The colours are ours.
    if (waiting.length > 0) (format === 'text' ? io.raw : io).err(waiting.join('\n'))
    waiting = []
  }
  return {
    flush,
    write(summary) {
      if (waiting.push(format === 'json' ? JSON.stringify(summary) : lines.line(summary)) === 1) setImmediate(flush)
    },
  }
}
