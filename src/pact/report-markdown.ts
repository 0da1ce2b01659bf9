import type { Answer, Report, Row } from './pact.ts'
import { countsLine, inLine, nameOf, notesOf } from './report.ts'

/** A job summary may have 1 MiB; beyond so many rows only those are shown that did not pass. */
const MAX_ROWS = 500

/** For the summary of a GitHub job: a table of the interactions, and under it what is wrong. */
export function markdownReport(report: Report): string {
  const { rows, columns, ok, unpublished } = report
  const wanted = rows.length > MAX_ROWS ? rows.filter(({ verdict }) => verdict !== 'passed') : rows
  const shown = wanted.slice(0, MAX_ROWS)
  const left = rows.length - shown.length
  return [
    `## ${ok ? '✅' : '❌'} Contracts`,
    '',
    countsLine(rows),
    '',
    ...(unpublished === undefined ? [] : [`❌ ${escaped(inLine(unpublished))}`, '']),
    `| Pact | Interaction | ${[...columns, 'verdict'].join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(columns.length + 1)}`,
    ...shown.map((row) => tableRow(row, report)),
    ...(left > 0 ? ['', `…and ${left} more.`] : []),
    ...shown.filter(({ verdict }) => verdict !== 'passed').flatMap((row) => detailsOf(row)),
    '',
  ].join('\n')
}

function tableRow(row: Row, { columns }: Report): string {
  const marks = columns.map((column) => MARKS[row.answers[column].kind])
  return `| ${[escaped(`${row.consumer} → ${row.provider}`), escaped(nameOf(row)), ...marks, row.verdict.replace('-', ' ')].join(' | ')} |`
}

const MARKS: Readonly<Record<Answer['kind'], string>> = { passed: '✅', failed: '❌', skipped: '–' }

function detailsOf(row: Row): string[] {
  const notes = notesOf(row)
  if (notes.length === 0) return []
  return ['', `**${escaped(`${row.consumer} → ${row.provider}: ${nameOf(row)}`)}**`, '', ...notes.map((note) => `- ${code(note)}`)]
}

/** Within a fence longer than any in the text. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return longest > 0 ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`
}

/** Nothing in a description is meant as Markdown or HTML. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_~|[\]#]/g, (character) => `\\${character}`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
