import type { Input } from '../base/http.ts'
import type { ListedEntities, ListedEntity, ListQuery } from '../core/api.ts'
import { ANYBODY, type Behaviour, refused, reply, type Scene } from '../core/behaviour.ts'
import { movesBy, statesIn, statesOf } from '../core/life-cycle.ts'
import { idOf, Live } from '../core/live.ts'
import { MAX_CANDIDATES } from '../core/population/listing.ts'
import type { Named, Registry } from '../core/registry.ts'
import type { Kind } from '../core/api.ts'
import { place, viewOf } from '../core/scenario/place.ts'
import type { Data } from '../core/scenario/written.ts'
import type { ServedApi } from './examples.ts'
import { tooMuchAtOnce } from './sessions.ts'

/** What a session holds, and what is brought into it. */

interface EntitiesInput extends Input {
  readonly query: ListQuery & { readonly kind?: string; readonly offset?: number; readonly limit?: number }
}

interface ExistsInput extends Input {
  readonly body: Data
}

export function entityBehaviours(registry: Registry, apis: readonly ServedApi[]): Readonly<Record<string, Behaviour>> {
  const listEntities: Behaviour<EntitiesInput> = {
    asFirst: 'shows',
    run({ query }, scene) {
      const { offset = 0, limit = 25 } = query
      const found: object[] = []
      let total = 0
      for (const [kind, named] of wanted(query, registry)) {
        const page = listOf(named, query, { offset: Math.max(0, offset - total), limit: limit - found.length }, scene)
        if (page.kind === 'too-wide')
          return refused({ code: 'search-too-wide', detail: `more than ${MAX_CANDIDATES} entities would have to be looked through` })
        found.push(...page.found.map((one) => ({ kind, ...one, ...statesNow(named, one, scene) })))
        total += page.total
      }
      return reply(200, { total, entities: found })
    },
  }
  const addEntities: Behaviour<ExistsInput> = {
    asFirst: 'begins',
    run({ body }, scene) {
      const tooMuch = tooMuchAtOnce('state-impossible', [body], registry)
      if (tooMuch) return refused(tooMuch)
      const brought = place(body, scene, registry)
      if (brought.kind === 'brought') return reply(201, viewOf(brought, scene), { changes: brought.changes })
      return refused({
        code: 'state-impossible',
        detail: brought.issues.map(({ at, message }) => `${at} ${message}`).join('; '),
        issues: brought.issues.map(({ at, message, fix }) => ({
          at: `/body${at}`,
          rule: 'state-impossible',
          message,
          ...(fix !== undefined && { fix }),
        })),
      })
    },
  }
  return { listEntities, addEntities, listLifeCycles: listLifeCycles(apis) }
}

/** The states of what is listed, as its kind has them. */
function statesNow({ api, name, row }: Named<Kind>, { id, ...whose }: ListedEntity, given: Scene): object {
  if (!row.lifeCycle) return {}
  const scene = api.sceneOf(given)
  const key = row.keyOf?.(id, whose) ?? id
  const entity = scene.world.get(name, key) ?? row.untouched?.(key, scene.session)
  if (!entity) return {}
  return { states: [...statesOf(row, entity)].map(([part, state]) => ({ ...(part !== undefined && { part }), state })) }
}

/** The tables of the kinds that have a life cycle, a row for each move, by the names that everybody knows. */
function listLifeCycles(apis: readonly ServedApi[]): Behaviour {
  const lifeCycles = apis.flatMap(({ member: { api, known }, operations, nameOf }) =>
    Object.entries(api.kinds).flatMap(([name, { lifeCycle, parts }]) =>
      lifeCycle
        ? {
            kind: known('kinds', name),
            api: api.name,
            ...(parts && { part: parts.word }),
            states: lifeCycle.states,
            moves: Object.keys(lifeCycle.moves).flatMap((by) => {
              const step = Object.hasOwn(api.steps, by) ? api.steps[by] : undefined
              // An operation and a step may have one name.
              const movers = [
                ...(operations.includes(by) ? [{ by: nameOf(by), origin: 'request' }] : []),
                ...(step ? [{ by: known('steps', by), origin: 'progress', text: step.text }] : []),
              ]
              return movers.flatMap((mover) =>
                movesBy(lifeCycle.moves, by).map(({ from, to, when }) => ({
                  ...mover,
                  ...(from !== undefined && { from: statesIn(from) }),
                  ...(to !== undefined && { to: statesIn(to) }),
                  ...(when !== undefined && { when }),
                })),
              )
            }),
          }
        : [],
    ),
  )
  return { run: () => reply(200, { lifeCycles }) }
}

/** The kinds that are asked for: by name; those that have the filters; else those that are always listed. */
function wanted(query: EntitiesInput['query'], { kinds }: Registry): readonly (readonly [string, Named<Kind>])[] {
  const filters = [...new Set([...kinds.values()].flatMap(({ row }) => Object.keys(row.filters ?? {})))].filter(
    (name) => query[name] !== undefined,
  )
  const all = [...kinds].filter(([, { row }]) => row.listed !== 'never' && filters.every((name) => row.filters?.[name] !== undefined))
  if (query.kind !== undefined) return all.filter(([name]) => name === query.kind)
  return filters.length > 0 ? all : all.filter(([, { row }]) => row.listed !== 'by-name')
}

function listOf(
  { api, name, row }: Named<Kind>,
  query: ListQuery,
  page: { readonly offset: number; readonly limit: number },
  given: Scene,
): ListedEntities {
  const scene = api.sceneOf(given)
  if (row.list) return row.list(query, page, scene)
  const { status, changed } = query
  const live = new Live(scene, ANYBODY, api.api.kinds)
  const all = (changed === true ? [...scene.world.all(name)] : live.list(name)).filter(
    (entity) => status === undefined || statusOf(entity) === status,
  )
  const found = all.slice(page.offset, page.offset + page.limit).map((entity) => {
    const id = idOf(row, entity)
    return { id, changed: scene.world.get(name, id) !== undefined, entity: row.view?.(entity, scene.session) ?? entity }
  })
  return { kind: 'page', total: all.length, found }
}

function statusOf(entity: object): unknown {
  return 'status' in entity ? entity.status : 'statusCode' in entity ? entity.statusCode : undefined
}
