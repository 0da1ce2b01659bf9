import { MatchersV3, PactV3 } from '@pact-foundation/pact'
import { describe, expect, it } from 'vitest'
import { contract } from './contract.ts'
import { Warehouse } from './warehouse.ts'

const { eachLike, equal, fromProviderState, integer, number, regex, string, uuid } = MatchersV3

const ORDER = 'e0a5f7c2-3c0b-4d0f-9a39-5e0f8f6a1b01'
const LINE = 'e0a5f7c2-3c0b-4d0f-9a39-5e0f8f6a1b02'
const NOBODY = '7f6d2c50-94d1-4c8e-8d7a-0a4bb1f3c9de'

const { options, committed } = contract('warehouse', 'supplier-orders')
const pact = new PactV3(options)
const headers = { Authorization: 'Token 1234567890' }
const json = { 'Content-Type': regex('application/json.*', 'application/json') }
const order = (path: (id: string) => string) => fromProviderState(path('${order_uuid}'), path(ORDER))
const line = fromProviderState('${line_item_uuid}', LINE)
const allocation = (now: number, later: number) => ({
  quantity_allocated: now,
  quantity_backordered: later,
  quantity_rejected: 0,
  backorder_date: '2030-12-24',
})

describe('the warehouse of a supplier', () => {
  it('finds the orders it has to answer', () =>
    pact
      .given('an order of 6 units waits for its supplier')
      .uponReceiving('a search for open orders')
      .withRequest({
        method: 'POST',
        path: '/orders/',
        headers,
        body: {
          search_term: fromProviderState('${po_number}', 'po-1001'),
          line_item_allocation_statuses: ['Unallocated', 'Partial'],
          sort: { key: 'date', dir: 'asc' },
        },
      })
      .willRespondWith({
        status: 200,
        headers: json,
        body: {
          total_results: integer(1),
          orders: eachLike({
            order_uuid: uuid(ORDER),
            created_date: regex(String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`, '2026-03-01T12:00:00.000000Z'),
            line_items: eachLike({ line_item_uuid: uuid(LINE), status: equal('Unallocated'), allocation: { quantity_ordered: equal(6) } }),
          }),
        },
      })
      .executeTest(async ({ url }) => {
        expect(await new Warehouse(url).openOrders('po-1001')).toEqual([{ order: ORDER, units: 6 }])
      }))

  it('promises some units now and the others later', () =>
    pact
      .given('an order of 6 units waits for its supplier')
      .uponReceiving('an allocation of four units, with two backordered')
      .withRequest({
        method: 'PUT',
        path: order((id) => `/orders/allocation/${id}/`),
        headers,
        body: { line_items: [{ line_item_uuid: line, allocation: allocation(4, 2) }] },
      })
      .willRespondWith({
        status: 200,
        headers: json,
        body: { line_items: [{ line_item_uuid: line, quantity_shipped: 0, supplier_provided_sku_cost: number(66.05) }] },
      })
      .executeTest(async ({ url }) => {
        expect(await new Warehouse(url).promise(ORDER, LINE, { now: 4, later: 2, from: '2030-12-24' })).toBe(0)
      }))

  it('is told when a unit is unaccounted for', () =>
    pact
      .given('an order of 6 units waits for its supplier')
      .uponReceiving('an allocation that leaves a unit out')
      .withRequest({
        method: 'PUT',
        path: order((id) => `/orders/allocation/${id}/`),
        headers,
        body: { line_items: [{ line_item_uuid: line, allocation: allocation(3, 2) }] },
      })
      .willRespondWith({
        status: 400,
        headers: json,
        body: { line_items: [{ allocation: { non_field_errors: eachLike('The quantities must add up to 6, not 5.') } }] },
      })
      .executeTest(async ({ url }) => {
        const promised = new Warehouse(url).promise(ORDER, LINE, { now: 3, later: 2, from: '2030-12-24' })
        await expect(promised).rejects.toMatchObject({ status: 400 })
      }))

  it('is told when an order is none of its own', () =>
    pact
      .given('no order exists with the id {order_uuid}', { order_uuid: NOBODY })
      .uponReceiving('an allocation to an unknown order')
      .withRequest({
        method: 'PUT',
        path: `/orders/allocation/${NOBODY}/`,
        headers,
        body: { line_items: [{ line_item_uuid: uuid(LINE), allocation: allocation(6, 0) }] },
      })
      .willRespondWith({ status: 404, headers: json, body: { detail: string('Not found.') } })
      .executeTest(async ({ url }) => {
        const promised = new Warehouse(url).promise(NOBODY, LINE, { now: 6, later: 0, from: '2030-12-24' })
        await expect(promised).rejects.toMatchObject({ status: 404 })
      }))

  it('ships what it has promised', () =>
    pact
      .given('every unit of an order is allocated and none has shipped', { quantity: 4 })
      .uponReceiving('a package with four units')
      .withRequest({
        method: 'POST',
        path: order((id) => `/orders/tracking/${id}/`),
        headers,
        body: {
          tracking_number: regex('1Z[0-9A-Z]{16}', '1Z999AA10123456784'),
          supplier_provided_carrier: string('UPS'),
          line_items: [{ line_item_uuid: line, quantity_shipped: 4 }],
        },
      })
      .willRespondWith({ status: 201, headers: json, body: { package_uuid: uuid('0b6a9c52-3e0f-4d7b-9a41-6f2c8d5e7b13') } })
      .executeTest(async ({ url }) => {
        const parcel = await new Warehouse(url).ship(ORDER, LINE, 4, '1Z999AA10123456784')
        expect(parcel).toBe('0b6a9c52-3e0f-4d7b-9a41-6f2c8d5e7b13')
      }))

  it('lets a line go that the retailer takes back', () =>
    pact
      .given('the retailer has asked to cancel a line of an order')
      .uponReceiving('a confirmation that a line is cancelled')
      .withRequest({
        method: 'PATCH',
        path: fromProviderState('/orders/items/cancel/${line_item_uuid}/confirm/', `/orders/items/cancel/${LINE}/confirm/`),
        headers,
      })
      .willRespondWith({ status: 204 })
      .executeTest(async ({ url }) => {
        expect(await new Warehouse(url).letGo(LINE)).toBeUndefined()
      }))

  it('cannot let a line go that nobody takes back', () =>
    pact
      .given('an order of 2 units waits for its supplier')
      .uponReceiving('a confirmation that nobody waits for')
      .withRequest({
        method: 'PATCH',
        path: fromProviderState('/orders/items/cancel/${line_item_uuid}/confirm/', `/orders/items/cancel/${LINE}/confirm/`),
        headers,
      })
      .willRespondWith({ status: 422, headers: json, body: { detail: string('No cancellation of this line waits for an answer.') } })
      .executeTest(async ({ url }) => {
        await expect(new Warehouse(url).letGo(LINE)).rejects.toMatchObject({ status: 422 })
      }))

  it('has the contract that is committed', () => committed.expect())
})
