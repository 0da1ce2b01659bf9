import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Outside } from '../../src/cli/io.ts'
import { createProgress } from '../../src/cli/progress.ts'
import { createMock } from '../../src/index.ts'
import { runHere } from './here.ts'
import { folder } from './project.ts'

/** What a terminal is sent by steps: `milliseconds since the beginning, what, done, total`, or an erasure. */
function shown(
  steps: readonly (readonly [at: number, what: string, done: number, total: number] | 'erase')[],
  at: Partial<Outside> = {},
): string[] {
  const written: string[] = []
  let time = 5_000
  const outside = {
    out: fail,
    err: fail,
    env: {},
    terminals: { err: { columns: 40, write: (text: string) => written.push(text) } },
    now: () => time,
    ...at,
  }
  const { tell, erase } = createProgress(outside)
  for (const step of steps) {
    if (step === 'erase') {
      erase()
      continue
    }
    const [after, ...told] = step
    time = 5_000 + after
    tell(...told)
  }
  return written
}

const fail = (): never => {
  throw new Error('progress is written over, not line by line')
}
const ERASE = '\r\u001B[K'

it('says nothing of what takes less than a second', () => {
  expect(shown([[0, 'mock', 1, 4], [500, 'mock', 2, 4], [999, 'mock', 4, 4], 'erase'])).toEqual([])
})

it('says how far it has come and how long it takes, over and over in one line, and takes that away', () => {
  expect(shown([[0, 'mock', 0, 8], [1_000, 'mock', 1, 8], [4_000, 'mock', 5, 8], [8_000, 'mock', 8, 8], 'erase', 'erase'])).toEqual([
    `${ERASE}mock: 1 of 8, 12 %, 7 s left`,
    `${ERASE}mock: 5 of 8, 62 %, 3 s left`,
    `${ERASE}mock: 8 of 8, 100 %`,
    ERASE,
  ])
})

it.each<[string, Parameters<typeof shown>[0], string]>([
  ['no rate before two are told', [[2_000, 'mock', 3, 8]], 'mock: 3 of 8, 37 %'],
  [
    'the rate of what goes on, not of what went before',
    [
      [0, 'mock', 1, 2],
      [10_000, 'provider', 10, 20],
      [12_000, 'provider', 15, 20],
    ],
    'provider: 15 of 20, 75 %, 2 s left',
  ],
  [
    'the rate since it began anew',
    [
      [0, 'mock', 1, 9],
      [500, 'mock', 9, 9],
      [2_000, 'mock', 0, 10],
      [3_000, 'mock', 5, 10],
    ],
    'mock: 5 of 10, 50 %, 1 s left',
  ],
  ['nothing to be done', [[2_000, 'mock', 0, 0]], 'mock: 0 of 0, 100 %'],
  ['a line that stays one', [[2_000, `/${'very/'.repeat(20)}deep.json`, 1, 2]], `/${'very/'.repeat(8).slice(0, 38)}`],
  ['nothing that moves the cursor', [[2_000, 'a\n\u001B[Ab', 1, 2]], String.raw`a \u001b[Ab: 1 of 2, 50 %`],
])('shows %s', (_what, steps, last) => expect(shown(steps).at(-1)).toBe(ERASE + last))

it('is written also where the terminal does not say how wide it is', () => {
  const written: string[] = []
  const terminals = { err: { columns: 0, write: (text: string) => written.push(text) } }
  expect(shown([[2_000, 'mock', 1, 2]], { terminals })).toEqual([])
  expect(written).toEqual([`${ERASE}mock: 1 of 2, 50 %`])
})

it('is not written more often than it can be read', () => {
  expect(
    shown([
      [1_000, 'mock', 1, 9],
      [1_050, 'mock', 2, 9],
      [1_100, 'mock', 3, 9],
    ]),
  ).toHaveLength(2)
})

it('is shown again after it was taken away', () => {
  expect(shown([[1_000, 'mock', 1, 9], 'erase', [1_001, 'mock', 2, 9]])).toHaveLength(3)
})

it.each<[string, Partial<Outside>]>([
  ['no terminal', { terminals: {} }],
  ['standard output only', { terminals: { out: { columns: 80, write: fail } } }],
  ['CI', { env: { CI: 'true' } }],
])('is not written to %s', (_what, at) => expect(shown([[0, 'mock', 1, 9], [60_000, 'mock', 2, 9], 'erase'], at)).toEqual([]))

/** What a terminal is sent while a command runs for which every look at the clock takes two seconds. */
async function shownBy(args: readonly string[], env = {}): Promise<{ code: number | null; out: string; written: readonly string[] }> {
  const written: string[] = []
  let time = 0
  const terminals = { err: { columns: 200, write: (text: string) => written.push(text) } }
  const { code, out } = await runHere(args, { env, terminals, now: () => (time += 2_000) })
  return { code, out, written }
}

async function exported(): Promise<string> {
  const file = join(await folder(), 'session.json')
  await using mock = await createMock()
  const session = mock.session('long')
  for (const path of ['/a', '/b', '/c']) await mock.fetch(new Request(`http://localhost${path}`, { headers: session.headers }))
  writeFileSync(file, JSON.stringify(await session.export()))
  return file
}

it.each<[string, () => Promise<readonly string[]>, RegExp]>([
  ['verify', async () => ['verify', 'contracts', '--only', 'mock'], /^\r\u001B\[Kmock: \d+ of \d+, \d+ %/],
  ['check', async () => ['check', 'spec/control.yaml'], /^\r\u001B\[Kspec\/control\.yaml: \d+ of \d+, \d+ %(, \d+ s left)?$/],
  ['replay', async () => ['replay', await exported()], /^\r\u001B\[K\/.*session\.json: \d of 3, \d+ %(, \d+ s left)?$/],
])('is told by %s, and gone at the end', async (_command, argsOf, line) => {
  const args = await argsOf()
  const { code, written, out } = await shownBy(args)
  expect(code).toBe(0)
  expect(written[0]).toMatch(line)
  expect(written.at(-1)).toBe(ERASE)
  // Standard output is no terminal.
  expect(out).not.toContain('\u001B')
  expect(await shownBy(args, { CI: '1' })).toEqual({ code: 0, written: [], out })
})

it('counts to the end: as much is told of a document as there is', async () => {
  const { written } = await shownBy(['check', 'spec/supplier-orders.yaml'])
  const [, done, total] = /: (\d+) of (\d+), 100 %$/.exec(written.at(-2) ?? '') ?? []
  expect(Number(done)).toBeGreaterThan(100)
  expect(done).toBe(total)
})
