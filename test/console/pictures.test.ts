import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from '@playwright/test'
import { openMock, quantities, supplierClient } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openConsole } from './browser.ts'

/** The pictures of the pages. `PICTURES=1` makes them anew; otherwise they are looked for, and the view that they show is. */

const FOLDER = join(import.meta.dirname, '../../docs/pictures')
const SIZE = { width: 840, height: 560 }
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
    const client = supplierClient(mock, { session: 'tess' })
    await client.allocate(quantities(3, 1, 1))
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock), { width: SIZE.width, scheme })
    await page.setViewportSize(SIZE)
    await open('#/requests/tess-1')
    await expectOn(page.getByRole('button', { name: 'Repair and resend', exact: true })).toBeVisible()
    await page.evaluate(`[...document.querySelectorAll('h2')].find((one) => one.textContent === 'Why it was refused').scrollIntoView()`)
    const made = await page.screenshot()
    const file = join(FOLDER, `refusal-${scheme}.png`)
    if (process.env['PICTURES'] === '1') {
      mkdirSync(FOLDER, { recursive: true })
      writeFileSync(file, made)
    }
    expect(existsSync(file)).toBe(true)
    const kept = readFileSync(file)
    expect({ kept: sizeOf(kept), made: sizeOf(made) }).toEqual({ kept: SIZE, made: SIZE })
    expect(kept.length).toBeLessThan(LARGEST)
    expect(wrong).toEqual([])
  })
})

/** What the head of a PNG says (https://www.w3.org/TR/png-3/#11IHDR). */
function sizeOf(png: Buffer): { readonly width: number; readonly height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
}
