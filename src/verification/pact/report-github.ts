import { inLine, workflowCommand } from '../../base/shown.ts'
import { type Answer, type Column, COLUMNS, type Reason, type Report, type Row } from './pact.ts'
import { nameOf } from './report.ts'

/**
 * Workflow commands that GitHub shows beside the lines: an error for each column that fails, where the document says otherwise or else in
 * the pact; a warning where the interaction is pending, or a column finds something odd; a notice where it was not verified.
 */
export function githubAnnotations({ rows, unpublished }: Report): string {
  const lines = rows.flatMap((row) => annotationsOf(row))
  // It is about no file.
  const failure = unpublished === undefined ? [] : [workflowCommand('error', { title: 'results for the broker' }, unpublished)]
  return [...lines, ...failure].map((line) => `${line}\n`).join('')
}

function annotationsOf(row: Row): string[] {
  if (row.verdict === 'not-ours') return []
  const odd = COLUMNS.flatMap((column) => annotation('warning', row, column, warningsIn(row.answers[column])))
  if (row.verdict === 'passed') return odd
  if (row.verdict === 'not-verified')
    return [workflowCommand('notice', propertiesOf(row, pactPlace(row)), row.explanation ?? 'not verified'), ...odd]
  const level = row.verdict === 'pending' ? 'warning' : 'error'
  // What cannot be read was not put to any column.
  if (COLUMNS.every((column) => row.answers[column].kind === 'skipped'))
    return [workflowCommand(level, propertiesOf(row, pactPlace(row)), row.explanation ?? '')]
  return [...COLUMNS.flatMap((column) => annotation(level, row, column, reasonsIn(row.answers[column]), row.explanation)), ...odd]
}

/** What a column says of an interaction, at the first place that it names; none where it says nothing. */
function annotation(level: 'error' | 'warning', row: Row, column: Column, said: readonly Reason[], explanation?: string): string[] {
  if (said.length === 0) return []
  const place = said.find(({ place }) => place !== undefined)?.place ?? pactPlace(row)
  const message = [...said.map(({ message }) => inLine(message)), explanation ?? []].flat().join('\n')
  return [workflowCommand(level, propertiesOf(row, place, column), message)]
}

function reasonsIn(answer: Answer): readonly Reason[] {
  return answer.kind === 'failed' ? answer.reasons : []
}

function warningsIn(answer: Answer): readonly Reason[] {
  return answer.kind === 'skipped' ? [] : (answer.warnings ?? [])
}

interface Place {
  readonly file: string
  readonly line?: number
}

function pactPlace({ file, line }: Row): Place {
  return { file, ...(line !== undefined && { line }) }
}

function propertiesOf(row: Row, { file, line }: Place, column?: Column): Readonly<Record<string, string | number | undefined>> {
  return { file, line, title: `${row.consumer} → ${row.provider}${column === undefined ? '' : `, ${column}`}: ${nameOf(row)}` }
}
