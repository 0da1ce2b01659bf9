import { describe, expect, it } from 'vitest'
import { LARGE, type Published, SMALL } from './published/documents.ts'
import { fetched } from './published/fetch.ts'
import { type Figures, serveAndTry } from './published/trial.ts'

const isLong = process.env['LONG'] === '1'
/** A larger document takes no longer than this to start, in milliseconds; its YAML does. */
const STARTED = 3_000

const figures: (readonly [Published, Figures])[] = []

/** Each operation is asked for what it answers, with an example and with what is made for it; and once with one thing wrong. */
async function isServed(document: Published): Promise<void> {
  const found = await serveAndTry(fetched(document))
  figures.push([document, found])
  const { known = [], operations } = document
  expect(found.faults.filter((fault) => !known.some(([operation]) => operation.test(fault)))).toEqual([])
  // What is known to go otherwise does so still.
  for (const [operation, why] of known)
    expect([why, found.faults.filter((fault) => operation.test(fault))]).toEqual([why, [expect.any(String)]])
  const tried = operations - found.hidden - known.length
  expect(found).toMatchObject({ operations, static: tried, dynamic: tried, refused: found.refusable })
  expect(found.startMs).toBeLessThan(STARTED)
}

function tableOf(rows: typeof figures): string {
  const head = [
    'document',
    'operations',
    'hidden',
    '2xx',
    '2xx dynamic',
    'refused right',
    'examples that do not fit',
    'start ms',
    'heap MB',
  ]
  const lines = rows.map(([{ package: name, version, file }, found]) => [
    `${name}@${version} ${file}`,
    found.operations,
    found.hidden,
    found.static,
    found.dynamic,
    `${found.refused}/${found.refusable}`,
    found.examples,
    Math.round(found.startMs),
    Math.round(found.heapMb),
  ])
  return [head, ...lines].map((cells) => cells.join(' | ')).join('\n')
}

describe('a published document is served as it is', () => {
  it.each(SMALL)('$package@$version $file', isServed)

  describe.runIf(isLong)('that is fetched', () => {
    it.each(LARGE)('$package@$version $file', isServed)

    it('in all, with these figures', () => {
      process.stdout.write(`${tableOf(figures)}\n`)
      expect(figures).toHaveLength(SMALL.length + LARGE.length)
    })
  })
})
