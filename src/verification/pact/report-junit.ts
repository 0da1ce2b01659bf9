import { inXml } from '../../base/shown.ts'
import { COLUMNS, type Report, type Row } from './pact.ts'
import { byPact, nameOf, notesOf, warningsOf } from './report.ts'

/** As the Surefire schema has it: a suite for each pact, a test case for each interaction. */
export function junitReport({ rows, unpublished }: Report): string {
  const suites = [...byPact(rows).map((pact) => suiteOf(pact)), ...(unpublished === undefined ? [] : [publishing(unpublished)])]
  const errors = unpublished === undefined ? 0 : 1
  const totals = `tests="${rows.length + errors}" failures="${failuresOf(rows)}" errors="${errors}" skipped="${skippedOf(rows)}" time="${timeOf(rows)}"`
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="pacts" ${totals}>`, ...suites, '</testsuites>', ''].join('\n')
}

function suiteOf(rows: readonly [Row, ...Row[]]): string {
  const [{ consumer, provider, file }] = rows
  const name = inXml(`${consumer} → ${provider} (${file})`)
  const counts = `tests="${rows.length}" failures="${failuresOf(rows)}" errors="0" skipped="${skippedOf(rows)}" time="${timeOf(rows)}"`
  const names = distinct(rows.map((row) => nameOf(row)))
  const cases = rows.map((row, index) => caseOf(row, names[index] ?? ''))
  return [`  <testsuite name="${name}" ${counts}>`, ...cases, '  </testsuite>'].join('\n')
}

/** That results did not reach the broker fails no interaction: it is an error of its own. */
function publishing(unpublished: string): string {
  return [
    '  <testsuite name="results for the broker" tests="1" failures="0" errors="1" skipped="0" time="0.000">',
    '    <testcase classname="broker" name="results are published" time="0.000">',
    `      <error message="${inXml(unpublished)}" type="unpublished"/>`,
    '    </testcase>',
    '  </testsuite>',
  ].join('\n')
}

function caseOf(row: Row, name: string): string {
  const begin = `    <testcase classname="${inXml(`${row.consumer}.${row.provider}`)}" name="${inXml(name)}" time="${timeOf([row])}"`
  const inner = [...outcomeOf(row), ...oddOf(row)]
  return inner.length === 0 ? `${begin}/>` : [`${begin}>`, ...inner.map((line) => `      ${line}`), '    </testcase>'].join('\n')
}

function outcomeOf(row: Row): string[] {
  if (row.verdict === 'passed') return []
  const notes = notesOf(row)
  if (row.verdict !== 'failed')
    return [`<skipped message="${inXml([row.verdict.replace('-', ' '), ...(notes.length === 0 ? [] : [notes.join('\n')])].join(': '))}"/>`]
  const failing = COLUMNS.filter((column) => row.answers[column].kind === 'failed')
  const message = row.explanation ?? notes[0] ?? ''
  return [`<failure message="${inXml(message)}" type="${failing.join(' ') || 'pact'}">${lines(notes)}</failure>`]
}

/** What is odd and fails nothing: the schema has no warnings, only what a test case writes. */
function oddOf(row: Row): string[] {
  const warnings = warningsOf(row)
  return warnings.length === 0 ? [] : [`<system-out>${lines(warnings)}</system-out>`]
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => inXml(text)).join('\n')
}

function failuresOf(rows: readonly Row[]): number {
  return rows.filter(({ verdict }) => verdict === 'failed').length
}

function skippedOf(rows: readonly Row[]): number {
  return rows.filter(({ verdict }) => verdict !== 'failed' && verdict !== 'passed').length
}

/** Seconds; the schema takes three decimals. */
function timeOf(rows: readonly Row[]): string {
  return rows.reduce((sum, { duration = 0 }) => sum + duration, 0).toFixed(3)
}

/** Of test cases with one name, most readers show only the last. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set(names)
  const seen = new Set<string>()
  return names.map((name) => {
    let own = name
    for (let count = 2; seen.has(own) || (own !== name && taken.has(own)); count++) own = `${name} (${count})`
    seen.add(own)
    return own
  })
}
