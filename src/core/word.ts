import type { Kind, Word } from './api.ts'
import { ANYBODY } from './behaviour.ts'
import { idOf, Live } from './live.ts'

/** The word of a kind: each element is an entity as it stands, put under its id, which is made where it has none. @param api whose kind it is */
export function wordOfKind(api: string, name: string, kind: Kind, word: string): Word {
  const idIn = (element: unknown): string | undefined =>
    isRecord(element) && (kind.idOf || element['id'] !== undefined) ? idOf(kind, element) : undefined
  return {
    schema: typeof kind.schema === 'object' ? kind.schema : { type: 'object' },
    names: { id: (id, times) => `${id}-${times + 1}` },
    shows: [word],
    claims: (elements) =>
      elements.flatMap((element, place) => {
        const id = idIn(element)
        return id === undefined ? [] : [{ name: `${api} ${name} ${id}`, at: `/${place}/id`, what: `${name} ${id}` }]
      }),
    place(elements, scene) {
      const live = new Live(scene, ANYBODY, { [name]: kind })
      const placed: object[] = []
      for (const [place, element] of elements.entries()) {
        if (!isRecord(element)) continue
        const id = idIn(element)
        if (id !== undefined && scene.world.get(name, id))
          return {
            kind: 'refused',
            issues: [{ at: `/${place}/id`, message: `"${id}" is an id that the session has already`, fix: 'take another' }],
          }
        placed.push(live.add(name, { ...element }))
      }
      return {
        kind: 'placed',
        changes: live.changes,
        show: ({ session }) => ({ [word]: placed.map((entity) => kind.view?.(entity, session) ?? entity) }),
      }
    },
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
