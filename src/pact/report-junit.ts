import { COLUMNS, type Report, type Row } from './pact.ts'
import { byPact, nameOf, notesOf } from './report.ts'

/** As the Surefire schema has it: a suite for each pact, a test case for each interaction. */
export function junitReport({ rows, unpublished }: Report): string {
  const suites = [...byPact(rows).map((pact) => suiteOf(pact)), ...(unpublished === undefined ? [] : [publishing(unpublished)])]
  const errors = unpublished === undefined ? 0 : 1
  const totals = `tests="${rows.length + errors}" failures="${failuresOf(rows)}" errors="${errors}" skipped="${skippedOf(rows)}" time="${timeOf(rows)}"`
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="pacts" ${totals}>`, ...suites, '</testsuites>', ''].join('\n')
}

function suiteOf(rows: readonly [Row, ...Row[]]): string {
  const [{ consumer, provider, file }] = rows
  const name = attribute(`${consumer} → ${provider} (${file})`)
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
    `      <error message="${attribute(unpublished)}" type="unpublished"/>`,
    '    </testcase>',
    '  </testsuite>',
  ].join('\n')
}

function caseOf(row: Row, name: string): string {
  const begin = `    <testcase classname="${attribute(`${row.consumer}.${row.provider}`)}" name="${attribute(name)}" time="${timeOf([row])}"`
  const inner = outcomeOf(row)
  return inner === undefined ? `${begin}/>` : `${begin}>\n      ${inner}\n    </testcase>`
}

function outcomeOf(row: Row): string | undefined {
  const notes = notesOf(row).join('\n')
  if (row.verdict === 'failed') {
    const failing = COLUMNS.filter((column) => row.answers[column].kind === 'failed')
    const message = row.explanation ?? notes.split('\n', 1)[0] ?? ''
    return `<failure message="${attribute(message)}" type="${failing.join(' ') || 'pact'}">${content(notes)}</failure>`
  }
  if (row.verdict === 'passed') return undefined
  return `<skipped message="${attribute([row.verdict.replace('-', ' '), ...(notes === '' ? [] : [notes])].join(': '))}"/>`
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

/** Characters that XML 1.0 does not have, in any form. */
const ILLEGAL = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

function content(text: string): string {
  // `>` as well: `]]>` may not stand in a text.
  return text.replaceAll(ILLEGAL, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function attribute(text: string): string {
  // A reader takes white space in attributes for spaces.
  return content(text)
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
