import type { Browser } from '@playwright/test'
import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import parcels from '../../examples/parcels/parcels.ts'
import { MOST_ROWS } from '../../src/console/journal.ts'
import { ALLOCATION, NOW, omsClient, openMock, ownSession, quantities, supplierClient } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openConsole, press, servedBy, tabTo } from './browser.ts'

describe.skipIf(CHROMIUM === undefined)('the console in a browser (skipped where there is no Chromium)', () => {
  const mocks = openMock({ contracts: ['contracts'] })
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await (await mocks).close()
  })

  it('tells by the keyboard alone why a cancellation was refused', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const client = omsClient(mock)
    await client.cancel(ALLOCATION)
    await client.cancel(ALLOCATION)
    await open(`#/requests?session=${client.session}`)
    const rows = page.getByRole('listitem')
    await expectOn(rows).toHaveCount(2)
    await tabTo(page, page.getByLabel('Refused'))
    await page.keyboard.press('ArrowDown')
    await expectOn(rows).toHaveCount(1)
    expect(page.url()).toContain('refused=true')
    await tabTo(page, rows.getByRole('link'))
    await page.keyboard.press('Enter')
    await expectOn(page.getByRole('heading', { level: 1 })).toBeFocused()
    await expectOn(page.getByText(`Allocation ${ALLOCATION} is CANCELLED and has nothing left to cancel`).first()).toBeVisible()
    await expectOn(page.getByText('What would do: cancel only what is ALLOCATED')).toBeVisible()
    await expectOn(page.getByText('oms.cancel.again')).toBeVisible()
    // Nothing is offered in its place, and it says why.
    await expectOn(page.getByRole('heading', { name: 'What to send instead' })).toBeVisible()
    await expectOn(page.getByRole('button', { name: 'Repair and resend' })).toHaveCount(0)
    expect(await page.title()).toBe(`Request ${client.session}-2 - allocation-mock`)
    expect(wrong).toEqual([])
  })

  it('leads from an answer to what is assumed, and to a session that assumes otherwise', async () => {
    const mock = await mocks
    const url = await addressOf(mock)
    const { page, wrong, open } = await openConsole(browser, url)
    const client = supplierClient(mock)
    await client.allocate(quantities(5))
    // The address that the log gives.
    await page.goto(`${url}/__mock/requests/${client.session}-1`)
    await expectOn(page).toHaveURL(`${url}/__mock/#/requests/${client.session}-1`)
    await open(`#/requests/${client.session}-1`)
    await tabTo(page, page.getByRole('link', { name: 'supplier.allocate.sum' }))
    await page.keyboard.press('Enter')
    await expectOn(page.getByRole('heading', { name: 'supplier.allocate.sum' })).toBeInViewport()
    await press(page, 'Begin a session with supplier.allocate.sum=off')
    await expectOn(page).toHaveURL(/#\/sessions\/session-\d+$/)
    await expectOn(page.getByText('supplier.allocate.sum=off')).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('shows what a request changed, before and after, and where a rule stands', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const client = supplierClient(mock)
    await client.allocate(quantities(6))
    await client.allocate({ line_items: [{ line_item_uuid: 7 }] })
    await open(`#/requests/${client.session}-1`)
    const row = page.getByRole('row', { name: '/line_items/0/allocation/quantity_allocated' })
    await expectOn(row.getByRole('cell')).toHaveText(['0', '6'])
    await open(`#/requests/${client.session}-2`)
    await expectOn(page.getByText('is 7; the type must be string')).toBeVisible()
    await expectOn(page.getByText(/^supplier-orders\.yaml:\d+$/).first()).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('lets a day pass', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession(), scenario: 'partial-with-backorder' })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${session.name}`)
    await expectOn(page.getByText('2026-12-01T09:00:00.000Z')).toBeVisible()
    await press(page, 'Advance 1 day')
    await expectOn(page.getByText('2026-12-02T09:00:00.000Z')).toBeVisible()
    await expectOn(page.getByRole('button', { name: 'Advance 1 day', exact: true })).toBeFocused()
    await expectOn(page.getByText(/^backorder in 21d 15h/)).toBeVisible()
    await press(page, 'Advance to the next')
    await expectOn(page.getByText('Nothing waits.', { exact: false })).toBeVisible()
    expect((await session.info()).now).toBe('2026-12-24T00:00:00.000Z')
    await press(page, 'Let it run')
    await expectOn(page.getByRole('button', { name: 'Freeze it', exact: true })).toBeVisible()
    expect((await session.info()).clock).toMatchObject({ shifted: expect.stringMatching(/^\d+d/) })
    await press(page, 'Freeze it')
    await expectOn(page.getByRole('button', { name: 'Let it run', exact: true })).toBeVisible()
    expect((await session.info()).clock).toHaveProperty('frozen')
    expect(wrong).toEqual([])
  })

  it('arms an outage, shows how it hits, and resets', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession() })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${session.name}`)
    await press(page, 'Outage')
    await press(page, 'Arm the fault')
    await expectOn(page.getByText('status=503')).toBeVisible()
    expect(await session.faults()).toMatchObject([{ status: 503, spent: false }])
    await open(`#/documents/supplier-orders?session=${session.name}`)
    await tabTo(page, page.locator('summary').filter({ hasText: 'Get an order' }))
    await page.keyboard.press('Enter')
    await press(page, 'Send')
    await press(page, 'See what came of it', 'link')
    await expectOn(page.getByText('f1 (before: 503)')).toBeVisible()
    await press(page, session.name, 'link')
    await press(page, 'Reset')
    expect((await session.info()).requests).toBe(1)
    await page.keyboard.press('Enter')
    await expectOn(page.getByText('None: requests are well.')).toBeVisible()
    expect(await session.info()).toMatchObject({ requests: 0, faults: [] })
    expect(wrong).toEqual([])
  })

  it('shows requests as they come, a bounded number, and waits where it is told to', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const client = supplierClient(mock)
    await open(`#/requests?session=${client.session}`)
    await expectOn(page.getByText('Live')).toBeVisible()
    const rows = page.getByRole('listitem')
    await client.get()
    await expectOn(rows).toHaveCount(1)
    await press(page, 'Pause')
    await client.get()
    await expectOn(page.getByText('1 new')).toBeVisible()
    await expectOn(rows).toHaveCount(1)
    await press(page, 'Go on')
    await expectOn(rows).toHaveCount(2)
    for (let sent = 2; sent < MOST_ROWS + 50; sent++) await client.get()
    await expectOn(rows.first().getByRole('link')).toHaveAttribute('href', `#/requests/${client.session}-${MOST_ROWS + 50}`)
    await expectOn(rows).toHaveCount(MOST_ROWS)
    await page.getByRole('link', { name: 'Older' }).click()
    await expectOn(rows).toHaveCount(50)
    await expectOn(rows.last().getByRole('link')).toHaveAttribute('href', `#/requests/${client.session}-1`)
    expect(wrong).toEqual([])
  })

  it('finds what is typed, says what the control API does not take, and leads back to what was found', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const client = supplierClient(mock)
    await client.get()
    await client.get('Nothing-Here')
    await open(`#/requests?session=${client.session}`)
    const rows = page.getByRole('listitem')
    await expectOn(rows).toHaveCount(2)
    await tabTo(page, page.getByLabel('Text'))
    await page.keyboard.type('nothing-h')
    await expectOn(rows).toHaveCount(1)
    await expectOn(page.getByLabel('Text')).toBeFocused()
    await tabTo(page, rows.getByRole('link'))
    await page.keyboard.press('Enter')
    await page.locator('.back').getByRole('link').click()
    await expectOn(rows).toHaveCount(1)
    await expectOn(page.getByLabel('Text')).toHaveValue('nothing-h')
    await page.getByLabel('Operation').fill('getOrde')
    await expectOn(page.getByText('is not an operation: "getOrde"')).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('misses nothing that comes while the line is down', async () => {
    const mock = await mocks
    const { url, server } = await servedBy(mock)
    const { page, wrong, open } = await openConsole(browser, url)
    const client = supplierClient(mock)
    await client.get()
    await open(`#/requests?session=${client.session}`)
    await expectOn(page.getByText('Live')).toBeVisible()
    const rows = page.getByRole('listitem')
    await expectOn(rows).toHaveCount(1)
    const behind: (string | undefined)[] = []
    let isDown = true
    await page.route('**/__mock/events?*', (route) => {
      behind.push(route.request().headers()['last-event-id'])
      return isDown ? route.abort() : route.continue()
    })
    server.closeAllConnections()
    await expectOn(page.getByText('Not connected; trying again')).toBeVisible()
    await client.get()
    await client.get()
    await expect.poll(() => behind.length).toBeGreaterThan(0)
    isDown = false
    await expectOn(rows).toHaveCount(3)
    await expectOn(page.getByText('Live')).toBeVisible()
    expect(new Set(behind)).toEqual(new Set([`${client.session}-1`]))
    expect(wrong).toEqual([])
  })

  it('goes back to a snapshot, copies a session and drops it', async () => {
    const mock = await mocks
    const client = supplierClient(mock)
    const session = mock.session(client.session)
    await client.allocate(quantities(6))
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${client.session}`)
    await tabTo(page, page.getByLabel('Name', { exact: true }))
    await page.keyboard.type('before')
    await press(page, 'Take a snapshot')
    await expectOn(page.getByText(/^taken /)).toBeVisible()
    await client.allocate(quantities(0, 0, 6))
    await press(page, 'Go back to before')
    await expectOn(page.getByText('Done').first()).toBeVisible()
    const { entities } = await session.entities({ changed: true })
    expect(JSON.stringify(entities)).toContain('"quantity_allocated":6')
    const copy = ownSession()
    await tabTo(page, page.getByLabel('Copy it into'))
    await page.keyboard.type(copy)
    await press(page, 'Fork')
    await expectOn(page.getByRole('heading', { level: 1, name: copy })).toBeVisible()
    await press(page, 'Drop')
    await page.keyboard.press('Enter')
    await expectOn(page.getByRole('heading', { level: 1, name: 'Sessions' })).toBeVisible()
    expect((await mock.sessions()).map(({ name }) => name)).not.toContain(copy)
    expect(wrong).toEqual([])
  })

  it('begins a session from a scenario, and one from a saved state', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const [name, again] = [ownSession(), ownSession()]
    await open('#/sessions')
    await page.getByLabel('Name').first().fill(name)
    await page.getByLabel('Scenario').selectOption('one-of-each')
    await press(page, 'Begin')
    await expectOn(page.getByText('from the scenario one-of-each')).toBeVisible()
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Save its state')])
    expect(download.suggestedFilename()).toBe(`${name}.state.json`)
    await open('#/sessions')
    await page.locator('input[type=file]').setInputFiles(await download.path())
    await page.getByLabel('Name').last().fill(again)
    await press(page, 'Begin from the file')
    await expectOn(page.getByRole('heading', { level: 1, name: again })).toBeVisible()
    expect(await mock.session(again).state()).toMatchObject({ changes: (await mock.session(name).state())['changes'] })
    expect(wrong).toEqual([])
  })

  it('shows what a session has changed, and by which requests', async () => {
    const mock = await mocks
    const client = omsClient(mock)
    await client.cancel(ALLOCATION)
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    for (const kind of ['allocation', 'stock']) {
      await open(`#/sessions/${client.session}/state?kind=${kind}`)
      await tabTo(page, page.locator('summary'))
      await page.keyboard.press('Enter')
      await expectOn(page.getByRole('link', { name: /PUT/ })).toHaveAttribute('href', `#/requests/${client.session}-1`)
    }
    expect(wrong).toEqual([])
  })

  it('shows where something stands in its life cycle, what brought it there, and what leads on', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession(), clock: { frozen: NOW } })
    const client = supplierClient(mock, { session: session.name })
    await session.setProgress({ backorder: { after: '1h' } })
    await client.allocate(quantities(0, 6, 0, { backorder_date: '2026-03-09' })).expect(200)
    await session.advance('9d')
    await client.get().expect(200)
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${session.name}/state`)
    await tabTo(page, page.locator('summary'))
    await page.keyboard.press('Enter')
    await expectOn(page.getByRole('img', { name: /^line: Unallocated, .*; now Allocated$/ })).toBeVisible()
    await expectOn(page.locator('.state.now')).toHaveText('Allocated')
    await expectOn(page.locator('.arc.came')).toHaveCount(2)
    await expectOn(page.locator('.arc.next')).toHaveCount(5)
    const ways = page.locator('.life li')
    await expectOn(ways.filter({ hasText: 'Backordered → Allocated by backorder' })).toContainText('2026-03-09T00:00:00.000Z')
    await expectOn(ways.filter({ hasText: '→ HasTracking by addTracking' })).toBeVisible()
    await open(`#/sessions/${session.name}/timeline`)
    await expectOn(page.locator('.timeline > li h2')).toHaveText([
      NOW.replace('Z', '.000Z'),
      '2026-03-09T00:00:00.000Z 7d 12h later',
      '2026-03-10T12:00:00.000Z 1d 12h later',
      '2026-03-10T12:00:00.000Z now',
    ])
    await expectOn(page.locator('.timeline .progress')).toContainText('Backordered → Allocated')
    await press(page, 'backorder', 'link')
    await expectOn(page).toHaveURL(/#\/requests\//)
    expect(wrong).toEqual([])
  })

  it('gives for each action the command that does the same', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession(), clock: { frozen: NOW } })
    const url = await addressOf(mock)
    const { page, open } = await openConsole(browser, url)
    await open(`#/sessions/${session.name}`)
    await press(page, 'curl command: Advance 1 day')
    await expectOn(page.locator('.command pre')).toHaveText(
      `curl -sS -X POST -H 'Content-Type: application/json' -d '{"by":"1d"}' '${url}/__mock/sessions/${session.name}/clock/advance'`,
    )
    const actions = page.locator('.action')
    expect(await actions.getByRole('button', { name: /^curl command: / }).count()).toBe(await actions.count())
  })

  it('shows data as texts, whatever they are', async () => {
    const mock = await mocks
    const client = supplierClient(mock)
    const bad = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">'
    await client.search({ [bad]: bad })
    await mock.fetch(
      new Request(`http://localhost/${encodeURIComponent(bad)}?${bad}`, { headers: { 'Mock-Session': client.session, 'X-Bad': bad } }),
    )
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    for (const hash of [`#/requests?session=${client.session}`, `#/requests/${client.session}-1`, `#/requests/${client.session}-2`]) {
      await open(hash)
      await expectOn(page.getByText('onerror').first()).toBeAttached()
      expect(await page.locator('img, a[href*="javascript" i]').count()).toBe(0)
    }
    expect(wrong).toEqual([])
  })

  it('knows its way about an API that it has never heard of', async () => {
    await using mock = await openMock({ apis: [parcels] })
    const day = await mock.createSession({ name: ownSession(), scenario: 'on-their-way' })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const ask = (method: string, path: string, body?: object): Promise<Response> =>
      mock.fetch(`http://localhost/v1${path}`, {
        method,
        headers: { ...day.headers, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    await ask('POST', '/parcels', { depot: 'north' })
    await open(`#/requests/${day.name}-1`)
    await expectOn(page.getByText(/^parcels\.yaml:\d+$/).first()).toBeVisible()
    await press(page, 'Repair and resend')
    await expectOn(page).toHaveURL(new RegExp(`#/requests/${day.name}-2$`))
    await expectOn(page.getByRole('heading', { name: /new: parcel/ })).toBeVisible()
    await open(`#/sessions/${day.name}`)
    await press(page, 'Advance 1 day')
    await expectOn(page.getByText(/^2026-03-02T12:00:00.000Z/)).toBeVisible()
    await press(page, 'Its state', 'link')
    await expectOn(page.getByText('waiting').first()).toBeVisible()
    await ask('PUT', '/parcels/waiting/cancellation')
    await ask('PUT', '/parcels/waiting/cancellation')
    const [last] = await day.requests({ limit: 1 })
    await open(`#/requests/${last?.id ?? ''}`)
    await expectOn(page.getByText(/^Nothing would do now: it is /)).toBeVisible()
    expect(wrong).toEqual([])
  })

  it('repairs and resends what the mock can repair', async () => {
    const mock = await mocks
    const client = supplierClient(mock)
    await client.allocate(quantities(5))
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/requests/${client.session}-1`)
    await expectOn(page.getByRole('heading', { name: 'Why it was refused' })).toBeVisible()
    const change = page.getByRole('row', { name: '/body/line_items/0/allocation/quantity_rejected' })
    await expectOn(change.getByRole('cell')).toHaveText(['0', '1'])
    await press(page, 'Repair and resend')
    await expectOn(page).toHaveURL(new RegExp(`#/requests/${client.session}-2$`))
    await expectOn(page.getByRole('row', { name: '/line_items/0/allocation/quantity_rejected' }).getByRole('cell')).toHaveText(['0', '1'])
    await open(`#/requests/${client.session}-1`)
    await press(page, 'Resend')
    await expectOn(page).toHaveURL(new RegExp(`#/requests/${client.session}-3$`))
    await expectOn(page.getByRole('heading', { name: 'Why it was refused' })).toBeVisible()
    expect((await mock.session(client.session).requests()).map(({ status }) => status)).toEqual([400, 200, 400])
    expect(wrong).toEqual([])
  })

  it('asks for the control token where it is needed, keeps it in the tab, and sends it with all it asks', async () => {
    const token = 'correct-horse.battery_staple'
    await using own = await openMock({ controlToken: token })
    const { port } = await own.listen({ port: 0, host: '0.0.0.0' })
    const { page, wrong, open } = await openConsole(browser, `http://127.0.0.1:${port}`)
    await open('#/sessions')
    const field = page.getByLabel('Token')
    for (const [typed, answer] of [
      ['wrong', page.getByText('The token is wrong.')],
      [token, page.getByRole('heading', { name: 'Begin a session' })],
    ] as const) {
      await tabTo(page, field)
      await page.keyboard.type(typed)
      await page.keyboard.press('Enter')
      await expectOn(answer.first()).toBeVisible()
    }
    await press(page, 'curl command: Begin')
    await expectOn(page.getByText('Bearer <token>')).toBeVisible()
    expect(await page.content()).not.toContain(token)
    await press(page, 'Requests', 'link')
    await expectOn(page.getByText('Live')).toBeVisible()
    const kept = await page.evaluate(
      '[Object.values(sessionStorage), localStorage.length, document.cookie, document.documentElement.outerHTML]',
    )
    expect(kept).toEqual([[token], 0, '', expect.not.stringContaining(token)])
    await open('#/documents')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'JSON', exact: true }).first().click(),
    ])
    expect(download.suggestedFilename()).toBe('control.json')
    expect(wrong).toEqual([])
  })

  describe.each([360, 1_440])('%i pixels wide', (width) => {
    it.each(['light', 'dark'] as const)('can be used and read by everybody: %s', async (scheme) => {
      const mock = await mocks
      const client = supplierClient(mock)
      const session = mock.session(client.session)
      await client.allocate(quantities(6))
      await client.allocate({ line_items: [{ line_item_uuid: 7 }] })
      await session.addFault({ status: 503 })
      await client.get()
      await session.snapshot('before')
      const { page, wrong, open } = await openConsole(browser, await addressOf(mock), { width, scheme })
      const views = [
        `#/requests?session=${client.session}`,
        ...[1, 2, 4].map((number) => `#/requests/${client.session}-${number}`),
        '#/sessions',
        `#/sessions/${client.session}`,
        `#/sessions/${client.session}/state`,
        `#/sessions/${client.session}/timeline`,
        '#/documents',
        `#/documents/supplier-orders?session=${client.session}`,
        `#/contracts?session=${client.session}`,
        '#/assumptions',
        '#/nowhere',
      ]
      for (const view of views) {
        await open(view)
        await page.waitForLoadState('load')
        await expectOn(page.getByText('Loading')).toHaveCount(0)
        for (const summary of await page.locator('main summary').all()) await summary.click()
        const { violations } = (await page.evaluate(`${axe.source}; axe.run()`)) as axe.AxeResults
        expect({ view, violations: violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)]) }).toEqual({
          view,
          violations: [],
        })
        expect({ view, wide: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({ view, wide: width })
      }
      expect(wrong).toEqual([])
    })
  })
})
