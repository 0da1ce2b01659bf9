import { MAX_ISSUES, pointerPart } from '../../base/http.ts'
import { isTime, readTime, timeOf, writtenClock } from '../clock.ts'
import type { Session, SessionStart } from '../session.ts'
import type { Wrong } from './lineage.ts'
import { DATA_VERSION } from '../population/random.ts'
import type { Registry } from '../registry.ts'
import type { Known } from './known.ts'
import type { Scenario } from './written.ts'
import { startOf, writtenProgress } from './scenario.ts'
import type { Change, WholeWorld } from '../world.ts'

/**
 * A session's present state as a file: what it is set to, and all that it holds beside its population. Tokens that the server was started
 * with are the server's, and not in it. `spec/state.schema.json` says the same.
 */
export interface SavedState {
  readonly format: 2
  /** Of allocation-mock. */
  readonly version: string
  readonly dataVersion: number
  /** The data versions of its APIs, by name. */
  readonly apis: Readonly<Record<string, number>>
  readonly session: string
  /** What its clock showed when it began: its population's dates, its timeline and its faults count from it. */
  readonly begun: string
  /** The name of the scenario that it started from. */
  readonly scenarioName?: string
  /** What it is set to, as it would stand in a scenario's file. */
  readonly scenario: Scenario
  /** When faults were added to the running session, by their ids and its clock. */
  readonly faultsAdded?: Readonly<Record<string, string>>
  readonly changes: readonly Change[]
}

/** The state of a session that has begun. */
export function saved(name: string, { from, ...session }: Session, world: WholeWorld, version: string, registry: Registry): SavedState {
  const { seed, clock, settings, assumptions, progress, faults, begun } = session
  const { name: scenarioName, written } = from.scenario
  const added = faults.flatMap(({ id, since }) => (since === undefined ? [] : [[id, new Date(since).toISOString()] as const]))
  return {
    format: 2,
    version,
    dataVersion: DATA_VERSION,
    apis: versionsOf(registry),
    session: name,
    begun: new Date(begun).toISOString(),
    ...(scenarioName !== undefined && { scenarioName }),
    scenario: {
      seed,
      clock: writtenClock(clock),
      population: populationOf(settings, registry),
      assume: assumptions,
      progress: writtenProgress(progress, registry),
      faults: faults.map(({ written: fault }) => fault),
      timeline: written.timeline ?? [],
    },
    ...(added.length > 0 && { faultsAdded: Object.fromEntries(added) }),
    changes: world.contents().flatMap((change) => (change.kind === 'session' ? [] : change)),
  }
}

/** What a scenario says of the settings: those that are no secrets. */
export function populationOf(settings: Session['settings'], registry: Registry): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...registry.settings].flatMap(([name, { row }]) => (row.schema && !row.isSecret ? [[name, settings[name]]] : [])),
  )
}

/** The data versions of the APIs, by name. */
export function versionsOf({ members }: Pick<Registry, 'members'>): Readonly<Record<string, number>> {
  return Object.fromEntries(members.map(({ api }) => [api.name, api.dataVersion]))
}

export type SavedStart =
  { readonly kind: 'start'; readonly start: SessionStart } | { readonly kind: 'refused'; readonly issues: readonly Wrong[] }

/**
 * What a session starts from to be again as it was saved. The form of the state has been checked.
 * @param base what the server was started with, without its scenario: whose tokens are whose
 * @param real the world's time in milliseconds
 * @returns everything that is wrong with it beyond its form
 */
export function startOfSaved(state: SavedState, base: SessionStart, known: Known, real: number): SavedStart {
  const started = startOf(state.scenario, state.scenarioName, base, known)
  if (started.kind === 'refused') return { kind: 'refused', issues: started.issues.map((one) => ({ ...one, at: `/scenario${one.at}` })) }
  const { start } = started
  const issues: Wrong[] = []
  const begun = readTime(state.begun)
  if (begun === undefined) issues.push({ at: '/begun', ...FAR })
  if (!isTime(timeOf(start.clock, real))) issues.push({ at: '/scenario/clock', ...FAR })
  const added = new Map<string, number>()
  for (const [id, time] of Object.entries(state.faultsAdded ?? {})) {
    const at = `/faultsAdded/${pointerPart(id)}`
    const since = readTime(time)
    if (!start.faults.some((fault) => fault.id === id)) issues.push({ at, message: `names no fault: "${id}"`, fix: 'leave it out' })
    if (since === undefined) issues.push({ at, ...FAR })
    else added.set(id, since)
  }
  issues.push(...misnamed(state.changes, known.registry))
  if (issues.length > 0 || begun === undefined) return { kind: 'refused', issues: issues.slice(0, MAX_ISSUES) }
  const faults = start.faults.map((fault) => {
    const since = added.get(fault.id)
    return since === undefined ? fault : { ...fault, since }
  })
  return { kind: 'start', start: { ...start, faults, kept: { begun, changes: state.changes } } }
}

const FAR = { message: 'is a time that no document can write', fix: 'stay between 1970-06-01 and 9999-01-01' }

/** What is kept is found by its id alone: one that is another's, or there twice, would be half there. */
function misnamed(changes: readonly Change[], registry: Registry): readonly Wrong[] {
  const places = new Map<string, number>()
  return changes.flatMap((change, place): Wrong[] => {
    const name = `${change.kind} ${change.id}`
    const earlier = places.get(name)
    places.set(name, place)
    const own = ownIdOf(change, registry)
    if (own !== undefined && own !== change.id)
      return [{ at: `/changes/${place}/id`, message: `is "${change.id}", and the ${change.kind} is "${own}"`, fix: 'let them be the same' }]
    if (earlier !== undefined)
      return [{ at: `/changes/${place}/id`, message: `is that of /changes/${earlier} too: "${change.id}"`, fix: 'leave one of them out' }]
    return []
  })
}

/** The id by what an entity says of itself; undefined where it says nothing. */
function ownIdOf({ kind, to }: Change, { kinds }: Registry): string | undefined {
  if (!to) return undefined
  const own = kinds.get(kind)?.row
  if (!own) return kind === 'step' && 'id' in to ? String(to.id) : undefined
  return own.idOf?.(to) ?? ('id' in to ? String(to.id) : undefined)
}
