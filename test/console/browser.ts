import { type Browser, chromium, expect, type Locator, type Page } from '@playwright/test'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { onTestFinished } from 'vitest'
import type { Mock } from '../../src/index.ts'

/** A browser of the system, or the one that Playwright has fetched. */
export const CHROMIUM = [
  process.env['ALLOCATION_MOCK_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  chromium.executablePath(),
].find((path) => path !== undefined && path !== '' && existsSync(path))

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
}

/** What takes so long hangs, in milliseconds. */
const HANGS = 120_000

/** What shall be so on a page, once it is. */
export const expectOn = expect.configure({ timeout: HANGS })

/** A mock on loopback, as long as the test runs. */
export async function servedBy(mock: Mock): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(mock.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, server }
}

export async function addressOf(mock: Mock): Promise<string> {
  return (await servedBy(mock)).url
}

/** A page of the console, and all that went wrong on it: errors, breaches of its policy, requests to anywhere else. */
export interface Console {
  readonly page: Page
  readonly wrong: readonly string[]
  open(hash: string): Promise<void>
}

export async function openConsole(
  browser: Browser,
  url: string,
  { width = 1_280, scheme = 'light' }: { readonly width?: number; readonly scheme?: 'light' | 'dark' } = {},
): Promise<Console> {
  // What a page keeps is kept by its address, and a mock of a test has one of its own: a profile for each page would take half a second.
  const context = browser.contexts()[0] ?? (await browser.newContext())
  const page = await context.newPage()
  await page.setViewportSize({ width, height: 900 })
  await page.emulateMedia({ colorScheme: scheme })
  page.setDefaultTimeout(HANGS)
  onTestFinished(() => page.close())
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    // That a request was refused a browser says itself; whether it should have been is each test's own matter.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !/^(data|blob):/.test(request.url())) wrong.push(`asked ${request.url()}`)
  })
  return {
    page,
    wrong,
    // Another hash alone would not load the page.
    open: async (hash) => {
      if (page.url() !== 'about:blank') await page.goto('about:blank')
      await page.goto(`${url}/__mock/${hash}`)
    },
  }
}

/** So many presses of a key lead to anything on a page of the tests. */
const MOST_PRESSES = 150

/** Goes there by the keyboard, the shorter way. @throws Error where it does not lead there */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let presses = 0; presses < MOST_PRESSES; presses++) {
    const way = await target.evaluate((element) => {
      const { activeElement } = element.ownerDocument
      if (activeElement === element) return 'there'
      return activeElement && activeElement.compareDocumentPosition(element) & activeElement.DOCUMENT_POSITION_PRECEDING
        ? 'Shift+Tab'
        : 'Tab'
    })
    if (way === 'there') return
    await page.keyboard.press(way)
  }
  throw new Error(`the keyboard does not lead to ${String(target)}`)
}

/** Goes to a button or a link by the keyboard, and presses it. */
export async function press(page: Page, name: string | RegExp, role: 'button' | 'link' = 'button'): Promise<void> {
  await tabTo(page, page.getByRole(role, { name, exact: true }).first())
  await page.keyboard.press('Enter')
}

/** Opens all that is closed in the first element there, and waits until it is drawn; what that brings up stays closed. */
export async function openAll(page: Page, within = 'main'): Promise<void> {
  await page.evaluate(
    `document.querySelector('${within}')?.querySelectorAll('details:not([open]) > summary').forEach((one) => one.click());
     new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))`,
  )
}
