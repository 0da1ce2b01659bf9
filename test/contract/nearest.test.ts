import { describe, expect, it } from 'vitest'
import { type KnownRoute, nearestAmong } from '../../src/contract/nearest.ts'

const ROUTES: readonly KnownRoute[] = [
  ['searchOrders', 'POST', '/orders/'],
  ['createOrder', 'POST', '/orders/create/'],
  ['getOrder', 'GET', '/orders/{order_uuid}/'],
  ['allocateOrder', 'PUT', '/orders/allocation/{order_uuid}/'],
  ['addTracking', 'POST', '/orders/tracking/{order_uuid}/'],
  ['generate', 'POST', '/api/v2/allocation/'],
  ['query', 'POST', '/api/v2/allocation/query'],
  ['getAllocation', 'GET', '/api/v2/allocation/{allocationId}'],
  ['updateAllocation', 'PUT', '/api/v2/allocation/{allocationId}'],
  ['cancel', 'PUT', '/api/v2/allocation/cancel/{allocationIds}'],
].map(([operation = '', method = '', path = '']) => ({ api: 'one', operation, method, path }))

const near = (method: string, path: string): [string, ...string[]][] =>
  nearestAmong(() => ROUTES)(method, path).map(({ operation, differs }) => [operation, ...differs])

describe('the nearest operations', () => {
  it.each<[string, string, ...[string, ...string[]][]]>([
    ['PUT', '/orders/alocation/1/', ['allocateOrder', "segment 2 is 'alocation', the path has 'allocation'"]],
    ['PUT', '/orders/Allocation/1/', ['allocateOrder', "segment 2 is 'Allocation', the path has 'allocation'"]],
    ['PUT', '/orders/allocation/1', ['allocateOrder', 'the trailing slash is missing']],
    ['GET', '/api/v2/allocation/1/', ['getAllocation', 'a trailing slash is too many']],
    ['POST', '/orders/allocation/1/', ['allocateOrder', 'the method is POST, the path takes PUT']],
    [
      'DELETE',
      '/api/v2/allocation/1',
      ['getAllocation', 'the method is DELETE, the path takes GET'],
      ['updateAllocation', 'the method is DELETE, the path takes PUT'],
    ],
    ['HEAD', '/api/v2/alocation/1', ['getAllocation', "segment 3 is 'alocation', the path has 'allocation'"]],
    ['PUT', '/allocation/cancel/1', ['cancel', "the path has two segments more: 'api', 'v2'"]],
    ['PUT', '/api/v1/allocation/cancel/1', ['cancel', "segment 2 is 'v1', the path has 'v2'"]],
    ['POST', '/base/orders/create/', ['createOrder', "the request has one segment too many: 'base'"]],
    ['POST', '/orders//create/', ['createOrder', "the request has one segment too many: ''"]],
    ['POST', '/orders/tracking/', ['addTracking', "the path has one segment more: '{order_uuid}'"]],
    ['PUT', '/orders/allocation/', ['allocateOrder', "the path has one segment more: '{order_uuid}'"]],
    [
      'GET',
      '/orders/alocation/1',
      [
        'allocateOrder',
        'the method is GET, the path takes PUT',
        "segment 2 is 'alocation', the path has 'allocation'",
        'the trailing slash is missing',
      ],
    ],
  ])('to %s %s', (method, path, ...wanted) => expect(near(method, path)).toEqual(wanted))

  it.each(['/', '/favicon.ico', '/users/7', '/x'.repeat(100), ''])('are none to %s', (path) => expect(near('GET', path)).toEqual([]))
})
