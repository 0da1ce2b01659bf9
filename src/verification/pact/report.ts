import { inLine } from '../../base/shown.ts'
import { type Answer, type Column, COLUMNS, type Report, type Row, UNTRIED } from './pact.ts'

type Answers = Row['answers']
type Verdict = Row['verdict']

/** What the answers come to. A column that was asked and not answered leaves the interaction unverified. */
export function verdictOf(answers: Answers, isPending: boolean, asked: readonly Column[] = askedOf(answers)): Verdict {
  const kinds = asked.map((column) => answers[column].kind)
  if (kinds.includes('failed')) return isPending ? 'pending' : 'failed'
  return kinds.length > 0 && kinds.every((kind) => kind === 'passed') ? 'passed' : 'not-verified'
}

function askedOf(answers: Answers): Column[] {
  return COLUMNS.filter((column) => answers[column].kind !== 'skipped')
}

/** A run is good when no interaction failed and something was verified. */
export function createReport(rows: readonly Row[], columns: readonly Column[]): Report {
  const { passed, failed, pending } = countsOf(rows)
  return { rows, columns, ok: failed === 0 && passed + pending > 0 }
}

/** How many interactions each verdict has. */
function countsOf(rows: readonly Row[]): Readonly<Record<Verdict, number>> {
  const counts = { passed: 0, failed: 0, pending: 0, 'not-verified': 0, 'not-ours': 0 }
  for (const { verdict } of rows) counts[verdict]++
  return counts
}

/** `12 interactions: 10 passed, 1 failed, 1 not verified`; verdicts that nothing has are left out. */
export function countsLine(rows: readonly Row[]): string {
  const counts = countsOf(rows)
  const parts = VERDICTS.flatMap((verdict) => (counts[verdict] > 0 ? [`${counts[verdict]} ${wordsOf(verdict)}`] : []))
  return `${rows.length} interaction${rows.length === 1 ? '' : 's'}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`
}

const VERDICTS = ['passed', 'failed', 'pending', 'not-verified', 'not-ours'] as const

function wordsOf(verdict: Verdict): string {
  return verdict === 'pending' ? 'failed while pending' : verdict.replace('-', ' ')
}

/** What is known of an interaction beside the answers. */
export interface Hints {
  /** `NAME=VALUE` under which the mock does what the consumer expects. */
  readonly assumption?: string | undefined
  /** A provider state that the mock does not know: the reasons tell the nearest. */
  readonly unknown?: string | undefined
}

/** What the columns together mean; undefined where none fails. */
export function explanationOf(answers: Answers, hints: Hints = {}): string | undefined {
  const untried = COLUMNS.filter((column) => isUntried(answers[column]))
  if (untried.length === 0) return meaningOf(answers, hints)
  const others = { ...answers, ...Object.fromEntries(untried.map((column) => [column, { kind: 'skipped' } as const])) }
  return [meaningOf(others, hints) ?? [], `the verifier cannot try it (${untried.join(', ')})`].flat().join('; ')
}

function meaningOf(answers: Answers, { assumption, unknown }: Hints): string | undefined {
  // A mock without its state says nothing of the interaction.
  if (isStateRefused(answers.mock))
    return [EXPLANATIONS[keyOf({ ...answers, mock: { kind: 'skipped' } })] ?? [], stateWords(unknown)].flat().join('; ')
  const key = keyOf(answers)
  const text = EXPLANATIONS[key]
  if (text === undefined || assumption === undefined) return text
  if (/.!\+/.test(key)) return `${text}; try --assume ${assumption}`
  return /[+-]!-/.test(key) ? `${text}; the mock would answer so under --assume ${assumption}` : text
}

/** Whether the verifier could not even send the request, so that nobody was asked. */
export function isUntried(answer: Answer): boolean {
  return answer.kind === 'failed' && answer.reasons.some(({ code }) => code === UNTRIED)
}

/** Whether the mock could not set up a state, so that no request was sent. */
export function isStateRefused(answer: Answer): boolean {
  return answer.kind === 'failed' && answer.reasons.some(({ code }) => code?.startsWith('state-'))
}

