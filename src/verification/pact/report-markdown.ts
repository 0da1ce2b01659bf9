import { inMarkdown, inTable } from '../../base/shown.ts'
import type { Answer, Report, Row } from './pact.ts'
import { countsLine, nameOf, notesOf, warningsOf } from './report.ts'

/** A job summary may have 1 MiB; beyond this number of rows, only those that did not pass are shown. */
const MAX_ROWS = 500

/** For the summary of a GitHub job: a table of the interactions, and under it what is wrong. */
export function markdownReport(report: Report): string {
  const { rows, columns, ok, unpublished } = report
  const wanted = rows.length > MAX_ROWS ? rows.filter((row) => row.verdict !== 'passed' || warningsOf(row).length > 0) : rows
  const shown = wanted.slice(0, MAX_ROWS)
  const left = rows.length - shown.length
  return [
    `## ${ok ? '✅' : '❌'} Contracts`,
    '',
    countsLine(rows),
    '',
    ...(unpublished === undefined ? [] : [`❌ ${inMarkdown(unpublished)}`, '']),
    `| Pact | Interaction | ${[...columns, 'verdict'].join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(columns.length + 1)}`,
    ...shown.map((row) => tableRow(row, report)),
    ...(left > 0 ? ['', `…and ${left} more.`] : []),
    ...shown.flatMap((row) => detailsOf(row)),
    '',
  ].join('\n')
}

function tableRow(row: Row, { columns }: Report): string {
  const marks = columns.map((column) => MARKS[row.answers[column].kind])
  return `| ${[inTable(`${row.consumer} → ${row.provider}`), inTable(nameOf(row)), ...marks, row.verdict.replace('-', ' ')].join(' | ')} |`
}

const MARKS: Readonly<Record<Answer['kind'], string>> = { passed: '✅', failed: '❌', skipped: '–' }

function detailsOf(row: Row): string[] {
  const notes = [...notesOf(row), ...warningsOf(row)]
  if (notes.length === 0) return []
  return ['', `**${inMarkdown(`${row.consumer} → ${row.provider}: ${nameOf(row)}`)}**`, '', ...notes.map((note) => `- ${inMarkdown(note)}`)]
}
