import { type Answer, type Column, COLUMNS, type Reason, type Report, type Row } from './pact.ts'
import { nameOf } from './report.ts'

/**
 * Workflow commands that GitHub shows beside the lines: an error for each column that fails, where the document says otherwise or else in
 * the pact; a warning where the interaction is pending, a notice where it was not verified.
 */
export function githubAnnotations({ rows, unpublished }: Report): string {
  const lines = rows.flatMap((row) => annotationsOf(row))
  // It is about no file.
  const failure = unpublished === undefined ? [] : [`::error title=results for the broker::${data(unpublished)}`]
  return [...lines, ...failure].map((line) => `${line}\n`).join('')
}

function annotationsOf(row: Row): string[] {
  if (row.verdict === 'passed' || row.verdict === 'not-ours') return []
  if (row.verdict === 'not-verified') return [command('notice', pactPlace(row), titleOf(row), row.explanation ?? 'not verified')]
  const level = row.verdict === 'pending' ? 'warning' : 'error'
  // What cannot be read was not put to any column.
  if (COLUMNS.every((column) => row.answers[column].kind === 'skipped'))
    return [command(level, pactPlace(row), titleOf(row), row.explanation ?? '')]
  return COLUMNS.flatMap((column) => {
    const reasons = reasonsOf(row.answers[column])
    if (reasons.length === 0) return []
    const place = reasons.find(({ place }) => place !== undefined)?.place ?? pactPlace(row)
    return [
      command(level, place, titleOf(row, column), [...reasons.map(({ message }) => message), row.explanation ?? []].flat().join('\n')),
    ]
  })
}

function reasonsOf(answer: Answer): readonly Reason[] {
  return answer.kind === 'failed' ? answer.reasons : []
}

function titleOf(row: Row, column?: Column): string {
  return `${row.consumer} → ${row.provider}${column === undefined ? '' : `, ${column}`}: ${nameOf(row)}`
}

interface Place {
  readonly file: string
  readonly line?: number
}

function pactPlace({ file, line }: Row): Place {
  return { file, ...(line !== undefined && { line }) }
}

function command(level: 'error' | 'warning' | 'notice', { file, line }: Place, title: string, message: string): string {
  const properties = [`file=${property(file)}`, ...(line === undefined ? [] : [`line=${line}`]), `title=${property(title)}`]
  return `::${level} ${properties.join(',')}::${data(message)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
