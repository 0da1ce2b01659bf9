import { readFileSync } from 'node:fs'
import { type Different, type MockOptions, replay as repeat, type Replayed } from '../index.ts'
import { messageFrom, UsageError } from '../base/problem.ts'
import { inLine } from '../base/shown.ts'
import type { REPLAY_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import { createProgress, type Progress } from './progress.ts'
import type { Settings } from './settings.ts'

/** What came of a file: the session repeated, or why it cannot be. */
type Result = { readonly file: string } & (Replayed | { readonly error: string })

/** Repeats exported sessions, and compares byte for byte. @returns 0 the same, 1 different, 2 where a file cannot be repeated */
export async function replay(
  files: readonly string[],
  { format }: Settings<typeof REPLAY_OPTIONS>,
  apis: MockOptions['apis'],
  io: Io,
): Promise<number> {
  const progress = createProgress(io)
  const results: Result[] = []
  for (const file of files) {
    const result = await resultOf(file, apis, progress)
    progress.erase()
    results.push(result)
    if (format === 'json') continue
    if ('error' in result) io.err(`error: ${file}: ${result.error}`)
    else for (const line of report(file, result)) io.out(line)
  }
  if (format === 'json') io.out(JSON.stringify(results, undefined, 2))
  if (results.some((result) => 'error' in result)) return 2
  return results.some((result) => 'different' in result && result.different.length > 0) ? 1 : 0
}

async function resultOf(file: string, apis: MockOptions['apis'], progress: Progress): Promise<Result> {
  try {
    return { file, ...(await repeat(read(file), apis, ({ done, total }) => progress.tell(file, done, total))) }
  } catch (error) {
    if (error instanceof UsageError) return { file, error: error.message }
    throw error
  }
}

/** @throws UsageError for what cannot be read, or is not valid JSON */
function read(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw new UsageError(`it cannot be read (${messageFrom(error)})`)
  }
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (error) {
    const reason = messageFrom(error)
    if (text.trim() === '') throw new UsageError('it is empty; export the session again')
    throw new UsageError(
      /^\s*\{/.test(text) && /end of JSON|Unterminated|after property value|after array element/.test(reason) && !/\}\s*$/.test(text)
        ? `it ends in the middle: it was cut off after ${text.length} characters; export the session again, or copy all of it`
        : `it is not valid JSON (${reason}); give a file that GET /__mock/sessions/{name}/export has answered`,
    )
  }
}

/** At most this many differing requests are shown, and of each at most this many differences. */
const MAX_REQUESTS = 20
const MAX_DIFFERENCES = 10

function report(file: string, { session, begun, requests, controls, same, different, notRepeated, notes }: Replayed): string[] {
  const repeated = requests - notRepeated.length
  const count = same === repeated ? `all ${repeated} answers are the same` : `${same} of ${repeated} answers are the same`
  const shown = different.slice(0, MAX_REQUESTS)
  return [
    `${inLine(`${file}: session "${session}" of ${begun}`)}: ${count}${controls === 0 ? '' : `, ${plural(controls, 'control request')} between them`}`,
    ...notes.map((note) => `  note: ${inLine(note)}`),
    ...notRepeated.map((one) => `  ${titleOf(one)}: not repeated, for its body was not kept`),
    ...shown.flatMap((one) => ['', `  ${titleOf(one)}`, ...differencesOf(one).map((line) => `     ${line}`)]),
    ...(different.length > shown.length ? ['', `  and ${plural(different.length - shown.length, 'more request')}`] : []),
  ]
}

function titleOf({ number, id, method, path }: Pick<Different, 'number' | 'id' | 'method' | 'path'>): string {
  return inLine(`${number}. ${method} ${excerpt(path)} (${id})`)
}

function differencesOf({ differences }: Different): string[] {
  const rest = differences.length - MAX_DIFFERENCES
  return [
    ...differences.slice(0, MAX_DIFFERENCES).map(({ what, at, recorded, now }) => {
      const where = at === undefined || at === '' ? what : `${what} ${excerpt(at)}`
      return `${where}: ${excerpt(recorded ?? 'nothing')}, now ${excerpt(now ?? 'nothing')}`
    }),
    ...(rest > 0 ? [`and ${plural(rest, 'more difference')}`] : []),
  ]
}

const MAX_TEXT = 120

/** A line stays a line, and short. */
function excerpt(text: string): string {
  const line = inLine(text)
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
