import { defineApi, type Input, kind, reply } from 'allocation-mock/api'

interface Parcel {
  readonly id: string
  readonly to: string
  readonly status: Status
  readonly createdAt: string
  readonly 'tracking-code': string | null
  readonly weight?: number
  readonly address: ParcelAddress
  readonly contents?: readonly (string | Item)[]
  readonly extra?: Readonly<Record<string, number>>
  readonly parent?: Parcel
}

type Status = 'NEW' | 'SENT' | 'CANCELLED'

interface ParcelAddress {
  readonly lines: readonly string[]
  readonly country?: 'DE' | 'FR' | "it's"
}

interface Item {
  readonly name: string
  readonly any?: unknown
}

interface Depot {
  readonly id: string
  readonly name: string
  readonly open: boolean
}

interface UpdateParcelBody {
  readonly to: string
  readonly status: Status
  readonly weight?: number
  readonly contents?: readonly (string | Item)[]
  readonly extra?: Readonly<Record<string, number>>
  readonly parent?: Parcel
}

interface Depot2 {
  readonly name?: string
  readonly password?: string
  readonly open?: string
}

/** Parcels 1.0.0: what each operation of parcels.yaml does. Operations that are taken out are answered from the document. */
export default defineApi({
  document: new URL('./parcels.yaml', import.meta.url),
  kinds: {
    parcel: kind<Parcel>({ schema: 'Parcel', word: 'parcels' }),
    depot: kind<Depot>({ schema: 'depot', word: 'depots', newId: (number) => 'DE-' + String(number + 1).padStart(4, '0') }),
  },
  problems: {
    'parcel-unknown': { status: 404, title: 'There is no such parcel' },
    'depot-unknown': { status: 404, title: 'There is no such depot' },
  },
  behaviours: {
    /** GET /parcels: All parcels */
    listParcels: (_input, scene) => {
      const all = scene.list('parcel')
      return reply(200, { parcels: all, total: all.length })
    },
    /** POST /parcels: Create a parcel */
    createParcel: ({ body }: Input<{ body: { to: string; weight?: number } }>, scene) => {
      const added = scene.add('parcel', {
        status: 'NEW',
        createdAt: new Date(scene.now).toISOString(),
        'tracking-code': null,
        address: { lines: [] },
        ...body,
      })
      return reply(201, added)
    },
    /** GET /parcels/{id} */
    getParcel: ({ path }: Input<{ path: { id: string } }>, scene) => {
      const found = scene.get('parcel', path.id)
      return found ? reply(200, found) : scene.refuse('parcel-unknown')
    },
    /** DELETE /parcels/{id} */
    'DELETE /parcels/{id}': ({ path }: Input<{ path: { id: string } }>, scene) => {
      if (!scene.get('parcel', path.id)) return scene.refuse('parcel-unknown')
      scene.remove('parcel', path.id)
      return reply(204)
    },
    /** PATCH /parcels/{id}: Change a parcel; what is said of it cannot end a comment: * / export {} */
    'update-parcel': ({ path, body }: Input<{ path: { id: string }; body: UpdateParcelBody }>, scene) => {
      const found = scene.get('parcel', path.id)
      if (!found) return scene.refuse('parcel-unknown')
      return reply(200, scene.put('parcel', { ...found, ...body }))
    },
    // POST /parcels/{id}/ship: Ship a parcel
    // shipParcel: ({ path, body }, scene) => reply(200, …), // answered from the document until it stands here
    /** GET /depots */
    'GET /depots': (_input, scene) => reply(200, scene.list('depot')),
    /** POST /depots */
    addDepot: ({ body: { password: _password, open: _open, ...body } }: Input<{ body: Depot2 }>, scene) =>
      reply(201, scene.add('depot', { name: 'Nord', open: false, ...body })),
    /** GET /depots/{depotId} */
    getDepot: ({ path }: Input<{ path: { depotId: string } }>, scene) => {
      const found = scene.get('depot', path.depotId)
      return found ? reply(200, { data: found }) : scene.refuse('depot-unknown')
    },
    /** DELETE /depots/{depotId} */
    closeDepot: ({ path }: Input<{ path: { depotId: string } }>, scene) => {
      if (!scene.get('depot', path.depotId)) return scene.refuse('depot-unknown')
      scene.remove('depot', path.depotId)
      return reply(200, { closed: true })
    },
  },
})
