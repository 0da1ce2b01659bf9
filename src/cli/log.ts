import type { RequestSummary } from '../index.ts'
import type { Io } from './io.ts'
import { createLines } from './line.ts'

/** Requests as they are answered, one a line, to standard error. Lines of one turn of the event loop are written together. */
export function createLog(format: 'text' | 'json', io: Io): { write(this: void, summary: RequestSummary): void; flush(): void } {
  const lines = createLines(io, 'err')
  const shortened = repetitions()
  let waiting: string[] = []
  const flush = (): void => {
    // The colours are ours.
    if (waiting.length > 0) (format === 'text' ? io.raw : io).err(waiting.join('\n'))
    waiting = []
  }
  return {
    flush,
    write(summary) {
      if (waiting.push(format === 'json' ? recordOf(summary) : lines.line(shortened(summary))) === 1) setImmediate(flush)
    },
  }
}

/** A summary for programs, which look for `time`. */
function recordOf({ received, ...summary }: RequestSummary): string {
  return JSON.stringify({ time: received, ...summary })
}

/** While the store is away each request meets the same: it is told once, and then counted. */
function repetitions(): (summary: RequestSummary) => RequestSummary {
  let last: string | undefined
  let count = 0
  return (summary) => {
    const { problem } = summary
    const detail = problem?.code === 'store-unavailable' ? problem.detail : undefined
    count = detail !== undefined && detail === last ? count + 1 : 1
    last = detail
    if (!problem || count === 1) return summary
    return { ...summary, problem: { code: problem.code, detail: `the same, ${count} times now` } }
  }
}
