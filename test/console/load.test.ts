import type { Browser, Page } from '@playwright/test'
import { setInterval } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MOST_ROWS } from '../../src/console/journal.ts'
import type { Mock } from '../../src/index.ts'
import { openMock, ORDER, SUPPLIER } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openConsole } from './browser.ts'

/** A journal and a list of sessions as a busy mock has them. */

const ENTRIES = 10_000
const SESSIONS = 1_000

/** So many elements a view has at most, whatever it is about. */
const MOST_ELEMENTS = 3_000

const isLong = process.env['LONG'] === '1'

describe.skipIf(CHROMIUM === undefined)('the console of a busy mock (skipped where there is no Chromium)', () => {
  let mock: Mock
  let browser: Browser
  beforeAll(async () => {
    mock = await openMock({ journalBytes: 64_000_000 })
    browser = await launch()
    await ask(mock, 'crowd-0', '/needle-in-the-journal')
    for (let sent = 1; sent < ENTRIES; sent++) await ask(mock, `crowd-${sent % SESSIONS}`)
  })
  afterAll(async () => {
    await browser.close()
    await mock.close()
  })

  it('shows what comes without asking, draws each entry once, and keeps the page small', async () => {
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await open('#/requests')
    const rows = page.getByRole('listitem')
    await expectOn(page.getByText('Live')).toBeVisible()
    await expectOn(rows).not.toHaveCount(0)
    await expectOn(page.getByLabel('Session').getByRole('option')).not.toHaveCount(1)
    const before = asked.length
    await page.evaluate(WATCH_ROWS)
    const newest = rows.first().getByRole('link')
    const [single, burst] = [5, 3 * MOST_ROWS]
    for (let sent = 1; sent <= single; sent++) {
      await ask(mock, 'busy')
      await expectOn(newest).toHaveAttribute('href', `#/requests/busy-${sent}`)
    }
    expect((await page.evaluate<Drawn>('globalThis.drawn')).added).toBe(single)
    for (let sent = 0; sent < burst; sent++) await ask(mock, 'busy')
    await expectOn(newest).toHaveAttribute('href', `#/requests/busy-${single + burst}`)
    await expectOn(rows).toHaveCount(MOST_ROWS)
    const { draws, frames } = await page.evaluate<Drawn>('globalThis.drawn')
    expect(draws).toBeLessThanOrEqual(frames + 1)
    expect(asked.slice(before)).toEqual([])
    expect(await elementsOf(page)).toBeLessThan(MOST_ELEMENTS)
    expect(wrong).toEqual([])
  })

  it('finds one entry among all, and one session', async () => {
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open('#/requests')
    await page.getByLabel('Text').fill('needle-in-the-journal')
    const rows = page.getByRole('listitem')
    await expectOn(rows).toHaveCount(1)
    await expectOn(rows.getByRole('link')).toHaveAttribute('href', '#/requests/crowd-0-1')
    await open('#/sessions')
    expect((await mock.sessions()).length).toBeGreaterThanOrEqual(SESSIONS)
    await expectOn(page.getByText(/more are not shown/)).toBeVisible()
    expect(await elementsOf(page)).toBeLessThan(MOST_ELEMENTS)
    await page.getByLabel('Find by name').fill('crowd-777')
    await expectOn(page.getByRole('link', { name: /^crowd-/ })).toHaveText(['crowd-777'])
    expect(wrong).toEqual([])
  })

  /** What only a machine that is otherwise idle shows. */
  it.runIf(isLong)('opens within a second, and no task holds it up while 200 requests a second come', async () => {
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await page.addInitScript(WATCH_TIMES)
    await open('#/requests')
    await expectOn(page.getByRole('listitem')).not.toHaveCount(0)
    expect(await page.evaluate<number>('globalThis.times.opened')).toBeLessThan(1_000)
    const [turns, perTurn, ms] = [200, 10, 50]
    let turn = 0
    const begun = performance.now()
    for await (const _ of setInterval(ms)) {
      for (let sent = 0; sent < perTurn; sent++) await ask(mock, 'rush')
      if (turn % 20 === 10) await page.getByLabel('Text').fill(turn % 40 === 10 ? 'orders' : '')
      if (++turn === turns) break
    }
    const perSecond = (turns * perTurn * 1_000) / (performance.now() - begun)
    await expectOn(page.getByRole('listitem').first().getByRole('link')).toHaveAttribute('href', `#/requests/rush-${turns * perTurn}`)
    for (const view of ['#/sessions', '#/requests?session=rush', '#/requests']) {
      await page.evaluate(`location.hash = '${view}'`)
      await expectOn(page.getByRole('listitem')).not.toHaveCount(0)
    }
    const { tasks } = await page.evaluate<{ readonly tasks: readonly number[] }>('globalThis.times')
    expect(perSecond).toBeGreaterThan(180)
    expect(tasks.filter((task) => task > 200)).toEqual([])
    expect(wrong).toEqual([])
  })
})

/** What became of the list since it was watched. */
interface Drawn {
  /** Rows that were made. */
  readonly added: number
  /** How often anything of it was changed. */
  readonly draws: number
  readonly frames: number
}

const WATCH_ROWS = `
  const drawn = (globalThis.drawn = { added: 0, draws: 0, frames: 0 })
  new MutationObserver((records) => {
    drawn.draws++
    for (const { addedNodes } of records) drawn.added += [...addedNodes].filter(({ nodeName }) => nodeName === 'LI').length
  }).observe(document.querySelector('ol.rows'), { childList: true })
  const count = () => requestAnimationFrame(() => (drawn.frames++, count()))
  count()
  undefined`

/** When the first row was there, and tasks that took long, in milliseconds (https://w3c.github.io/longtasks/). */
const WATCH_TIMES = `
  const times = (globalThis.times = { opened: undefined, tasks: [] })
  new PerformanceObserver((list) => times.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true })
  const look = () => (document.querySelector('ol.rows li') ? (times.opened = performance.now()) : requestAnimationFrame(look))
  look()`

function elementsOf(page: Page): Promise<number> {
  return page.evaluate<number>('document.querySelectorAll("*").length')
}

async function ask(mock: Mock, session: string, path = `/orders/${ORDER}/`): Promise<void> {
  await mock.fetch(new Request(`http://localhost${path}`, { headers: { 'Mock-Session': session, Authorization: SUPPLIER } }))
}
