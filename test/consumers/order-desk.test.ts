import { MatchersV3, PactV4 } from '@pact-foundation/pact'
import { describe, expect, it } from 'vitest'
import { contract } from './contract.ts'
import { OrderDesk } from './order-desk.ts'

const { atLeastLike, constrainedArrayLike, equal, fromProviderState, integer, regex, string } = MatchersV3

const ALLOCATION = '6a1d0c94e7b23f5805cd9e11'
const NOWHERE = '6a1d0c94e7b23f5805cd9e99'

const { options, committed } = contract('order-desk', 'oms-allocations')
const pact = new PactV4(options)
// A bare string that is JSON would be read as a matcher.
const context = equal('{"account":"1234abcd5678efgh9ijklmno"}')
const headers = { Authorization: 'Bearer any', 'x-site-context': context }
const json = { 'Content-Type': regex('application/json.*', 'application/json') }
const id = regex('^[0-9a-f]{24}$', ALLOCATION)
const time = regex(String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$`, '2026-03-01T12:00:00.000000000Z')
const cancelled = fromProviderState('/api/v2/allocation/cancel/${allocationId}', `/api/v2/allocation/cancel/${ALLOCATION}`)
const event = { detailType: 'ORDER_CREATED', detail: { orderNumber: fromProviderState('${orderNumber}', '1001') } }

describe('the order desk', () => {
  it('enters an order', () =>
    pact
      .addInteraction()
      .given('no order has the number {orderNumber}', { orderNumber: 'desk-2026-0117' })
      .uponReceiving('a new order of three mugs')
      .withRequest('POST', '/api/v2/order/', (request) =>
        request.headers(headers).jsonBody({
          orderNumber: 'desk-2026-0117',
          channelId: '12',
          statusCode: 'ORDER_CREATED',
          items: [{ lineItemId: 'line-1', sku: 'MUG-BLUE', orderedQuantity: 3 }],
          shipInfo: [{ shipMethod: 'Ground', shipToAddress: { city: 'New York', state: 'NY', country: 'US', postalCode: '10112' } }],
        }),
      )
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody({
          orderId: string('5d0f6c1e9a8b7c2d3e4f5a61'),
          orderNumber: 'desk-2026-0117',
          statusCode: 'ORDER_CREATED',
          version: integer(1),
          createdAt: time,
          items: [{ lineItemId: 'line-1', orderedQuantity: 3, shippedQuantity: 0, backOrderedQuantity: 3 }],
        }),
      )
      .executeTest(async ({ url }) => {
        expect(await new OrderDesk(url).enter('desk-2026-0117', 'MUG-BLUE', 3)).toBe('5d0f6c1e9a8b7c2d3e4f5a61')
      }))

  it('has an order allocated again', () =>
    pact
      .addInteraction()
      .given('the allocation of an order is cancelled')
      .uponReceiving('an order to allocate')
      .withRequest('POST', '/api/v2/allocation/', (request) => request.headers(headers).jsonBody(event))
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody(
          atLeastLike(
            {
              allocationId: id,
              locationNum: string('110'),
              statusCode: equal('ALLOCATED'),
              version: equal(1),
              allocationDate: time,
              items: atLeastLike({ sku: equal('MUG-GREEN'), quantity: integer(3), shippedQuantity: equal(0) }, 1),
            },
            1,
          ),
        ),
      )
      .executeTest(async ({ url }) => {
        expect(await new OrderDesk(url).allocate('1001')).toBe(3)
      }))

  it('hears how much of it there is when stock is short', () =>
    pact
      .addInteraction()
      .given('the allocation of an order is cancelled', { sku: 'TEAPOT-WHITE', quantity: 5 })
      .given('only 2 units of TEAPOT-WHITE are left, all at location 210')
      .uponReceiving('an order to allocate of which there is too little')
      .withRequest('POST', '/api/v2/allocation/', (request) => request.headers(headers).jsonBody(event))
      .willRespondWith(206, (response) =>
        response.headers(json).jsonBody([{ allocationId: id, locationNum: '210', items: [{ sku: 'TEAPOT-WHITE', quantity: 2 }] }]),
      )
      .executeTest(async ({ url }) => {
        expect(await new OrderDesk(url).allocate('1001')).toBe(2)
      }))

  it('hands an allocation to the pickers', () => {
    const allocation = {
      allocationId: ALLOCATION,
      parentAllocationId: ALLOCATION,
      allocationRequestId: '6a1d0c94e7b23f5805cd9e12',
      locationNum: '110',
      version: 1,
    }
    const items = [{ allocationLineNumber: 1, itemId: 'MUG-BLUE', sku: 'MUG-BLUE', quantity: 3 }]
    const state = Object.fromEntries(Object.entries(allocation).map(([name, value]) => [name, fromProviderState(`\${${name}}`, value)]))
    return pact
      .addInteraction()
      .given('an order of 3 units is allocated')
      .uponReceiving('an allocation for the pickers')
      .withRequest('PUT', fromProviderState('/api/v2/allocation/${allocationId}', `/api/v2/allocation/${ALLOCATION}`), (request) =>
        request.headers(headers).jsonBody({ ...state, statusCode: 'PENDING_PICK', items }),
      )
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody({
          allocationId: id,
          parentAllocationId: id,
          allocationRequestId: id,
          locationNum: string('110'),
          version: 2,
          statusCode: 'PENDING_PICK',
          items: constrainedArrayLike(
            { allocationLineNumber: integer(1), itemId: string('MUG-BLUE'), sku: string('MUG-BLUE'), quantity: equal(3) },
            1,
            1,
          ),
          updatedAt: time,
        }),
      )
      .executeTest(async ({ url }) => {
        const handedOver = await new OrderDesk(url).handOver({ ...allocation, statusCode: 'ALLOCATED', items })
        expect(handedOver).toMatchObject({ statusCode: 'PENDING_PICK', version: 2 })
      })
  })

  it('calls an allocation off', () =>
    pact
      .addInteraction()
      .given('an order of {quantity} units is allocated', { quantity: 4 })
      .uponReceiving('a cancellation of an allocation')
      .withRequest('PUT', cancelled, (request) => request.headers(headers))
      .willRespondWith(200, (response) =>
        response.headers(json).jsonBody([
          {
            allocationId: fromProviderState('${allocationId}', ALLOCATION),
            statusCode: 'CANCELLED',
            version: 2,
            items: [{ quantity: 4, itemStatus: 'CANCELLED' }],
            auditLogs: MatchersV3.arrayContaining({ auditType: 'CANCEL', sku: string('MUG-BLUE'), quantity: 4 }),
          },
        ]),
      )
      .executeTest(async ({ url }) => {
        expect(await new OrderDesk(url).callOff(ALLOCATION)).toBe('CANCELLED')
      }))

  it('cannot call off what is called off', () =>
    pact
      .addInteraction()
      .given('the allocation of an order is cancelled')
      .uponReceiving('a cancellation of a cancelled allocation')
      .withRequest('PUT', cancelled, (request) => request.headers(headers))
      .willRespondWith(404, (response) => response.headers(json).jsonBody(string('Allocation 6a1d0c94e7b23f5805cd9e11 is CANCELLED')))
      .executeTest(async ({ url }) => {
        await expect(new OrderDesk(url).callOff(ALLOCATION)).rejects.toMatchObject({ status: 404 })
      }))

  it('is told when an allocation is unknown', () =>
    pact
      .addInteraction()
      .uponReceiving('a look at an unknown allocation')
      .withRequest('GET', `/api/v2/allocation/${NOWHERE}`, (request) => request.headers(headers))
      .willRespondWith(400, (response) => response.headers(json).jsonBody(string(`Allocation ${NOWHERE} is not found`)))
      .executeTest(async ({ url }) => {
        await expect(new OrderDesk(url).look(NOWHERE)).rejects.toMatchObject({ status: 400 })
      }))

  it('has the contract that is committed', () => committed.expect())
})
