import { type Issue, valueAt } from '../../base/http.ts'
import { thereAre } from '../../base/nearest.ts'
import type { Data, Scenario } from './written.ts'
import type { Known } from './known.ts'

/** What cannot be, and where: in the scenario itself, or in one that it extends. */
export interface Wrong extends Pick<Issue, 'at' | 'message'> {
  readonly fix?: string
  /** The name of the scenario in which the place is; undefined for the scenario itself. */
  readonly in?: string
  /** Another place that the message names, as it stands in it. */
  readonly twin?: string
}

/** A scenario, and the name by which the one before extends it. */
interface Generation {
  readonly name: string | undefined
  readonly scenario: Scenario
}

/** A scenario and those that it extends, itself first. */
export type Lineage = readonly Generation[]

export function lineageOf(scenario: Scenario, known: Known): { readonly lineage: Lineage; readonly wrong: readonly Wrong[] } {
  const lineage: Generation[] = [{ name: undefined, scenario }]
  for (let last: Generation | undefined = lineage[0]; last?.scenario.extends !== undefined; last = lineage.at(-1)) {
    const name = last.scenario.extends
    const found = known.scenario(name)
    const where = { at: '/extends', ...(last.name !== undefined && { in: last.name }) }
    if (!found) {
      const fix = thereAre(name, known.scenarios())
      return { lineage, wrong: [{ ...where, message: `names no scenario: "${name}"`, fix }] }
    }
    if (lineage.some((one) => one.scenario === found))
      return { lineage, wrong: [{ ...where, message: `comes back to "${name}"`, fix: 'let one of them extend no other' }] }
    lineage.push({ name, scenario: found })
  }
  return { lineage, wrong: [] }
}

/** All that the scenarios say together: lists are joined, those of the extended first; everything else is replaced. */
export function joined(lineage: Lineage): Scenario {
  let whole: Scenario = {}
  for (const { scenario } of lineage.toReversed()) {
    const { extends: _below, ...own } = scenario
    whole = {
      ...whole,
      ...own,
      ...joinedData(dataIn(whole), dataIn(own)),
      ...((whole.population ?? own.population) && { population: { ...whole.population, ...own.population } }),
      ...((whole.assume ?? own.assume) && { assume: { ...whole.assume, ...own.assume } }),
      faults: [...(whole.faults ?? []), ...(own.faults ?? [])],
      timeline: [...(whole.timeline ?? []), ...(own.timeline ?? [])],
    }
  }
  return whole
}

export function joinedData(below: Data, above: Data): Data {
  return Object.fromEntries(
    [...Object.keys(below), ...Object.keys(above)].map((word) => [word, [...(below[word] ?? []), ...(above[word] ?? [])]]),
  )
}

/** The lists of a scenario by the words of APIs: what it holds beside the population. */
export function dataIn(scenario: Scenario): Data {
  return Object.fromEntries(
    Object.entries(scenario).flatMap(([word, list]): [string, readonly unknown[]][] =>
      Array.isArray(list) && word !== 'faults' && word !== 'timeline' ? [[word, list]] : [],
    ),
  )
}

/** Something wrong with the whole, told where it was written. */
export function located({ twin, ...wrong }: Wrong, lineage: Lineage): Wrong {
  const found = place(wrong.at, lineage)
  const other = twin === undefined ? undefined : place(twin, lineage)
  const told = other && (other.in === found.in ? other.at : `${other.at} of ${other.in === undefined ? 'the scenario' : `"${other.in}"`}`)
  return { ...wrong, ...found, ...(twin !== undefined && told !== undefined && { message: wrong.message.replace(twin, told) }) }
}

function place(at: string, lineage: Lineage): Pick<Wrong, 'at' | 'in'> {
  const [, list = '', index = '', rest = ''] = /^\/([^/]+)\/(\d+)(.*)$/s.exec(at) ?? []
  if (!lineage.some(({ scenario }) => Array.isArray(scenario[list])))
    return { at, ...named(lineage.find(({ scenario }) => valueAt(scenario, at) !== undefined)) }
  let left = Number(index)
  for (const generation of lineage.toReversed()) {
    const own = generation.scenario[list]
    const length = Array.isArray(own) ? own.length : 0
    if (left < length) return { at: `/${list}/${left}${rest}`, ...named(generation) }
    left -= length
  }
  return { at }
}

function named(generation: Generation | undefined): Pick<Wrong, 'in'> {
  return generation?.name === undefined ? {} : { in: generation.name }
}
