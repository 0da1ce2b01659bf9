import { styleText } from 'node:util'
import { inLine } from '../base/shown.ts'
import type { RequestSummary } from '../index.ts'
import { isColoured, type Outside, watched } from './io.ts'

/** Requests as lines, safe for a terminal and the log of a job. */
export interface Lines {
  /** Makes the columns as wide as this one needs, before the first line is written. */
  fit(summary: RequestSummary): void
  /** Session, status, operation; for a refusal the reason, what would do, and where it is explained. */
  line(summary: RequestSummary): string
}

/** Lines for what reads there: in columns where somebody watches, else with a blank between any two. */
export function createLines(outside: Outside, to: 'out' | 'err'): Lines {
  const hasColours = isColoured(outside, to)
  const paint: Paint = (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text)
  if (!watched(outside, to)) return { fit: () => undefined, line: (summary) => plainLine(summary, paint) }
  const widths = { session: 0, operation: 0 }
  const fit = ({ session, operation = '-' }: RequestSummary): void => {
    widths.session = Math.min(MAX_COLUMN, Math.max(widths.session, inLine(session).length))
    widths.operation = Math.min(MAX_COLUMN, Math.max(widths.operation, inLine(operation).length))
  }
  return {
    fit,
    line(summary) {
      fit(summary)
      return lineInColumns(summary, widths, paint)
    },
  }
}

/** A name that is longer stands out. */
const MAX_COLUMN = 32

type Paint = (style: 'green' | 'yellow' | 'red' | 'dim', text: string) => string

function plainLine(summary: RequestSummary, paint: Paint): string {
  const { session, status, operation = '-', method, path, explain } = summary
  const about = [operation, method, path, durationOf(summary), ...remarksOn(summary), ...(explain === undefined ? [] : [explain])]
  return `${inLine(session)} ${statusOf(status, paint)} ${short(about, explain)}`
}

function lineInColumns(summary: RequestSummary, widths: { readonly session: number; readonly operation: number }, paint: Paint): string {
  const { session, status, operation = '-', method, path, explain } = summary
  const columns = [
    inLine(session).padEnd(widths.session),
    statusOf(status, paint),
    inLine(operation).padEnd(widths.operation),
    inLine(method).padEnd('DELETE'.length),
    paint('dim', durationOf(summary).padStart('9999.9 ms'.length)),
    short([path, ...remarksOn(summary)]),
    ...(explain === undefined ? [] : [paint('dim', inLine(explain))]),
  ]
  return columns.join('  ').trimEnd()
}

function durationOf({ duration }: RequestSummary): string {
  return `${duration.toFixed(1)} ms`
}

function remarksOn({ problem, warnings, assumption, fault }: RequestSummary): string[] {
  return [
    ...(problem ? [`- ${problem.detail}${problem.fix === undefined ? '' : `; ${problem.fix}`}`] : []),
    ...(assumption === undefined ? [] : [`[assumed: ${assumption}]`]),
    ...(fault === undefined ? [] : [`[fault: ${fault}]`]),
    ...Object.entries(Object.groupBy(warnings, ({ rule }) => (rule === 'deprecated' ? rule : 'undeclared'))).map(
      ([what, ofRule]) => `[${what}: ${someOf(ofRule.map(({ at }) => at))}]`,
    ),
  ]
}

/** A line stays a line, and short, whatever a client sent. */
function short(parts: readonly string[], explain = ''): string {
  const line = inLine(parts.join(' '))
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… ${inLine(explain)}` : line
}

/** Beyond this many characters a log line is cut: the journal has the whole. */
const MAX_LINE = 2_000

function someOf(all: readonly string[]): string {
  return all.length > 5 ? `${all.slice(0, 5).join(', ')} and ${all.length - 5} more` : all.join(', ')
}

function statusOf(status: number, paint: Paint): string {
  return paint(status < 400 ? 'green' : status < 500 ? 'yellow' : 'red', String(status))
}
