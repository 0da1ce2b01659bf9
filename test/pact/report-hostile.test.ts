import { assert, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, COLUMNS, type Report, type Row } from '../../src/verification/pact/pact.ts'
import { githubAnnotations } from '../../src/verification/pact/report-github.ts'
import { junitReport } from '../../src/verification/pact/report-junit.ts'
import { markdownReport } from '../../src/verification/pact/report-markdown.ts'
import { textReport } from '../../src/verification/pact/report-text.ts'
import { createReport, jsonReport } from '../../src/verification/pact/report.ts'
import { inLine, inLines } from '../../src/base/shown.ts'
import { expectHarmless, hostile, HOSTILE, outsideOfCode } from '../hostile.ts'
import { parseXml } from './xml.ts'

/** A report that has the text in every place for one. */
function reportWith(text: string): Report {
  const reason = { message: text, code: text, pactPath: text, place: { file: text, line: 1, pointer: text } }
  const unplaced = { message: text }
  const failed: Answer = { kind: 'failed', reasons: [reason, unplaced], warnings: [reason, unplaced] }
  const passed: Answer = { kind: 'passed', warnings: [reason] }
  const row: Omit<Row, 'answers' | 'verdict'> = {
    file: text,
    consumer: text,
    provider: text,
    index: 0,
    description: text,
    states: [
      { name: text, params: { [text]: text } },
      { name: text, params: {} },
    ],
    pending: false,
    explanation: text,
    replay: text,
  }
  const skipped: Answer = { kind: 'skipped' }
  const rows = [
    { ...row, answers: { document: failed, mock: failed, provider: failed }, verdict: 'failed' },
    { ...row, answers: { document: passed, mock: failed, provider: skipped }, verdict: 'pending' },
    { ...row, answers: { document: passed, mock: passed, provider: skipped }, verdict: 'passed' },
    { ...row, answers: { document: skipped, mock: skipped, provider: skipped }, verdict: 'not-verified' },
    { ...row, answers: { document: skipped, mock: skipped, provider: skipped }, verdict: 'not-ours' },
  ] as const
  return { ...createReport(rows, COLUMNS), unpublished: text, notes: [text] }
}

const FORMATS: Readonly<Record<string, (text: string) => void>> = {
  text: (text) => expectHarmless(textReport(reportWith(text), { colour: false })),
  'text where no column was asked': (text) => expectHarmless(textReport({ ...reportWith(text), columns: [] }, { colour: false })),
  'text, in colours': (text) => {
    const coloured = textReport(reportWith(text), { colour: true })
    expectHarmless(coloured.replaceAll(/\u001B\[(?:1|22|3[1239])m/g, ''))
  },
  markdown: (text) => {
    const shown = markdownReport(reportWith(text))
    expectHarmless(shown)
    // Whatever is not code is ours, and the same for every text.
    const lines = (all: string): string[] => all.split('\n').map((line) => outsideOfCode(line))
    if (inLine(text) !== '') expect(lines(shown)).toEqual(lines(markdownReport(reportWith('harmless'))))
  },
  junit: (text) => {
    const shown = junitReport(reportWith(text))
    expectHarmless(shown)
    const root = parseXml(shown)
    expect(root.children.map(({ children }) => children.map(({ children }) => children.map(({ name }) => name)))).toEqual([
      [['failure', 'system-out'], ['skipped', 'system-out'], ['system-out'], ['skipped'], ['skipped']],
      [['error']],
    ])
  },
  github: (text) => {
    const shown = githubAnnotations(reportWith(text))
    expectHarmless(shown)
    const lines = shown.split('\n').slice(0, -1)
    expect(lines.map((line) => /^::(\w+) (?:file=[^:,]*,line=1,|file=[^:,]*,)?title=[^:,]*::/.exec(line)?.[1])).toEqual([
      ...Array.from({ length: 3 }, () => 'error'),
      ...Array.from({ length: 8 }, () => 'warning'),
      'notice',
      'error',
    ])
  },
  'json, as the command prints it': (text) => {
    const shown = inLines(jsonReport(reportWith(text)))
    expectHarmless(shown)
    expect(JSON.parse(shown)).toEqual(JSON.parse(jsonReport(reportWith(text))))
  },
}

describe.each(Object.entries(FORMATS))('the report %s', (_, expectShown) => {
  it.each(Object.entries(HOSTILE))('shows %s, and does not do it', (_, text) => expectShown(text))

  it('does nothing, of any text', () =>
    assert(
      property(hostile, (text) => expectShown(`x${text}`)),
      { numRuns: 50 },
    ))
})
