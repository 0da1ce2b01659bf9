import { connect } from 'node:net'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { createMock, UsageError, type MockOptions } from '../../src/index.ts'
import { LINE, openMock, supplierClient } from '../support.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { watchedStore } from '../stores.ts'
import { withoutTime } from '../time.ts'

describe('createMock', () => {
  it.each<[MockOptions | object, RegExp]>([
    [{ sead: 7 }, /unknown option "sead"; there are seed, /],
    [{ orders: 1.5 }, /orders is 1.5; give a whole number from 0 to 1000000000/],
    [{ allocations: -1 }, /allocations is -1/],
    [{ now: 'yesterday' }, /now is "yesterday"; give a time like/],
    [{ now: new Date(Number.NaN) }, /now is "Invalid Date"/],
    [{ now: '1969-12-31T00:00:00Z' }, /from 1970-06-01 on/],
    [{ assume: { 'oms.cancel.agian': '200' } }, /unknown assumption "oms.cancel.agian"; there are oms.cancel.again, /],
    [{ supplierTokens: ['a b'] }, /^supplierTokens is "a b"; give TOKEN, or TOKEN=NUMBER/],
    [{ retailerTokens: ['invalid'] }, /^retailerTokens is "invalid"; that one is always refused/],
    [{ supplierTokens: ['x'], retailerTokens: ['x=2'] }, /the token "x" is named twice/],
  ])('refuses %o', async (options, message) => {
    await expect(createMock(options)).rejects.toThrow(UsageError)
    await expect(createMock(options)).rejects.toThrow(message)
  })

  it('gives other suppliers and retailers other orders by their tokens', async () => {
    await using mock = await openMock({ supplierTokens: ['second=2'], retailerTokens: ['other=2'] })
    const totals = await Promise.all(
      ['Token any', 'Token second', 'Token retailer-1234567890', 'Token other'].map(
        async (authorization) => (await supplierClient(mock, { authorization }).search().expect(200)).body.total_results,
      ),
    )
    expect(new Set(totals).size).toBe(4)
    expect(Math.min(...totals)).toBeGreaterThan(0)
  })

  it('says of a failure of its own what it was, and answers 500 in the words of the API', async () => {
    const failures: unknown[] = []
    const fail = (): Promise<never> => Promise.reject(new Error('the disk is full'))
    const broken = watchedStore(memoryStore, (store) => ({ ...store, use: fail, look: fail }))
    await using mock = await openMock({ store: broken, onFailure: (error) => failures.push(error) })
    const { body } = await supplierClient(mock).get().expect(500)
    expect(body).toEqual({ detail: 'The server failed' })
    await expect(mock.session().entities()).rejects.toThrow('The server failed')
    expect(failures).toMatchObject([{ message: 'the disk is full' }, { message: 'the disk is full' }])
  })

  it('tells of a store that is lost as a failure, and of one that is there again as no more than a notice', async () => {
    const told: unknown[] = []
    await using mock = await openMock({
      store(settings) {
        settings.onTrouble('it is lost')
        settings.onTrouble('it is there again', true)
        return memoryStore(settings)
      },
      onFailure: (error) => told.push(['failure', error]),
      onNotice: (message) => told.push(['notice', message]),
    })
    expect(await mock.sessions()).toEqual([])
    expect(told).toEqual([
      ['failure', 'it is lost'],
      ['notice', 'it is there again'],
    ])
  })

  it('closes at once while connections are open that never asked for anything', async () => {
    await using own = await openMock()
    const { port } = await own.listen({ port: 0 })
    const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    const cut = sockets.map((socket) => new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve)))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    sockets[1]?.write('GET /orders/ HTTP/1.1\r\nHost: local')
    await withoutTime(() => own.close())
    await expect(Promise.all(cut)).resolves.toHaveLength(2)
  })

  it('judges a token before it looks at what else is missing', async () => {
    await using mock = await openMock()
    const { body } = await request(mock.app).get('/api/v2/allocation/1').set('Authorization', 'Bearer invalid').expect(401)
    expect(body).toEqual({ message: 'the token "invalid" is always refused' })
  })

  it('refuses a slip in a control request', async () => {
    await using mock = await openMock()
    const { body } = await request(mock.app).get('/__mock/sessions/default/entities?knid=order').expect(400)
    expect(body).toMatchObject({ code: 'parameters-invalid', issues: [{ at: '/query/knid', rule: 'undeclared' }] })
  })

  it('finds the session of a control path however it is written, and keeps strangers from every spelling', async () => {
    await using mock = await openMock()
    await supplierClient(mock, { session: 'a' }).allocate({ line_items: [{ line_item_uuid: LINE, allocation: { quantity_allocated: 6 } }] })
    const { body } = await request(mock.app).get('/__mock/%73essions/a/entities?changed=true').expect(200)
    expect(body.total).toBe(1)
    const stranger = await request(mock.app).get('/~no%20name/__mock/sessions').set('Origin', 'http://evil.example').expect(403)
    expect(stranger.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('answers a client also when who listens to requests fails', async () => {
    const failures: unknown[] = []
    const onRequest = (): never => {
      throw new Error('no ear')
    }
    await using mock = await openMock({ onRequest, onFailure: (error) => failures.push(error) })
    await supplierClient(mock).get().expect(200)
    expect(failures).toMatchObject([{ message: 'no ear' }])
  })

  it('tells of requests that belong to no session', async () => {
    const told: string[] = []
    await using mock = await openMock({
      requireSession: true,
      onRequest: ({ session, status, problem }) => told.push(`${session} ${status} ${problem?.code}`),
    })
    await supplierClient(mock, { session: 'no good' }).get().expect(400)
    expect(told).toEqual(['- 400 session-invalid'])
  })
})
