import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Page } from '@playwright/test'
import type { Mock } from '../../src/index.ts'
import { openMock, quantities, supplierClient } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openConsole } from './browser.ts'

/** The pictures of the pages. `PICTURES=1` makes them anew; otherwise they are looked for, and the view that they show is. */

const FOLDER = join(import.meta.dirname, '../../docs/pictures')
const WIDTH = 840
/** Of a picture, in bytes: pages are read over slow lines. */
const LARGEST = 75_000

describe.skipIf(CHROMIUM === undefined)('pictures (skipped where there is no Chromium)', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  it.each(['light', 'dark'] as const)('show a refusal and what to send instead: %s', async (scheme) => {
    await using mock = await openMock({ now: '2026-03-01T12:00:00Z' })
    await supplierClient(mock, { session: 'tess' }).allocate(quantities(3, 1, 1))
    await show(`refusal-${scheme}`, 560, mock, scheme, '#/requests/tess-1', async (page) => {
      await expectOn(page.getByRole('button', { name: 'Repair and resend', exact: true })).toBeVisible()
      await page.evaluate(`[...document.querySelectorAll('h2')].find((one) => one.textContent === 'Why it was refused').scrollIntoView()`)
    })
  })

  it.each(['light', 'dark'] as const)('show a life cycle: %s', async (scheme) => {
    await using mock = await openMock({ now: '2026-03-01T12:00:00Z' })
    const client = supplierClient(mock, { session: 'tess' })
    await client.allocate(quantities(0, 6, 0, { backorder_date: '2026-03-09' }))
    await client.allocate(quantities(4, 2, 0, { backorder_date: '2026-03-09' }))
    await show(`life-cycle-${scheme}`, 330, mock, scheme, '#/sessions/tess/state', async (page) => {
      await page.locator('main summary').first().click()
      await expectOn(page.locator('.arc.came')).toHaveCount(2)
      await page.evaluate(`document.querySelector('.life').scrollIntoView()`)
    })
  })

  async function show(
    name: string,
    height: number,
    mock: Mock,
    scheme: 'light' | 'dark',
    hash: string,
    prepare: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock), { width: WIDTH, scheme })
    await page.setViewportSize({ width: WIDTH, height })
    await open(hash)
    await prepare(page)
    const made = await page.screenshot()
    const file = join(FOLDER, `${name}.png`)
    if (process.env['PICTURES'] === '1') {
      mkdirSync(FOLDER, { recursive: true })
      writeFileSync(file, made)
    }
    expect(existsSync(file)).toBe(true)
    const kept = readFileSync(file)
    expect({ kept: sizeOf(kept), made: sizeOf(made) }).toEqual({ kept: { width: WIDTH, height }, made: { width: WIDTH, height } })
    expect(kept.length).toBeLessThan(LARGEST)
    expect(wrong).toEqual([])
  }
})

/** What the head of a PNG says (https://www.w3.org/TR/png-3/#11IHDR). */
function sizeOf(png: Buffer): { readonly width: number; readonly height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
}
