import { inLine } from '../../base/shown.ts'
import type { Answer, Report, Row } from './pact.ts'
import { byPact, countsLine, nameOf, notesOf, warningsOf } from './report.ts'

/** For people: one line an interaction, a mark for each column that was asked, and under it what is wrong. */
export function textReport(report: Report, { colour }: { readonly colour: boolean }): string {
  const paint = colour ? painted : (_: Colour, text: string) => text
  const pacts = byPact(report.rows).map(([first, ...others]) =>
    [
      `${paint('bold', inLine(`${first.consumer} → ${first.provider}`))}  ${inLine(first.file)}`,
      ...[first, ...others].flatMap((row) => rowLines(row, report, paint)),
    ].join('\n'),
  )
  const { ok, rows, columns, unpublished } = report
  const summary = `${paint(ok ? 'green' : 'red', countsLine(rows))}${columns.length > 0 ? `  (columns: ${columns.join(', ')})` : ''}`
  const failure = unpublished === undefined ? [] : [paint('red', inLine(unpublished))]
  return `${[...pacts, [summary, ...failure].join('\n')].join('\n\n')}\n`
}

function rowLines(row: Row, { columns }: Report, paint: Paint): string[] {
  const marks = columns.map((column) => markOf(row.answers[column], paint)).join(' ')
  const label = LABELS[row.verdict]
  const notes = notesOf(row).map((note) => `    ${row.verdict === 'failed' ? paint('red', note) : note}`)
  const warnings = warningsOf(row).map((warning) => `    ${paint('yellow', warning)}`)
  return [`  ${marks} ${nameOf(row)}${label === undefined ? '' : paint('yellow', `  [${label}]`)}`, ...notes, ...warnings]
}

const LABELS: Readonly<Partial<Record<Row['verdict'], string>>> = {
  pending: 'pending: does not fail the run',
  'not-verified': 'not verified',
  'not-ours': 'not ours',
}

function markOf({ kind }: Answer, paint: Paint): string {
  if (kind === 'skipped') return '–'
  return kind === 'passed' ? paint('green', '✓') : paint('red', '✗')
}

type Colour = 'bold' | 'red' | 'green' | 'yellow'
type Paint = (colour: Colour, text: string) => string

const CODES: Readonly<Record<Colour, readonly [number, number]>> = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] }

function painted(colour: Colour, text: string): string {
  const [on, off] = CODES[colour]
  return `\u001B[${on}m${text}\u001B[${off}m`
}
