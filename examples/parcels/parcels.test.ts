import { fileURLToPath } from 'node:url'
import { createMock, type Mock, type MockSession, replay, verifyContracts } from 'allocation-mock'
import request from 'supertest'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import parcels from './parcels.ts'

const mock: Mock = await createMock({ apis: [parcels], now: '2026-03-01T12:00:00Z' })
afterAll(() => mock.close())

let session: MockSession
beforeEach(async () => {
  session = await mock.createSession()
})

const get = (path: string, of = session) => request(mock.app).get(`/v1${path}`).set(of.headers)
const cancel = (id: string, of = session) => request(mock.app).put(`/v1/parcels/${id}/cancellation`).set(of.headers)
const create = (body: object, of = session) => request(mock.app).post('/v1/parcels').set(of.headers).send(body)

describe('a parcel', () => {
  it('is handed in, shown, listed and cancelled once', async () => {
    const { body: parcel } = await create({ to: 'Ada', depot: 'north' }).expect(201)
    expect(parcel).toEqual({ id: expect.any(String), to: 'Ada', depot: 'north', status: 'NEW' })
    await get(`/parcels/${parcel.id}`).expect(200, parcel)
    await get('/parcels?status=NEW').expect(200, [parcel])
    await cancel(parcel.id).expect(200, { ...parcel, status: 'CANCELLED' })
    const again = await cancel(parcel.id).expect(409)
    expect(again.body).toMatchObject({ code: 'parcel-closed', assumption: 'cancel.again' })
    await get('/parcels?status=NEW').expect(200, [])
  })

  it('needs a depot that is there, and a body that fits', async () => {
    expect((await create({ to: 'Ada', depot: 'west' }).expect(422)).body).toMatchObject({ code: 'depot-unknown' })
    expect((await create({ to: '' }).expect(422)).body.validation).toMatchObject([{ code: 'required' }, { location: ['body', 'to'] }])
    await get('/parcels').expect(200, [])
    await get('/depots').expect(200, [
      { id: 'north', city: 'Kiel' },
      { id: 'south', city: 'Ulm' },
    ])
  })

  it('is nobody else’s, and gets the same id from the same seed', async () => {
    const other = await mock.createSession()
    const ids = [await create({ to: 'Ada', depot: 'north' }), await create({ to: 'Ada', depot: 'north' }, other)].map(({ body }) => body.id)
    expect(ids[0]).toBe(ids[1])
    await cancel(ids[0]).expect(200)
    expect((await get(`/parcels/${ids[0]}`, other)).body.status).toBe('NEW')
  })

  it('meets a fault, once', async () => {
    await session.addFault({ operation: 'listParcels', calls: 1, status: 503 })
    const statuses = [await get('/parcels'), await get('/parcels')].map(({ status }) => status)
    expect(statuses).toEqual([503, 200])
  })
})

describe('what goes on by itself', () => {
  it('is a scenario on a clock that is moved', async () => {
    const day = await mock.createSession({ scenario: 'on-their-way' })
    expect((await get('/parcels/waiting', day)).body.status).toBe('NEW')
    await day.advance('2h')
    expect((await get('/parcels/waiting', day)).body.status).toBe('SENT')
    await cancel('waiting', day).expect(409)
    expect(await day.step({ parcel: 'leaving' }).catch(({ problem }) => problem.code)).toBe('step-impossible')
  })

  it('is done when it is asked for, and waits for reads', async () => {
    const { id } = (await create({ to: 'Ada', depot: 'north' })).body
    expect(await session.step({ parcel: id })).toEqual(['sent'])
    await session.setProgress({ sent: { reads: 2 } })
    const other = (await create({ to: 'Ben', depot: 'south' })).body.id
    const statuses = [await get(`/parcels/${other}`), await get(`/parcels/${other}`), await get(`/parcels/${other}`)]
    expect(statuses.map(({ body }) => body.status)).toEqual(['NEW', 'NEW', 'SENT'])
  })
})

describe('all that is there for any API', () => {
  it('tells what a request changed, in the words of the API', async () => {
    const { id } = (await create({ to: 'Ada', depot: 'north' })).body
    await cancel(id)
    const [last] = await session.requests()
    expect(last).toMatchObject({
      operation: 'cancelParcel',
      changes: [{ kind: 'parcel', id, members: [{ at: '/status', from: 'NEW', to: 'CANCELLED' }] }],
    })
    expect(await session.entities({ kind: 'parcel', status: 'CANCELLED' })).toMatchObject({ total: 1, entities: [{ id, changed: true }] })
  })

  it('assumes what it is told to', async () => {
    const lenient = await mock.createSession({ assume: { 'cancel.again': '200' } })
    const { id } = (await create({ to: 'Ada', depot: 'north' }, lenient)).body
    const statuses = [await cancel(id, lenient), await cancel(id, lenient)].map(({ status }) => status)
    expect(statuses).toEqual([200, 200])
  })

  it('exports a session, which is repeated byte for byte; and saves one, from which another begins', async () => {
    const { id } = (await create({ to: 'Ada', depot: 'north' })).body
    await cancel(id)
    await cancel(id)
    const exported = await session.export()
    expect(exported).toMatchObject({ apis: { parcels: 1 } })
    expect(await replay(exported, [parcels])).toMatchObject({ requests: 3, same: 3, different: [] })
    await expect(replay(exported)).rejects.toThrow('it is of the APIs parcels (data version 1), and this mock serves ')
    const again = await mock.createSession({ state: await session.state() })
    expect((await get(`/parcels/${id}`, again)).body.status).toBe('CANCELLED')
  })

  it('answers an operation without a behaviour from the document', async () => {
    const { body } = await get('/tariff').expect(200)
    expect(body).toEqual({ upTo1: 4.9, upTo5: 7.9 })
  })

  it('verifies the contract of a consumer', async () => {
    const pacts = [fileURLToPath(new URL('contracts/shop-parcels.json', import.meta.url))]
    const { ok, rows } = await verifyContracts({ pacts, apis: [parcels] })
    expect({ ok, mock: rows.map(({ answers }) => answers.mock.kind) }).toEqual({ ok: true, mock: ['passed', 'passed'] })
  })
})
