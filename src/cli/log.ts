import { styleText } from 'node:util'
import type { RequestSummary } from '../index.ts'
import { inLine } from '../base/shown.ts'
import { type Io, isColoured } from './io.ts'

/** Requests as they are answered, one a line, to standard error. Lines of one turn of the event loop are written together. */
export function createLog(format: 'text' | 'json', io: Io): { write(this: void, summary: RequestSummary): void; flush(): void } {
  let waiting: string[] = []
  const flush = (): void => {
    // The colours are ours.
    if (waiting.length > 0) (format === 'text' ? io.raw : io).err(waiting.join('\n'))
    waiting = []
  }
  return {
    flush,
    write(summary) {
      if (waiting.push(format === 'json' ? JSON.stringify(summary) : logLine(summary, isColoured(io))) === 1) setImmediate(flush)
    },
  }
}

/** One request as a line: session, status, operation; for a refusal the reason, what would do, and where it is explained. */
function logLine(
  { session, status, operation, method, path, duration, problem, warnings, assumption, fault, explain }: RequestSummary,
  colour: boolean,
): string {
  const parts = [operation ?? '-', method, path, `${duration.toFixed(1)} ms`]
  if (problem) parts.push(`- ${problem.detail}${problem.fix === undefined ? '' : `; ${problem.fix}`}`)
  if (assumption !== undefined) parts.push(`[assumed: ${assumption}]`)
  if (fault !== undefined) parts.push(`[fault: ${fault}]`)
  for (const [what, ofRule] of Object.entries(Object.groupBy(warnings, ({ rule }) => (rule === 'deprecated' ? rule : 'undeclared'))))
    parts.push(`[${what}: ${someOf(ofRule.map(({ at }) => at))}]`)
  if (explain !== undefined) parts.push(explain)
  // A line stays a line, and short, whatever a client sent.
  const line = inLine(parts.join(' '))
  const short = line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… ${inLine(explain ?? '')}` : line
  return `${inLine(session)} ${colour ? coloured(status) : status} ${short}`
}

/** Beyond this many characters a log line is cut: the journal has the whole. */
const MAX_LINE = 2_000

function someOf(all: readonly string[]): string {
  return all.length > 5 ? `${all.slice(0, 5).join(', ')} and ${all.length - 5} more` : all.join(', ')
}

function coloured(status: number): string {
  return styleText(status < 400 ? 'green' : status < 500 ? 'yellow' : 'red', String(status), { validateStream: false })
}
