import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/cli/log.ts'
import type { RequestSummary } from '../../src/index.ts'

const summary: RequestSummary = {
  id: 'a-1',
  session: 'a',
  received: '2026-03-01T12:00:00.000Z',
  status: 200,
  method: 'GET',
  path: '/',
  duration: 1,
  warnings: [],
}
const away = (detail: string): RequestSummary => ({ ...summary, status: 503, problem: { code: 'store-unavailable', detail, fix: 'wait' } })

function logged(format: 'text' | 'json', summaries: readonly RequestSummary[]): readonly string[] {
  const texts: string[] = []
  const err = (text: string): void => void texts.push(...text.split('\n'))
  const outside = { out: () => undefined, err, env: {} }
  const log = createLog(format, { ...outside, raw: outside })
  for (const one of summaries) log.write(one)
  log.flush()
  return texts
}

describe('the log', () => {
  it('tells once why the store is away, and counts then', () => {
    const [lost, slow] = [away('it is lost'), away('it is slow')]
    const refused = { ...summary, status: 404, problem: { code: 'order-unknown', detail: 'it is lost' } }
    const lines = logged('text', [lost, lost, lost, slow, slow, summary, lost, refused, refused])
    expect(lines.map((line) => / ms - (.*)$/.exec(line)?.[1])).toEqual([
      'it is lost; wait',
      'the same, 2 times now',
      'the same, 3 times now',
      'it is slow; wait',
      'the same, 2 times now',
      undefined,
      'it is lost; wait',
      'it is lost',
      'it is lost',
    ])
  })

  it('says to programs when each request came, and all of it', () => {
    const records = logged('json', [summary, away('it is lost'), away('it is lost')]).map((line): unknown => JSON.parse(line))
    const { received: time, ...rest } = summary
    expect(records[0]).toEqual({ time, ...rest })
    for (const record of records.slice(1)) expect(record).toMatchObject({ time, problem: { detail: 'it is lost' } })
  })
})
