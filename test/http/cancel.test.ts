import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Mock } from '../../src/index.ts'
import { ALLOCATION, NOW, omsClient, openMock } from '../support.ts'

let mock: Mock
beforeAll(async () => void (mock = await openMock()))
afterAll(() => mock.close())

const STAMP = NOW.replace('Z', '.000000000Z')

async function idsOf(status: string, limit = 3): Promise<string[]> {
  const { entities } = await mock.session('reader').entities({ kind: 'allocation', status, limit })
  return entities.map(({ id }) => id)
}

describe('an order-management system cancels allocations', () => {
  it('one: an array of one, as the reads then agree', async () => {
    const client = omsClient(mock)
    const { body: before } = await client.get().expect(200)
    const { body, text } = await client.cancel(ALLOCATION).expect(200)
    expect(body).toEqual([
      {
        ...before,
        statusCode: 'CANCELLED',
        version: before.version + 1,
        updatedAt: STAMP,
        items: [{ ...before.items[0], itemStatus: 'CANCELLED' }],
        auditLogs: [
          ...before.auditLogs,
          {
            auditId: expect.stringMatching(/^[0-9a-f]{24}$/),
            auditType: 'CANCEL',
            auditTimestamp: STAMP,
            success: true,
            updatedFields: [{ fieldName: 'statusCode', fieldOriginalValue: 'PENDING_PICK' }],
          },
          {
            auditId: expect.stringMatching(/^[0-9a-f]{24}$/),
            auditType: 'CANCEL',
            auditTimestamp: STAMP,
            success: true,
            lineItemId: '3',
            lineItemNumber: 3,
            sku: '123k4h123k',
            quantity: 3,
            updatedFields: [{ fieldName: 'itemStatus', fieldOriginalValue: 'ALLOCATED' }],
          },
        ],
      },
    ])
    const read = await client.get().expect(200)
    expect(`[${read.text}]`).toBe(text)
    const found = await client.query({ filters: { statusCode: 'CANCELLED', poNumber: '1125' } }).expect(200)
    expect(found.text).toBe(text)
  })

  it('several: in the order of the ids, each named once', async () => {
    const client = omsClient(mock)
    const [a = '', b = ''] = await idsOf('ALLOCATED')
    const { body } = await client.cancel(b, ALLOCATION, a, b).expect(200)
    expect(body.map(({ allocationId }: { allocationId: string }) => allocationId)).toEqual([b, ALLOCATION, a])
    expect(new Set(body.map(({ statusCode }: { statusCode: string }) => statusCode))).toEqual(new Set(['CANCELLED']))
    // The last updated come first.
    const { body: found } = await client.query({ limit: 3 }).expect(200)
    expect(found.map(({ allocationId }: { allocationId: string }) => allocationId).toSorted()).toEqual([a, b, ALLOCATION].toSorted())
  })

  it('what has shipped in part: the open units are dropped, the shipped ones stay', async () => {
    const client = omsClient(mock)
    const [id = ''] = await idsOf('PARTIALLY_SHIPPED')
    const { body: before } = await client.get(id).expect(200)
    const { body } = await client.cancel(id).expect(200)
    expect(body[0]).toMatchObject({ statusCode: 'PARTIALLY_CANCELLED', version: before.version + 1, type: 'ALLOCATED' })
    for (const [index, item] of body[0].items.entries()) {
      expect(item.shippedQuantity).toBe(before.items[index].shippedQuantity)
      expect(item.itemStatus).toBe(item.shippedQuantity > 0 ? 'ALLOCATED' : 'CANCELLED')
    }
    await client.cancel(id).expect(404)
  })

  it.each([
    ['again', [ALLOCATION]],
    ['together with one that is not there', [ALLOCATION, '633f216c68f1b4456659161c']],
    ['together with an empty id', [ALLOCATION, '']],
  ])('%s: 404 with a text, and nothing changes', async (name, ids) => {
    const client = omsClient(mock)
    if (name === 'again') await client.cancel(ALLOCATION).expect(200)
    const before = await client.get().expect(200)
    const { body } = await client.cancel(...ids).expect(404)
    expect(body).toBeTypeOf('string')
    const after = await client.get().expect(200)
    expect(after.text).toBe(before.text)
  })

  it.each(['SHIPPED', 'CANCELLED', 'PARTIALLY_CANCELLED'])('nothing that is %s', async (status) => {
    const [id = ''] = await idsOf(status)
    const { body } = await omsClient(mock).cancel(id).expect(404)
    expect(body).toBe(`Allocation ${id} is ${status} and has nothing left to cancel`)
  })

  it('takes other assumptions: 400, or the same document once more', async () => {
    await using strict = await openMock({ assume: { 'oms.cancel.again': '400' } })
    const refused = omsClient(strict)
    await refused.cancel(ALLOCATION).expect(200)
    await refused.cancel(ALLOCATION).expect(400)
    await refused.cancel('633f216c68f1b4456659161c').expect(404)
    await using lenient = await openMock({ assume: { 'oms.cancel.again': '200' } })
    const repeated = omsClient(lenient)
    const first = await repeated.cancel(ALLOCATION).expect(200)
    const second = await repeated.cancel(ALLOCATION).expect(200)
    expect(second.text).toBe(first.text)
    const [shipped = ''] = await idsOf('SHIPPED')
    await repeated.cancel(shipped).expect(404)
  })
})
