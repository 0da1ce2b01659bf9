import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createMock, type Mock } from '../../src/index.ts'

/** A server that goes on for months keeps what there is, and not what happened. */

const LONG = process.env['LONG'] === '1'
const [REQUESTS, SESSIONS, JOURNAL] = LONG ? [1_000_000, 1_000, 8 * 1_048_576] : [12_000, 40, 200_000]
const AT_ONCE = 50
const ORDER = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
const LINE = 'b84ccd3c-88f8-4050-accf-e049163052e3'

/** Of four requests to a session three change it. */
async function ask(mock: Mock, number: number): Promise<void> {
  const session = `s${number % SESSIONS}`
  const turn = Math.floor(number / SESSIONS)
  const allocated = (turn % 6) + 1
  const allocation = { quantity_allocated: allocated, quantity_backordered: 6 - allocated, quantity_rejected: 0 }
  const isRead = turn % 4 === 3
  const response = await mock.fetch(`http://localhost/orders/${isRead ? '' : 'allocation/'}${ORDER}/`, {
    method: isRead ? 'GET' : 'PUT',
    headers: { authorization: 'Token 1234567890', 'content-type': 'application/json', 'mock-session': session },
    ...(!isRead && { body: JSON.stringify({ line_items: [{ line_item_uuid: LINE, allocation }] }) }),
  })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
}

it(`${REQUESTS} requests to ${SESSIONS} sessions leave a file that is as large as a tenth of them did`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mock-million-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'sessions.db')
  const open = (): Promise<Mock> => createMock({ store: `file:${path}`, journalBytes: JOURNAL, checkReplies: false })
  const sizes: number[] = []
  for (let tenth = 0; tenth < 10; tenth++) {
    const mock = await open()
    let next = (tenth * REQUESTS) / 10
    const end = next + REQUESTS / 10
    const work = async (): Promise<void> => {
      while (next < end) await ask(mock, next++)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    await mock.close()
    sizes.push(statSync(path).size)
  }
  const began = performance.now()
  const mock = await open()
  const opened = performance.now()
  await ask(mock, REQUESTS)
  const answered = performance.now()
  const { requests, changes } = await mock.session('s1').info()
  const told = `sizes in MB: ${sizes.map((size) => (size / 1_048_576).toFixed(1)).join(', ')}; opened in ${(opened - began).toFixed(0)} ms, first answer after ${(answered - opened).toFixed(0)} ms`
  if (LONG) console.log(told)
  await mock.close()
  expect([requests, changes]).toEqual([REQUESTS / SESSIONS, 1])
  const [first = 0, second = 0] = sizes
  expect({ told, isBounded: (sizes.at(-1) ?? 0) < 1.3 * Math.max(first, second) }).toEqual({ told, isBounded: true })
})
