import { MatchersV3, PactV3 } from '@pact-foundation/pact'
import { describe, expect, it } from 'vitest'
import { contract } from './contract.ts'
import { ParcelTracker } from './parcel-tracker.ts'

const { eachLike, equal, fromProviderState, integer, regex, string, timestamp } = MatchersV3

const ALLOCATION = '90d4e2b7c15f3a680be7d421'
const SHIPMENT = '90d4e2b7c15f3a680be7d422'
const LINE = '1-1'

const { options, committed } = contract('parcel-tracker', 'oms-allocations')
const pact = new PactV3(options)
const headers = {
  Authorization: 'Bearer any',
  'x-site-context': regex('^\\{"account":"[^"]{24}"\\}$', '{"account":"1234abcd5678efgh9ijklmno"}'),
}
const json = { 'Content-Type': regex('application/json.*', 'application/json') }
const query = (locationNum: string) => ({
  method: 'POST',
  path: '/api/v2/allocation/query',
  headers,
  body: { filters: { locationNum, statusCode: 'PENDING_PICK' }, limit: integer(10), offset: 0, sortBy: 'updatedAt', sortDirection: 'desc' },
})
const shipment = (shippedQuantity: number) => ({
  method: 'POST',
  path: '/api/v2/shipment/',
  headers,
  body: {
    shipmentNum: string('parcel-1Z999AA10123456784'),
    allocationId: fromProviderState('${allocationId}', ALLOCATION),
    cartons: [
      {
        cartonNum: '1',
        trackingNumber: string('1Z999AA10123456784'),
        shipmentCarrier: 'UPS',
        items: [{ lineItemId: fromProviderState('${lineItemId}', LINE), shippedQuantity }],
      },
    ],
  },
})

describe('the parcel service of a location', () => {
  it('finds what is to be packed', () =>
    pact
      .given('an allocation waits to be picked', { locationNum: '7750', quantity: 3 })
      .uponReceiving('a query for what a location has to pick')
      .withRequest(query('7750'))
      .willRespondWith({
        status: 200,
        headers: json,
        body: eachLike({
          allocationId: regex('^[0-9a-f]{24}$', ALLOCATION),
          locationNum: equal('7750'),
          statusCode: equal('PENDING_PICK'),
          items: eachLike({ sku: string('MUG-BLUE'), quantity: integer(3) }),
        }),
      })
      .executeTest(async ({ url }) => {
        expect(await new ParcelTracker(url).toPack('7750')).toEqual([`${ALLOCATION}: 3 MUG-BLUE`])
      }))

  it('is told when a location has nothing to pack', () =>
    pact
      .uponReceiving('a query for a location that does not exist')
      .withRequest(query('no-such-location'))
      .willRespondWith({ status: 404, headers: json, body: string('No allocation matches.') })
      .executeTest(async ({ url }) => {
        await expect(new ParcelTracker(url).toPack('no-such-location')).rejects.toMatchObject({ status: 404 })
      }))

  it('is told when its token is refused', () =>
    pact
      .uponReceiving('a query with a token that is refused')
      .withRequest({ ...query('7750'), headers: { ...headers, Authorization: 'Bearer invalid' } })
      .willRespondWith({ status: 401, headers: json, body: { message: string('Unauthorized') } })
      .executeTest(async ({ url }) => {
        await expect(new ParcelTracker(url, 'invalid').toPack('7750')).rejects.toMatchObject({ status: 401 })
      }))

  it('reports what has left', () =>
    pact
      .given('an allocation waits to be picked', { quantity: 3 })
      .uponReceiving('a shipment of two units')
      .withRequest(shipment(2))
      .willRespondWith({
        status: 200,
        headers: json,
        body: {
          shipmentId: string(SHIPMENT),
          allocationId: fromProviderState('${allocationId}', ALLOCATION),
          type: 'STANDARD',
          statusCode: 'SHIPMENT_CREATED',
          createdAt: timestamp("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSX", '2026-03-01T12:00:00.000000000Z'),
          cartons: eachLike({ items: eachLike({ shippedQuantity: equal(2) }) }),
        },
      })
      .executeTest(async ({ url }) => {
        expect(await new ParcelTracker(url).left(ALLOCATION, LINE, 2, '1Z999AA10123456784')).toBe(SHIPMENT)
      }))

  it('cannot report more than there was', () =>
    pact
      .given('an allocation waits to be picked', { quantity: 3 })
      .uponReceiving('a shipment of more than is allocated')
      .withRequest(shipment(4))
      .willRespondWith({ status: 400, headers: json, body: { message: string('Only 3 units are open.') } })
      .executeTest(async ({ url }) => {
        const left = new ParcelTracker(url).left(ALLOCATION, LINE, 4, '1Z999AA10123456784')
        await expect(left).rejects.toMatchObject({ status: 400 })
      }))

  it('tells how far an order is', () =>
    pact
      .given('1 of the 3 units of an allocation have shipped')
      .uponReceiving('a look at an order that has shipped in part')
      .withRequest({
        method: 'GET',
        path: '/api/v2/order/',
        query: { orderNumber: fromProviderState('${orderNumber}', '1001') },
        headers,
      })
      .willRespondWith({
        status: 200,
        headers: json,
        body: {
          orderNumber: fromProviderState('${orderNumber}', '1001'),
          statusCode: 'ORDER_PARTIALLY_SHIPPED',
          items: [{ orderedQuantity: 3, shippedQuantity: 1, pendingShippedQuantity: 2, cancelledQuantity: 0 }],
        },
      })
      .executeTest(async ({ url }) => {
        expect(await new ParcelTracker(url).progress('1001')).toBe('ORDER_PARTIALLY_SHIPPED: 1 of 3')
      }))

  it('is told when an order is unknown', () =>
    pact
      .given('no order has the number parcel-9999')
      .uponReceiving('a look at an order nobody placed')
      .withRequest({ method: 'GET', path: '/api/v2/order/', query: { orderNumber: 'parcel-9999' }, headers })
      .willRespondWith({ status: 404, headers: json, body: { message: string('Order parcel-9999 is not found') } })
      .executeTest(async ({ url }) => {
        await expect(new ParcelTracker(url).progress('parcel-9999')).rejects.toMatchObject({ status: 404 })
      }))

  it('has the contract that is committed', () => committed.expect())
})