function stateWords(unknown: Hints['unknown']): string {
  if (unknown === undefined) return 'the mock cannot set up the named state'
  return `the mock does not know the state "${unknown}"; --print-missing-states prints a file to add it`
}

function keyOf(answers: Answers): string {
  return COLUMNS.map((column) => LETTERS[answers[column].kind]).join('')
}

const LETTERS: Readonly<Record<Answer['kind'], string>> = { passed: '+', failed: '!', skipped: '-' }

/** By document, mock and provider: `+` passed, `!` failed, `-` was not asked. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  '!--': 'the document does not have what the consumer expects',
  '-!-': 'the mock does not do what the consumer expects',
  '--!': 'the real service does not do what the consumer expects',
  '!+-': 'the document does not have what the consumer expects',
  '+!-': 'the document allows it, but the named state does not produce it',
  '!!-': 'neither the document nor the mock has what the consumer expects',
  '!-+': 'the real service does what the consumer expects, but the document does not have it: the document is incomplete',
  '+-!': 'the document allows it, but the real service does not do it',
  '!-!': 'neither the document nor the real service has what the consumer expects',
  '-!+': 'the mock is wrong here: the real service does what the consumer expects',
  '-+!': 'the mock does what the consumer expects, but the real service does not',
  '-!!': 'neither the mock nor the real service does what the consumer expects',
  '+!+': 'the mock is wrong here: the document allows it and the real service does it',
  '++!': 'the document allows it and the mock does it, but the real service does not',
  '+!!': 'the document allows it, but neither the mock nor the real service does it in the named state',
  '!++': 'mock and real service do what the consumer expects, but the document does not have it: the document is incomplete',
  '!!+':
    'the real service does what the consumer expects, but neither the document nor the mock: the document is incomplete, and the mock is wrong here',
  '!+!': 'only the mock does what the consumer expects',
  '!!!': 'neither the document nor the mock nor the real service has what the consumer expects',
}

/** Everything, for other tools. */
export function jsonReport({ ok, columns, rows, unpublished, unreached, notes }: Report): string {
  return `${JSON.stringify({ ok, columns, counts: countsOf(rows), unpublished, unreached, notes, rows }, null, 2)}\n`
}

/** The rows of each pact file, in the order of the rows. */
export function byPact(rows: readonly Row[]): (readonly [Row, ...Row[]])[] {
  return [...Map.groupBy(rows, ({ file, consumer, provider }) => JSON.stringify([file, consumer, provider])).values()].flatMap(
    ([first, ...others]) => (first ? [[first, ...others] as const] : []),
  )
}

/** `an order, given it exists and it is open`, in one line. */
export function nameOf({ description, states }: Row): string {
  const given = states.map(({ name }) => name).filter((name) => name !== '')
  return inLine(given.length > 0 ? `${description}, given ${given.join(' and ')}` : description)
}

/** What a reader is told under an interaction, in lines: what fails by column, what it means, how to repeat it. */
export function notesOf({ answers, explanation, replay }: Row): string[] {
  const reasons = COLUMNS.flatMap((column) => {
    const answer = answers[column]
    return answer.kind === 'failed' ? answer.reasons.map((reason) => `${column}: ${inLine(reason.message)}${placeOf(reason.place)}`) : []
  })
  return [
    ...reasons,
    ...(explanation === undefined ? [] : [`→ ${inLine(explanation)}`]),
    ...(replay === undefined ? [] : [`$ ${inLine(replay)}`]),
  ]
}

/** What is odd about an interaction and fails nothing, in lines. */
export function warningsOf({ answers }: Row): string[] {
  return COLUMNS.flatMap((column) => {
    const answer = answers[column]
    const warnings = answer.kind === 'skipped' ? [] : (answer.warnings ?? [])
    return warnings.map(({ message, place }) => `${column}, warning: ${inLine(message)}${placeOf(place)}`)
  })
}

function placeOf(place: { readonly file: string; readonly line?: number; readonly pointer: string } | undefined): string {
  if (!place) return ''
  return ` (${inLine(`${place.file}${place.line === undefined ? '' : `:${place.line}`} ${place.pointer}`)})`
}
