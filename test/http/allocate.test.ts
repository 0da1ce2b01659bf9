import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mock } from '../../src/index.ts'
import { LINE, openMock, ORDER, quantities, RETAILER, supplierClient } from '../support.ts'

let mock: Mock
beforeAll(async () => void (mock = await openMock()))
afterAll(() => mock.close())

describe('a supplier allocates an order', () => {
  it('a portion, then the rest: the backordered units fall to 0', async () => {
    const client = supplierClient(mock)
    const before = await client.get().expect(200)
    expect(before.body).toMatchObject({
      is_allocated: false,
      line_items: [
        {
          status: 'Unallocated',
          allocation: { quantity_ordered: 6, quantity_allocated: 0, quantity_backordered: 0, quantity_rejected: 0, backorder_date: null },
        },
      ],
    })

    const portion = await client.allocate(quantities(4, 2, 0, { backorder_date: '2026-04-01' })).expect(200)
    expect(portion.body).toEqual({ line_items: [{ line_item_uuid: LINE, quantity_shipped: 0, supplier_provided_sku_cost: 66.05 }] })
    const between = await client.get().expect(200)
    expect(between.body).toMatchObject({
      is_allocated: true,
      line_items: [
        {
          status: 'Allocated',
          allocation: {
            quantity_ordered: 6,
            quantity_allocated: 4,
            quantity_backordered: 2,
            quantity_rejected: 0,
            backorder_date: '2026-04-01',
          },
        },
      ],
    })

    await client.allocate(quantities(6)).expect(200)
    const after = await client.get().expect(200)
    expect(after.body).toMatchObject({
      is_allocated: true,
      line_items: [
        {
          status: 'Allocated',
          allocation: { quantity_ordered: 6, quantity_allocated: 6, quantity_backordered: 0, quantity_rejected: 0, backorder_date: null },
        },
      ],
    })
  })

  it.each([
    ['all', quantities(6), 'Allocated'],
    ['none yet', quantities(0, 6, 0), 'Backordered'],
    ['nothing, ever', quantities(0, 0, 6), 'Rejected'],
    ['some of each', quantities(1, 2, 3), 'Allocated'],
    ['digits as text', quantities('5', '1', '0'), 'Allocated'],
  ])('%s: the line reads so', async (_name, body, status) => {
    const client = supplierClient(mock)
    await client.allocate(body).expect(200)
    const { body: order } = await client.get().expect(200)
    expect(order.line_items[0].status).toBe(status)
  })

  it('says the same twice: nothing more changes, and the answer is the same', async () => {
    const client = supplierClient(mock)
    const first = await client.allocate(quantities(5, 1)).expect(200)
    const once = await client.get().expect(200)
    const second = await client.allocate(quantities(5, 1)).expect(200)
    const twice = await client.get().expect(200)
    expect(second.text).toBe(first.text)
    expect(twice.text).toBe(once.text)
    const [, , again] = (await mock.session(client.session).requests()).toReversed()
    expect(again).toMatchObject({ operation: 'allocateOrder', status: 200 })
    expect(again).not.toHaveProperty('changes')
  })

  it('is seen by the retailer who placed the order, and by the search', async () => {
    const client = supplierClient(mock)
    await client.allocate(quantities(0, 6, 0, { backorder_date: '2026-04-01T10:00:00Z' })).expect(200)
    const retailer = supplierClient(mock, { session: client.session, authorization: RETAILER })
    const read = await retailer.get().expect(200)
    expect(read.body.line_items[0]).toMatchObject({ status: 'Backordered', allocation: { backorder_date: '2026-04-01' } })
    const found = await retailer.search({ line_item_designation: 'Backordered', term: ORDER }).expect(200)
    expect(found.body).toMatchObject({ total_results: 1, orders: [{ order_uuid: ORDER }] })
    await retailer.search({ line_item_allocation_statuses: ['Unallocated'], term: ORDER }).expect(200, { total_results: 0, orders: [] })
  })

  it('keeps the numbers the supplier gave, until it gives others', async () => {
    const client = supplierClient(mock)
    const numbered = {
      line_items: [{ line_item_uuid: LINE.toUpperCase(), supplier_provided_po_number: 'so-7', allocation: { quantity_accepted: 6 } }],
    }
    await client.allocate(numbered).expect(200)
    await client.allocate(quantities(5, 1)).expect(200)
    const { body } = await client.get().expect(200)
    expect(body.line_items[0]).toMatchObject({ supplier_provided_po_number: 'so-7', supplier_provided_invoice_number: null })
  })

  it('takes other assumptions: no sum, and no cost until one is given', async () => {
    await using other = await openMock({ assume: { 'supplier.allocate.sum': 'off', 'supplier.sku-cost': 'null' } })
    const { body } = await supplierClient(other).allocate(quantities(1)).expect(200)
    expect(body).toEqual({ line_items: [{ line_item_uuid: LINE, quantity_shipped: 0, supplier_provided_sku_cost: null }] })
  })
})
