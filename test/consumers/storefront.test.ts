import { MatchersV3, PactV4 } from '@pact-foundation/pact'
import { describe, expect, it } from 'vitest'
import { contract } from './contract.ts'
import { Storefront } from './storefront.ts'

const { atLeastLike, datetime, eachLike, equal, fromProviderState, regex, string, uuid } = MatchersV3

const ORDER = '2b1f9d34-8a67-4c05-b3de-6f7a10c4e801'
const SUPPLIER = 'd6ac857d-c844-4312-8485-6d121d065308'
const NOBODY = 'b0c98d11-27ea-4f63-9a2c-51d7e8f3a604'
const TOKEN = 'd9741c2c241b8f9b9955130ca08dbfbd891d9c84'

const { options, committed } = contract('storefront', 'supplier-orders')
const pact = new PactV4(options)
const headers = { Authorization: 'Token retailer-1234567890' }
const json = { 'Content-Type': regex('application/json.*', 'application/json') }
const basket = (supplier: unknown) => ({
  po_number: string('po-2001'),
  skus: [{ sku_id: '000106', quantity: 6, supplier_org_uuid: supplier }],
  address: { name: 'Alex Doe', address1: '30 Example Plaza', city: 'New York', state: 'NY', postal_code: '10112' },
})

describe('the shop of a retailer', () => {
  it('logs in', () =>
    pact
      .addInteraction()
      .uponReceiving('a login of a retailer')
      .withRequest('POST', '/organizations/user-login/', (request) =>
        request.jsonBody({ username: 'retailer-1', password: string('secret') }),
      )
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody({
          auth_token: regex('^[0-9a-f]{40}$', TOKEN),
          org_type: 'RETAILER',
          retailer_uuid: uuid('1f0d3a52-6f0e-4b8c-9a55-0d5f6d0a7c11'),
          permission_assignments: { permissions: atLeastLike({ assigned: true, permission: { name: 'create_order' } }, 1) },
        }),
      )
      .executeTest(async ({ url }) => {
        expect(await Storefront.logIn(url, 'retailer-1', 'secret')).toBeInstanceOf(Storefront)
      }))

  it('orders again what came before', () =>
    pact
      .addInteraction()
      .given('a supplier has delivered 000106 before')
      .uponReceiving('an order of six units')
      .withRequest('POST', '/orders/create/', (request) =>
        request.headers(headers).jsonBody(basket(fromProviderState('${supplier_uuid}', SUPPLIER))),
      )
      .willRespondWith(201, (response) =>
        response.headers(json).jsonBody({
          order_uuid: uuid(ORDER),
          po_number: string('po-2001'),
          is_allocated: false,
          created_date: datetime("yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", '2026-03-01T12:00:00.000000Z'),
          line_items: [
            {
              line_item_uuid: uuid('2b1f9d34-8a67-4c05-b3de-6f7a10c4e802'),
              sku_id: '000106',
              status: 'Unallocated',
              supplier_uuid: fromProviderState('${supplier_uuid}', SUPPLIER),
              allocation: {
                quantity_ordered: 6,
                quantity_allocated: 0,
                quantity_backordered: 0,
                quantity_rejected: 0,
                backorder_date: null,
              },
            },
          ],
        }),
      )
      .executeTest(async ({ url }) => {
        const placed = await new Storefront(url).place({ number: 'po-2001', supplier: SUPPLIER, sku: '000106', units: 6 })
        expect(placed).toBe(ORDER)
      }))

  it('cannot order with the token of a supplier', () =>
    pact
      .addInteraction()
      .uponReceiving('an order with the token of a supplier')
      .withRequest('POST', '/orders/create/', (request) =>
        request.headers({ Authorization: 'Token 1234567890' }).jsonBody(basket(uuid(SUPPLIER))),
      )
      .willRespondWith(409, (response) => response.headers(json).jsonBody({ detail: string('Only retailers place orders.') }))
      .executeTest(async ({ url }) => {
        const placed = new Storefront(url, '1234567890').place({ number: 'po-2001', supplier: SUPPLIER, sku: '000106', units: 6 })
        await expect(placed).rejects.toMatchObject({ status: 409 })
      }))

  it('tells the customer when the rest will come', () =>
    pact
      .addInteraction()
      .given('an order is allocated in part and the rest is backordered', { ordered: 5, allocated: 3, backordered: 2, until: '2031-01-15' })
      .uponReceiving('a look at an order that waits for its rest')
      .withRequest('GET', fromProviderState('/orders/${order_uuid}/', `/orders/${ORDER}/`), (request) => request.headers(headers))
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody({
          order_uuid: fromProviderState('${order_uuid}', ORDER),
          line_items: eachLike({
            status: equal('Allocated'),
            allocation: {
              quantity_ordered: equal(5),
              quantity_allocated: equal(3),
              quantity_backordered: equal(2),
              backorder_date: regex('^2031-01-15', '2031-01-15'),
            },
          }),
        }),
      )
      .executeTest(async ({ url }) => {
        expect(await new Storefront(url).standing(ORDER)).toEqual(['Allocated: 3 now, 2 on 2031-01-15'])
      }))

  it('is told when an order is unknown', () =>
    pact
      .addInteraction()
      .given(`no order exists with the id ${NOBODY}`)
      .uponReceiving('a look at an unknown order')
      .withRequest('GET', `/orders/${NOBODY}/`, (request) => request.headers(headers))
      .willRespondWith(404, (response) => response.headers(json).jsonBody({ detail: string('Not found.') }))
      .executeTest(async ({ url }) => {
        await expect(new Storefront(url).standing(NOBODY)).rejects.toMatchObject({ status: 404 })
      }))

  it('takes an order back', () =>
    pact
      .addInteraction()
      .given('an order of {quantity} units waits for its supplier', { quantity: 2 })
      .uponReceiving('a cancellation in time')
      .withRequest('PATCH', '/orders/cancel/', (request) =>
        request.headers(headers).jsonBody({ order_uuid: fromProviderState('${order_uuid}', ORDER) }),
      )
      .willRespondWith(204)
      .executeTest(async ({ url }) => {
        expect(await new Storefront(url).takeBack(ORDER)).toBeUndefined()
      }))

  it('cannot take back what is on its way', () =>
    pact
      .addInteraction()
      .given('2 of the 6 units of an order have shipped')
      .uponReceiving('a cancellation that comes too late')
      .withRequest('PATCH', '/orders/cancel/', (request) =>
        request.headers(headers).jsonBody({ order_uuid: fromProviderState('${order_uuid}', ORDER) }),
      )
      .willRespondWith(422, (response) => response.headers(json).jsonBody({ detail: string('2 units are shipped.') }))
      .executeTest(async ({ url }) => {
        await expect(new Storefront(url).takeBack(ORDER)).rejects.toMatchObject({ status: 422 })
      }))

  it('has the contract that is committed', () => committed.expect())
})
