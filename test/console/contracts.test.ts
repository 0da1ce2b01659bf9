import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { CONTRACTS, folder } from '../contracts/pacts.ts'
import { openMock, ownSession, SUPPLIER } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openConsole, press, tabTo } from './browser.ts'

const ODD = {
  consumer: { name: 'back-office' },
  provider: { name: 'supplier-orders' },
  interactions: [
    { description: 'a teapot', request: { method: 'GET', path: '/orders/1/' }, response: { status: 418 } },
    {
      description: 'an order',
      providerState: 'an order of 6 units waits for its suplier',
      request: { method: 'GET', path: '/orders/1/' },
      response: { status: 200 },
    },
  ],
}

describe.skipIf(CHROMIUM === undefined)('the contracts in a browser (skipped where there is no Chromium)', () => {
  const odd = folder({ 'odd.json': ODD })
  const mocks = openMock({ contracts: [CONTRACTS, join(odd, '*.json')] })
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await (await mocks).close()
    rmSync(odd, { recursive: true })
  })

  it('show by the keyboard alone who relies on which answer, and what nobody relies on', async () => {
    const { page, wrong, open } = await openConsole(browser, await addressOf(await mocks))
    await open('#/requests')
    await press(page, 'Contracts', 'link')
    await expectOn(page.getByRole('heading', { level: 1 })).toBeFocused()
    await expectOn(
      page.getByText(/^28 of 117 that consumers can rely on are relied on \(23\.9 %\).* Nobody relies on the other 89\.$/),
    ).toBeVisible()
    await expectOn(page.getByText('getOrder of supplier-orders documents no 418; it documents 200')).toBeVisible()
    const rows = page.locator('summary').filter({ has: page.locator('code') })
    await expectOn(rows.filter({ hasText: 'cancelAllocations' })).toHaveText(
      'cancelAllocations 200 order-desk 404 order-desk nobody: 400, 401',
    )
    await tabTo(page, page.getByLabel('Find an operation'))
    await page.keyboard.type('getorder')
    await expectOn(rows).toHaveText([/^getOrder 200 back-office, storefront/])
    await tabTo(page, rows)
    await page.keyboard.press('Enter')
    await expectOn(
      page.getByText('a look at an unknown order given “no order exists with the id b0c98d11-27ea-4f63-9a2c-51d7e8f3a604”'),
    ).toBeVisible()
    await expectOn(page.getByText('Nobody relies on it.')).toHaveCount(3)
    await page.getByLabel('Relied on by').selectOption('nobody')
    await expectOn(rows).toHaveText(['getOrder nobody: 400, 401, 403'])
    await page.getByLabel('Relied on by').selectOption('warehouse')
    await expectOn(rows).toHaveCount(0)
    expect(wrong).toEqual([])
  })

  it('stay on a narrow page, whatever consumers call things', async () => {
    const long = 'x'.repeat(3_000)
    const asked = { description: long, providerState: long, request: { method: 'GET', path: '/orders/1/' }, response: { status: 200 } }
    const own = folder({ 'long.json': { ...ODD, interactions: [asked] } })
    onTestFinished(() => rmSync(own, { recursive: true }))
    await using mock = await openMock({ contracts: [join(own, '*.json')] })
    const { page, open } = await openConsole(browser, await addressOf(mock), { width: 400 })
    await open('#/contracts')
    await page.locator('summary', { hasText: /^back-office/ }).click()
    await expectOn(page.locator('.opened', { hasText: long }).first()).toBeVisible()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400)
  })

  it('set up by the keyboard alone what an interaction presupposes, and say what that brought in', async () => {
    const mock = await mocks
    const url = await addressOf(mock)
    const { page, wrong, open } = await openConsole(browser, url)
    const session = ownSession()
    await open('#/contracts')
    await tabTo(page, page.getByLabel('Session to set states up in'))
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type(session)
    await page.keyboard.press('Enter')
    await expectOn(page).toHaveURL(`${url}/__mock/#/contracts?session=${session}`)
    await tabTo(page, page.locator('summary').filter({ hasText: /^storefront 7 interactions$/ }))
    await page.keyboard.press('Enter')
    const button = `Set up “an order of {quantity} units waits for its supplier” with {"quantity":2} in ${session}`
    await press(page, `curl command: ${button}`)
    const path = `/~${session}/_pact/provider_states`
    await expectOn(page.locator('.command pre')).toHaveText(
      `curl -sS -X POST -H 'Content-Type: application/json' -d '{"state":"an order of {quantity} units waits for its supplier","params":{"quantity":2}}' '${url}${path}'`,
    )
    await press(page, button)
    const order = '46c002f0-767c-4c19-83e9-be43da97ac72'
    await expectOn(page.getByText(`${session} now holds, beside what was generated: order ${order}.`)).toBeVisible()
    await expectOn(page.getByRole('definition').filter({ hasText: order })).toHaveText(order)
    expect(await mock.session(session).entities({ changed: true })).toMatchObject({ total: 1, entities: [{ id: order }] })
    expect(wrong).toEqual([])
  })

  it('set up a state with parameters of one’s own, and ask before a session that is in use begins anew', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const { name, headers } = await mock.createSession({ name: ownSession() })
    await mock.fetch('http://localhost/orders/', { method: 'POST', headers: { ...headers, Authorization: SUPPLIER } })
    await open(`#/contracts?session=${name}`)
    await tabTo(page, page.locator('summary').filter({ hasText: /^an order is allocated in part/ }))
    await page.keyboard.press('Enter')
    const field = (name: string): Locator =>
      page
        .locator('.field')
        .filter({ has: page.getByText(name, { exact: true }) })
        .getByRole('spinbutton')
    await expectOn(page.getByText('in contracts: 5', { exact: true })).toBeVisible()
    for (const [label, value] of [
      ['ordered', '9'],
      ['allocated', '2'],
      ['backordered', '7'],
    ] as const) {
      await tabTo(page, field(label))
      await page.keyboard.press('ControlOrMeta+a')
      await page.keyboard.type(value)
    }
    await press(page, `Set it up in ${name}`)
    await expectOn(page.getByRole('button', { name: `Begin ${name} anew: what its 1 request made is lost` })).toBeFocused()
    expect(await mock.session(name).info()).toMatchObject({ requests: 1 })
    await page.keyboard.press('Enter')
    await expectOn(page.getByText(/now holds, beside what was generated: order /)).toBeVisible()
    const { entities } = await mock.session(name).entities({ changed: true })
    expect(JSON.stringify(entities)).toContain('"quantity_ordered":9,"quantity_allocated":2,"quantity_backordered":7')
    expect(await mock.session(name).info()).toMatchObject({ requests: 0 })
    await press(page, 'Its state', 'link')
    await expectOn(page.getByRole('heading', { level: 1, name: `State of ${name}` })).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('name a state that nobody knows, with the nearest, and say why one cannot be set up', async () => {
    const { page, wrong, open } = await openConsole(browser, await addressOf(await mocks))
    const session = ownSession()
    await open(`#/contracts?session=${session}`)
    await expectOn(page.getByText('back-office: an order of 6 units waits for its suplier')).toBeVisible()
    await expectOn(page.getByText(/the nearest are "an order of \{quantity\} units waits for its supplier"/)).toBeVisible()
    await tabTo(page, page.locator('summary').filter({ hasText: /^back-office 2 interactions$/ }))
    await page.keyboard.press('Enter')
    await expectOn(page.getByText('relies on no documented answer: getOrder of supplier-orders documents no 418')).toBeVisible()
    await press(page, `Set up “an order of 6 units waits for its suplier” in ${session}`)
    await expectOn(page.getByText('No provider state has this text')).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('say which option gives them where there are none, and list what is documented', async () => {
    await using mock = await openMock()
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open('#/contracts')
    await expectOn(page.getByText(/no contracts were given: serve --contracts FOLDER/)).toBeVisible()
    await expectOn(page.locator('summary').filter({ hasText: 'getOrder' })).toHaveText('getOrder 200, 400, 401, 403, 404')
    await expectOn(page.getByRole('heading', { name: 'Consumers' })).toHaveCount(0)
    await expectOn(page.locator('summary').filter({ hasText: /^an allocation waits to be picked/ })).toBeVisible()
    expect(wrong).toEqual([])
  })
})
