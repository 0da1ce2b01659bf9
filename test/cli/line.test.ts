import { expect, it } from 'vitest'
import { createLines } from '../../src/cli/line.ts'
import type { Outside } from '../../src/cli/io.ts'

const summary = {
  id: 'a-1',
  session: 'a',
  received: '2026-03-01T12:00:00.000Z',
  status: 200,
  operation: 'getOrder',
  method: 'GET',
  path: '/orders/1',
  duration: 1.26,
  warnings: [],
}
const refused = {
  ...summary,
  session: 'somebody',
  status: 404,
  operation: 'listOrders',
  method: 'DELETE',
  duration: 1234,
  problem: { code: 'route-unknown', detail: 'there is none', fix: 'try another' },
  assumption: 'x.y',
  fault: 'EMPTY_RESPONSE',
  warnings: ['/a', '/b', '/c', '/d', '/e', '/f', '/g'].map((at) => ({ at, rule: 'undeclared', message: '' })),
  explain: 'http://127.0.0.1:1/__mock/requests/somebody-1',
}
const REMARKS = '- there is none; try another [assumed: x.y] [fault: EMPTY_RESPONSE] [undeclared: /a, /b, /c, /d, /e and 2 more]'
const PLAIN = ['a 200 getOrder GET /orders/1 1.3 ms', `somebody 404 listOrders DELETE /orders/1 1234.0 ms ${REMARKS} ${refused.explain}`]

const linesIn = (at: Partial<Outside>): string[] => {
  const outside = { out: () => undefined, err: () => undefined, env: {}, ...at }
  const { line } = createLines(outside, 'err')
  return [line(summary), line(refused), line(summary)]
}
const terminals = { err: { columns: 80, write: () => undefined } }
const inColour = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/\b200\b/, '\u001B[32m$&\u001B[39m').replace(/\b404\b/, '\u001B[33m$&\u001B[39m'))

it.each<[string, Partial<Outside>, readonly string[]]>([
  ['where nobody watches', {}, PLAIN],
  ['where standard output alone is a terminal', { terminals: { out: terminals.err } }, PLAIN],
  ['at a terminal of CI, in colours', { terminals, env: { CI: 'true' } }, inColour(PLAIN)],
  ['at a terminal of CI that wants none', { terminals, env: { CI: 'true', NO_COLOR: '1' } }, PLAIN],
])('writes plain lines %s', (_where, at, [first = '', second = '']) => {
  expect(linesIn(at)).toEqual([first, second, first])
})

const COLUMNS = [
  'a  200  getOrder  GET        1.3 ms  /orders/1',
  `somebody  404  listOrders  DELETE  1234.0 ms  /orders/1 ${REMARKS}  ${refused.explain}`,
  'a         200  getOrder    GET        1.3 ms  /orders/1',
]

it.each<[string, Partial<Outside>, readonly string[]]>([
  ['without colours', { terminals, env: { NO_COLOR: '1' } }, COLUMNS],
  ['where CI is said to be none', { terminals, env: { NO_COLOR: '1', CI: 'false' } }, COLUMNS],
  ['in colours', { terminals }, inColour(COLUMNS).map((line) => line.replaceAll(/.{7}ms|http.*/g, '\u001B[2m$&\u001B[22m'))],
])('writes columns for who watches: %s', (_how, at, expected) => expect(linesIn(at)).toEqual(expected))

it('has columns that are wide enough from the first line on, where all are known', () => {
  const { fit, line } = createLines({ out: () => undefined, err: () => undefined, env: { NO_COLOR: '1' }, terminals }, 'err')
  fit(refused)
  expect(line(summary)).toBe(COLUMNS[2])
})

it('lets a name that is very long stand out', () => {
  const { line } = createLines({ out: () => undefined, err: () => undefined, env: { NO_COLOR: '1' }, terminals }, 'err')
  line({ ...summary, session: 's'.repeat(60) })
  expect(line(summary)).toMatch(/^a {31} {2}200/)
})
