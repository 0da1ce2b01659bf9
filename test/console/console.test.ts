import type { Browser, Locator } from '@playwright/test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import parcels from '../../examples/parcels/parcels.ts'
import { documentApis } from '../../src/documents.ts'
import { MOST_ROWS } from '../../src/console/journal.ts'
import type { Api } from '../../src/core/api.ts'
import type { Scenario } from '../../src/index.ts'
import { ACCOUNT, ALLOCATION, LINE, NOW, omsClient, openMock, ORDER, ownSession, quantities, SUPPLIER, supplierClient } from '../support.ts'
import { addressOf, CHROMIUM, expectOn, launch, openAll, openConsole, press, servedBy, tabTo } from './browser.ts'

/** Of a member: where it is, what it was, and what it is. */
type Difference = readonly [string, string | RegExp, string | RegExp]

/** What a tester goes through, with any API. */
interface Journey {
  readonly apis?: readonly Api[]
  readonly scenario: Scenario
  /** What an app asks: the last is refused. */
  readonly asked: readonly (readonly [
    string,
    { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string },
  ])[]
  readonly why: string | RegExp
  readonly repaired: Difference
  readonly changed: Difference
  /** Why it cannot be sent twice, and what is assumed there. */
  readonly again?: { readonly why: string; readonly assumption: string }
  /** What happens by itself in a day. */
  readonly step: string
  readonly stepped: Difference
  /** A document, and an operation of it. */
  readonly tried: readonly [string, string]
}

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

  const cancelled = { method: 'PUT', headers: { Authorization: 'Bearer any' } } as const
  it.each<[string, Journey]>([
    [
      'the bundled APIs',
      {
        scenario: {
          clock: { frozen: NOW },
          progress: { backorder: { after: '1d' } },
          orders: [
            {
              order_uuid: ORDER,
              line_items: [{ line_item_uuid: LINE, quantity_ordered: 6, quantity_allocated: 4, quantity_backordered: 2 }],
            },
          ],
        },
        asked: [
          [`/orders/${ORDER}/`, { headers: { Authorization: SUPPLIER } }],
          [`/api/v2/allocation/cancel/${ALLOCATION}`, cancelled],
        ],
        why: '/header/x-site-context is missing',
        repaired: ['/header/x-site-context', 'nothing', JSON.stringify({ account: ACCOUNT, stage: 'production' })],
        changed: ['/statusCode', 'PENDING_PICK', 'CANCELLED'],
        again: { why: `Allocation ${ALLOCATION} is CANCELLED and has nothing left to cancel`, assumption: 'oms.cancel.again' },
        step: 'backorder',
        stepped: ['/line_items/0/allocation/quantity_allocated', '4', '6'],
        tried: ['supplier-orders', 'Get an order'],
      },
    ],
    [
      'an API that the console has never heard of',
      {
        apis: [parcels],
        scenario: {
          clock: { frozen: NOW },
          progress: { sent: { after: '1d' } },
          parcels: [{ id: 'waiting', to: 'Ada', depot: 'north', status: 'NEW' }],
        },
        asked: [
          ['/v1/parcels', {}],
          ['/v1/parcels', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"depot":"north"}' }],
        ],
        why: /^parcels\.yaml:\d+$/,
        repaired: ['/body/to', 'nothing', /./],
        changed: ['/depot', 'nothing', 'north'],
        step: 'sent',
        stepped: ['/status', 'NEW', 'SENT'],
        tried: ['parcels', 'List parcels'],
      },
    ],
  ])(
    'leads by the keyboard alone from a refusal to its repair, through a day and an outage, back to the start: %s',
    async (_apis, journey) => {
      const { apis, scenario, asked, why, repaired, changed, again, step, stepped, tried } = journey
      await using mock = await openMock(apis && { apis })
      const session = await mock.createSession({ name: ownSession(), scenario })
      for (const [path, init] of asked)
        await mock.fetch(new Request(`http://localhost${path}`, { ...init, headers: { ...init.headers, ...session.headers } }))
      const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
      const rows = page.getByRole('listitem')
      const seen = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor()
      const enter = async (target: Locator): Promise<void> => {
        await tabTo(page, target)
        await page.keyboard.press('Enter')
      }
      const opened = async (id: string): Promise<void> => {
        await expectOn(page).toHaveTitle(`Request ${id} - allocation-mock`)
        await expectOn(page.getByRole('heading', { level: 1 })).toBeFocused()
      }
      const differs = ([member, ...values]: Difference): Promise<void> =>
        expectOn(page.getByRole('row', { name: member }).getByRole('cell')).toHaveText(values)

      await open(`#/requests?session=${session.name}`)
      await expectOn(rows).toHaveCount(2)
      await tabTo(page, page.getByLabel('Refused'))
      await page.keyboard.press('ArrowDown')
      await expectOn(rows).toHaveCount(1)
      await enter(rows.getByRole('link'))
      await opened(`${session.name}-2`)
      await seen(why)
      await differs(repaired)
      await press(page, 'Repair and resend')
      await opened(`${session.name}-3`)
      await differs(changed)
      if (again) {
        await press(page, 'Resend')
        await opened(`${session.name}-4`)
        await seen(`Nothing would do now: ${again.why}`)
        await page.getByRole('link', { name: again.assumption }).waitFor()
        await expectOn(page.getByRole('button', { name: 'Repair and resend' })).toHaveCount(0)
      }

      await press(page, session.name, 'link')
      await seen(new RegExp(`^${step} in 1d, 2026-03-02T12:00:00.000Z`))
      await press(page, 'Advance 1 day')
      await seen(/^2026-03-02T12:00:00.000Z/)
      await seen(/^Nothing waits/)
      await expectOn(page.getByRole('button', { name: 'Advance 1 day', exact: true })).toBeFocused()
      await press(page, 'Its requests', 'link')
      await enter(page.getByRole('link', { name: `${step} (progress)` }).last())
      await differs(stepped)

      await press(page, session.name, 'link')
      await press(page, 'Outage')
      await press(page, 'Arm the fault')
      await seen('status=503')
      expect(await session.faults()).toMatchObject([{ status: 503, spent: false }])
      await page.evaluate(`location.hash = '#/documents/${tried[0]}?session=${session.name}'`)
      await enter(page.locator('summary').filter({ hasText: tried[1] }))
      await press(page, 'Send')
      await press(page, 'See what came of it', 'link')
      await seen('f1 (before: 503)')

      await press(page, session.name, 'link')
      await press(page, 'Reset')
      expect((await session.info()).faults).toEqual(['f1'])
      await page.keyboard.press('Enter')
      await seen('None: requests are well.')
      await seen(new RegExp(`^${step} in 1d`))
      expect(await session.info()).toMatchObject({ requests: 0, faults: [] })
      expect(wrong).toEqual([])
    },
  )

  it('lets time pass to what comes next, run on, and stand still', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession(), scenario: 'partial-with-backorder' })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${session.name}`)
    await press(page, 'Advance to the next')
    await page.getByText('Nothing waits.', { exact: false }).waitFor()
    expect((await session.info()).now).toBe('2026-12-24T00:00:00.000Z')
    await press(page, 'Let it run')
    await page.getByRole('button', { name: 'Freeze it', exact: true }).waitFor()
    expect((await session.info()).clock).toMatchObject({ shifted: expect.stringMatching(/^\d+d/) })
    await press(page, 'Freeze it')
    await page.getByRole('button', { name: 'Let it run', exact: true }).waitFor()
    expect((await session.info()).clock).toHaveProperty('frozen')
    expect(wrong).toEqual([])
  })

  it('begins no session by looking, and one that is not there when it is told to', async () => {
    const mock = await mocks
    const name = ownSession()
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    for (const view of [`#/documents/supplier-orders?session=${name}`, `#/sessions/${name}`, `#/sessions/${name}/state`]) {
      await open(view)
      await page
        .getByText(view.includes('documents') ? 'Get an order' : `There is no session ${name}`)
        .first()
        .waitFor()
    }
    await expectOn(page.getByText('Nothing is changed')).toHaveCount(0)
    expect((await mock.sessions()).map((one) => one.name)).not.toContain(name)
    await press(page, `Begin ${name}`)
    await page.getByText('Nothing is changed.').waitFor()
    expect((await mock.sessions()).map((one) => one.name)).toContain(name)
    expect(wrong).toEqual([])
  })

  it('holds no line while nobody looks, and misses nothing', async () => {
    await using mock = await openMock()
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const followers = async (): Promise<string | undefined> =>
      /^allocation_mock_followers (\d+)$/m.exec(await (await mock.fetch('http://localhost/__mock/metrics')).text())?.[1]
    const turn = (isHidden: boolean): Promise<void> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} })
        document.dispatchEvent(new Event('visibilitychange'))`)
    const { get } = supplierClient(mock)
    await get()
    await open('#/requests')
    const rows = page.getByRole('listitem')
    await page.getByText('Live').waitFor()
    expect(await followers()).toBe('1')
    await turn(true)
    await expect.poll(followers).toBe('0')
    for (let sent = 0; sent < 3; sent++) await get()
    await expectOn(rows).toHaveCount(1)
    await turn(false)
    await expectOn(rows).toHaveCount(4)
    await page.getByText('Live').waitFor()
    expect(await followers()).toBe('1')
    expect(wrong).toEqual([])
  })

  it('tries a cancellation from the document by the keyboard alone: 200, and the second time 404 with its reason', async () => {
    const mock = await mocks
    const session = await mock.createSession({ name: ownSession() })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/documents/oms-allocations?session=${session.name}`)
    await tabTo(page, page.locator('summary').filter({ hasText: 'Cancel allocations' }))
    await page.keyboard.press('Enter')
    await expectOn(page.getByLabel('Headers')).toHaveValue(new RegExp(`x-site-context: .*"account".*Mock-Session: ${session.name}`, 's'))
    await press(page, 'Send')
    await expectOn(page.getByRole('status').filter({ hasText: '200' })).toBeVisible()
    await page.keyboard.press('Enter')
    await expectOn(page.getByRole('status').filter({ hasText: '404' })).toBeVisible()
    await expectOn(page.getByRole('group', { name: 'Answer' })).toContainText('is CANCELLED and has nothing left to cancel')
    expect((await session.requests()).map(({ status }) => status)).toEqual([404, 200])
    expect(wrong).toEqual([])
  })

  it('shows what each rule of a document is based on, beside operation, parameter, property and answer', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open('#/documents/oms-allocations')
    await page.locator('summary').filter({ hasText: 'Cancel allocations' }).click()
    const opened = page.locator('.opened').first()
    const source = 'developer.fabric.inc/v2/api-reference/orders-v2/allocation/cancel-allocation'
    await expectOn(opened.locator(':scope > .basis')).toContainText(`seed ${source} assumption oms.cancel.again`)
    const parameters = opened.locator('section').filter({ has: page.getByRole('heading', { name: 'Parameters' }) })
    await expectOn(parameters.getByText("That the header itself is required stands on the portal's")).toBeVisible()
    await parameters.locator('summary').filter({ hasText: 'channel' }).click()
    await expectOn(parameters.getByText('how the channel narrows the data, are assumed', { exact: false })).toBeVisible()
    // A property without one shares that of its schema.
    await expectOn(parameters.locator('summary').filter({ hasText: 'stage' })).toContainText('seed')
    await opened.locator('summary').filter({ hasText: /^404/ }).click()
    await expectOn(opened.getByText('that "not valid" covers a repeated cancellation is assumed', { exact: false })).toBeVisible()
    await expectOn(opened.getByRole('link', { name: 'oms.cancel.again' }).first()).toHaveAttribute('href', '#/assumptions/oms.cancel.again')
    expect(wrong).toEqual([])
  })

  it('runs nothing that stands in a document, and leads nowhere but to pages', async () => {
    const bad = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">[x](javascript:alert(1))'
    const basis = { kind: bad, source: 'javascript:alert(1)', note: bad, assumption: bad, more: bad }
    const schema = { type: 'object', description: bad, 'x-basis': basis, properties: { [bad]: { type: 'string', pattern: bad } } }
    const content = { 'application/json': { schema, examples: { [bad]: { summary: bad, value: bad } } } }
    const answer = { description: bad, 'x-basis': basis, content }
    const post = {
      summary: bad,
      description: bad,
      tags: [bad],
      'x-basis': basis,
      requestBody: { description: bad, content },
      parameters: [{ name: 'q', in: 'query', description: bad, schema: { type: 'string' }, 'x-basis': bad }],
      responses: { '200': answer },
    }
    const file = join(mkdtempSync(join(tmpdir(), 'mock-console-')), 'bad.json')
    const info = { title: bad, version: '1', description: bad }
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info, tags: [{ name: bad, description: bad }], paths: { '/a': { post } } }))
    await using mock = await openMock({ apis: documentApis([file]) })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open('#/documents/bad')
    await expectOn(page.getByText('onerror').first()).toBeVisible()
    for (let rounds = 0; rounds < 3; rounds++) await openAll(page)
    expect(await page.getByText('onerror').count()).toBeGreaterThan(15)
    expect(await page.locator('img, a[href*="javascript:" i]:not([href^="#/"])').count()).toBe(0)
    expect(wrong).toEqual([])
  })

  it('folds a list of thousands, and says what is to be filled in of a request that no session has an example for', async () => {
    const values = Array.from({ length: 5_000 }, (_, place) => `v${place}`)
    const parameters = ['id', 'other'].map((name) => ({ name, in: 'path', required: true, schema: name === 'id' ? { enum: values } : {} }))
    const get = { operationId: 'look', parameters, responses: { '200': { description: 'It.' } } }
    const file = join(mkdtempSync(join(tmpdir(), 'mock-console-')), 'many.json')
    const paths = { '/a/{id}/{other}': { get } }
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: 'Many', version: '1' }, paths }))
    await using mock = await openMock({ apis: documentApis([file]) })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open('#/documents/many')
    await page.locator('summary', { hasText: '/a/{id}/{other}' }).click()
    await expectOn(page.getByLabel('GET path')).toHaveValue('/a/v0/{other}')
    await expectOn(page.getByText('gives no value for other: fill it in')).toBeVisible()
    await expectOn(page.getByText('"v4999"')).toHaveCount(0)
    await page.locator('summary', { hasText: 'enum: ["v0"' }).click()
    await expectOn(page.getByText('"v4999"')).toBeVisible()
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
    await page.getByText('supplier.allocate.sum=off').waitFor()
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
    await page.getByText('is 7; the type must be string').waitFor()
    await page
      .getByText(/^supplier-orders\.yaml:\d+$/)
      .first()
      .waitFor()
    await page.locator('.issues .basis', { hasText: 'seed github.com/CruxConnect/crux-docs' }).first().waitFor()
    expect(wrong).toEqual([])
  })

  it('shows requests as they come, a bounded number, and waits where it is told to', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const client = supplierClient(mock)
    await open(`#/requests?session=${client.session}`)
    await page.getByText('Live').waitFor()
    const rows = page.getByRole('listitem')
    await client.get()
    await expectOn(rows).toHaveCount(1)
    await press(page, 'Pause')
    await client.get()
    await page.getByText('1 new').waitFor()
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
    await page.getByText('is not an operation: "getOrde"').waitFor()
    expect(wrong).toEqual([])
  })

  it('misses nothing that comes while the line is down', async () => {
    const mock = await mocks
    const { url, server } = await servedBy(mock)
    const { page, wrong, open } = await openConsole(browser, url)
    const client = supplierClient(mock)
    await client.get()
    await open(`#/requests?session=${client.session}`)
    await page.getByText('Live').waitFor()
    const rows = page.getByRole('listitem')
    await expectOn(rows).toHaveCount(1)
    const behind: (string | undefined)[] = []
    let isDown = true
    await page.route('**/__mock/events?*', (route) => {
      behind.push(route.request().headers()['last-event-id'])
      return isDown ? route.abort() : route.continue()
    })
    server.closeAllConnections()
    await page.getByText('Not connected; trying again').waitFor()
    await client.get()
    await client.get()
    await expect.poll(() => behind.length).toBeGreaterThan(0)
    isDown = false
    await expectOn(rows).toHaveCount(3)
    await page.getByText('Live').waitFor()
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
    await page.getByText(/^taken /).waitFor()
    await client.allocate(quantities(0, 0, 6))
    await press(page, 'Go back to before')
    await page.getByText('Done').first().waitFor()
    const { entities } = await session.entities({ changed: true })
    expect(JSON.stringify(entities)).toContain('"quantity_allocated":6')
    const copy = ownSession()
    await tabTo(page, page.getByLabel('Copy it into'))
    await page.keyboard.type(copy)
    await press(page, 'Fork')
    await page.getByRole('heading', { level: 1, name: copy }).waitFor()
    await press(page, 'Drop')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor()
    expect((await mock.sessions()).map(({ name }) => name)).not.toContain(copy)
    expect(wrong).toEqual([])
  })

  it('begins a session from a scenario, and one from a saved state', async () => {
    const mock = await mocks
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    const [name, again] = [ownSession(), ownSession()]
    await open('#/sessions')
    await page.getByLabel(/^Name/).first().fill(name)
    await page.getByLabel('Scenario').selectOption('one-of-each')
    await press(page, 'Begin')
    await page.getByText('from the scenario one-of-each').waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Save its state')])
    expect(download.suggestedFilename()).toBe(`${name}.state.json`)
    await open('#/sessions')
    await page.locator('input[type=file]').setInputFiles(await download.path())
    await page.getByLabel('Name').last().fill(again)
    await press(page, 'Begin from the file')
    await page.getByRole('heading', { level: 1, name: again }).waitFor()
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
    const allocation = { quantity_ordered: 1, quantity_allocated: 0, quantity_backordered: 1, backorder_date: '2026-03-20' }
    await session.exists({ orders: [{ line_items: [allocation] }] })
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock))
    await open(`#/sessions/${session.name}/state`)
    await tabTo(page, page.locator('summary').filter({ hasText: ORDER }))
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
      '2026-03-20T00:00:00.000Z',
    ])
    await expectOn(page.locator('.timeline .progress').first()).toContainText('Backordered → Allocated')
    await expectOn(page.locator('.timeline .coming')).toContainText(/step\s+backorder\s+order /)
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
      await page.getByText('onerror').first().waitFor({ state: 'attached' })
      expect(await page.locator('img, a[href*="javascript" i]').count()).toBe(0)
    }
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
      await answer.first().waitFor()
    }
    await press(page, 'curl command: Begin')
    await page.getByText('Bearer <token>').waitFor()
    expect(await page.content()).not.toContain(token)
    await press(page, 'Requests', 'link')
    await page.getByText('Live').waitFor()
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

  it.each([360, 1_440])('can be used and read by everybody, %i pixels wide, in light and dark', async (width) => {
    const mock = await mocks
    const client = supplierClient(mock)
    const session = mock.session(client.session)
    await client.allocate(quantities(6))
    await client.allocate({ line_items: [{ line_item_uuid: 7 }] })
    await session.addFault({ status: 503 })
    await client.get()
    await session.snapshot('before')
    const { page, wrong, open } = await openConsole(browser, await addressOf(mock), { width })
    // Each view, and what it shows last.
    const views: readonly (readonly [string, string | RegExp])[] = [
      [`#/requests?session=${client.session}`, '/body/line_items/0/allocation is missing'],
      [`#/requests/${client.session}-1`, 'quantity_allocated'],
      [`#/requests/${client.session}-2`, 'is 7; the type must be string'],
      [`#/requests/${client.session}-3`, 'f1 (before: 503)'],
      ['#/requests/never-1', 'The journal holds no such request'],
      ['#/sessions', client.session],
      [`#/sessions/${client.session}`, /^taken /],
      [`#/sessions/${client.session}/state`, ORDER],
      [`#/sessions/${client.session}/timeline`, ORDER],
      ['#/sessions/nobody/state', 'There is no session nobody'],
      ['#/documents', 'supplier-orders'],
      [`#/documents/supplier-orders?session=${client.session}`, 'Get an order'],
      [`#/documents/oms-allocations?session=${client.session}`, 'Cancel allocations'],
      [`#/contracts?session=${client.session}`, 'storefront'],
      ['#/assumptions', 'supplier.allocate.sum'],
      ['#/nowhere', 'Nothing is here'],
    ]
    await open('')
    await page.evaluate(`${axe.source}; undefined`)
    const found = async (options: object): Promise<unknown> => {
      const { violations } = await page.evaluate<axe.AxeResults>(`axe.run({ resultTypes: ['violations'], ...${JSON.stringify(options)} })`)
      return violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)])
    }
    for (const [view, last] of views) {
      await page.evaluate(`location.hash = ${JSON.stringify(view)}`)
      await page.getByRole('main').getByText(last).first().waitFor({ state: 'attached' })
      await expectOn(page.getByText('Loading')).toHaveCount(0)
      await openAll(page)
      // And what that has brought up of the first one.
      await openAll(page, 'main .opened')
      expect({ view, violations: await found({}) }).toEqual({ view, violations: [] })
      expect({ view, wide: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({ view, wide: width })
      // Of the scheme only the colours are another's.
      await page.emulateMedia({ colorScheme: 'dark' })
      expect({ view, dark: await found({ runOnly: ['color-contrast'] }) }).toEqual({ view, dark: [] })
      await page.emulateMedia({ colorScheme: 'light' })
    }
    expect(wrong).toEqual([])
  })
})
