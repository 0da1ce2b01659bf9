import { defineApi, type Input, kind, reply } from 'allocation-mock/api'

interface Parcel {
  readonly id: string
  readonly to: string
  readonly depot: string
  readonly status: 'NEW' | 'SENT' | 'CANCELLED'
}

interface Depot {
  readonly id: string
  readonly city: string
}

const DEPOTS: readonly Depot[] = [
  { id: 'north', city: 'Kiel' },
  { id: 'south', city: 'Ulm' },
]

type ById = Input<{ path: { id: string } }>

/** A carrier of parcels: what each operation of parcels.yaml does. `getTariff` is answered from the document. */
export default defineApi({
  document: new URL('./parcels.yaml', import.meta.url),
  kinds: {
    parcel: kind<Parcel>({
      schema: 'Parcel',
      word: 'parcels',
      lifeCycle: {
        states: ['NEW', 'SENT', 'CANCELLED'],
        stateOf: ({ status }) => status,
        moves: { createParcel: { to: 'NEW' }, sent: { from: 'NEW', to: 'SENT' }, cancelParcel: { from: 'NEW', to: 'CANCELLED' } },
      },
    }),
    depot: kind<Depot>({
      schema: 'Depot',
      word: 'depots',
      untouched: (id) => DEPOTS.find((one) => one.id === id),
      population: () => DEPOTS,
    }),
  },
  problems: {
    'parcel-unknown': { status: 404, title: 'There is no such parcel' },
    'parcel-closed': { status: 409, title: 'The parcel cannot be cancelled any more' },
    'depot-unknown': { status: 422, title: 'There is no such depot' },
  },
  assumptions: {
    'cancel.again': {
      values: ['409', '200'],
      question: 'What does cancelling a parcel say that is cancelled already?',
      reason: 'The document has 409 for a parcel that cannot be cancelled any more.',
      source: 'https://parcels.example/docs',
    },
  },
  steps: {
    sent: {
      text: 'a parcel leaves its depot: NEW becomes SENT',
      kind: 'parcel',
      waits: ({ status }) => status === 'NEW',
      take: (parcel) => ({ ...parcel, status: 'SENT' }),
    },
  },
  scenarios: new URL('./scenarios/', import.meta.url),
  states: new URL('./states.yaml', import.meta.url),
  behaviours: {
    createParcel({ body }: Input<{ body: { to: string; depot: string } }>, scene) {
      if (!scene.get('depot', body.depot)) return scene.refuse('depot-unknown', `there is no depot "${body.depot}"`)
      return reply(201, scene.add('parcel', { ...body, status: 'NEW' }))
    },
    listParcels: ({ query }: Input<{ query: { status?: Parcel['status'] } }>, scene) =>
      reply(
        200,
        scene.list('parcel').filter(({ status }) => query.status === undefined || status === query.status),
      ),
    getParcel: {
      find: ({ path }: ById, scene) => scene.get('parcel', path.id) ?? scene.refuse('parcel-unknown'),
      run: (_input, _scene, parcel) => reply(200, parcel),
      shows: ({ path }: ById) => ({ kind: 'parcel', id: path.id }),
    },
    cancelParcel({ path }: ById, scene) {
      const parcel = scene.get('parcel', path.id)
      if (!parcel) return scene.refuse('parcel-unknown')
      if (parcel.status === 'CANCELLED' && scene.assumed('cancel.again') === '200') return reply(200, parcel)
      if (parcel.status !== 'NEW') return scene.refuse('parcel-closed', `it is ${parcel.status}`)
      return reply(200, scene.put('parcel', { ...parcel, status: 'CANCELLED' }))
    },
    listDepots: (_input, scene) => reply(200, scene.list('depot')),
  },
})
