import type { Known, KnownOperation } from './known.ts'
import { type Scenario, SPOILS, type WrittenFault, type WrittenPolicy, type WrittenProgress, type WrittenStep } from './written.ts'
import { hasNoBody, CUTS, MAX_ISSUES, pointerPart } from '../../base/http.ts'
import { UsageError } from '../../base/problem.ts'
import { assume, type Assumptions } from '../assumption.ts'
import type { Registry } from '../registry.ts'
import { nearest, nearestAre, thereAre, thereIs } from '../../base/nearest.ts'
import { readClock, readDuration, writtenDuration } from '../clock.ts'
import type { SessionStart } from '../session.ts'
import { type Delay, type Fault, type FaultReply, type Policy, type Progress, type TimelineStep } from './settings.ts'
import { parameterOf } from './fault.ts'
import { dataIn, joined, joinedData, type Lineage, lineageOf, located, type Wrong } from './lineage.ts'

export type Start =
  | { readonly kind: 'start'; readonly start: SessionStart; readonly lineage: Lineage }
  | { readonly kind: 'refused'; readonly issues: readonly Wrong[] }

/**
 * What a session starts from by a scenario, and by `base` where the scenario is silent. Data are not placed yet.
 * @returns everything that is wrong with the scenario beyond its form
 */
export function startOf(scenario: Scenario, name: string | undefined, base: SessionStart, known: Known): Start {
  const { lineage, wrong } = lineageOf(scenario, known)
  const whole = joined(lineage)
  const { seed, clock, population = {}, assume: choices = {}, progress, faults = [], timeline = [] } = whole
  const { registry } = known
  const issues: Wrong[] = []
  const readAssumptions = (): Assumptions => {
    for (const [assumption, value] of Object.entries(choices)) {
      if (issues.length >= MAX_ISSUES) break
      const one = assume({ [assumption]: value }, registry.assumptions)
      if (one.kind === 'unknown')
        issues.push({
          at: `/assume/${pointerPart(assumption)}`,
          message: `is unknown: ${one.what}`,
          fix: thereIs(one.known),
        })
    }
    const assumed = assume({ ...base.assumptions, ...choices }, registry.assumptions)
    return assumed.kind === 'assumptions' ? assumed.assumptions : base.assumptions
  }
  const read = clock === undefined ? base.clock : readClock(clock)
  if (!read)
    issues.push({
      at: '/clock',
      message: 'is not a valid time or duration',
      fix: 'give a time like 2026-01-31T12:00:00Z, from 1970-06-01 on',
    })
  const start: SessionStart = {
    scenario: { name, written: whole },
    seed: seed === undefined ? base.seed : String(seed),
    clock: read ?? base.clock,
    settings: { ...base.settings, ...readSettings(population, registry, issues) },
    assumptions: readAssumptions(),
    progress: progress === undefined ? base.progress : readProgress(progress, registry, issues),
    faults: [...base.faults, ...readFaults(faults, '/faults', base.faults, known, issues)],
    data: joinedData(base.data, dataIn(whole)),
    timeline: [...base.timeline, ...timeline.flatMap((step, index) => readStep(step, `/timeline/${index}`, known, issues) ?? [])].toSorted(
      (a, b) => a.at - b.at,
    ),
  }
  const all = [...wrong, ...issues.map((issue) => located(issue, lineage))]
  return all.length > 0 ? { kind: 'refused', issues: all } : { kind: 'start', start, lineage }
}

/** Settings as a scenario has them; what the schema has not refused, the setting's own reader may. */
function readSettings(
  population: Readonly<Record<string, unknown>>,
  { settings }: Registry,
  issues: Wrong[],
): Readonly<Record<string, unknown>> {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(population))
    try {
      const setting = settings.get(name)?.row
      if (setting) read[name] = setting.check(value)
      else issues.push({ at: `/population/${pointerPart(name)}`, message: 'is unknown', fix: knownNames(name, [...settings.keys()]) })
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      issues.push({ at: `/population/${pointerPart(name)}`, message: error.message })
    }
  return read
}

function knownNames(name: string, known: readonly string[]): string {
  return thereAre(name, known)
}

/** Undefined where nothing goes on by itself. */
export function readProgress(written: WrittenProgress, { steps }: Pick<Registry, 'steps'>, issues: Wrong[] = []): Progress | undefined {
  const names = [...steps.keys()]
  const progress: Record<string, Policy> = Object.fromEntries(
    names.map((name) => [name, isPolicy(written) ? readPolicy(written) : { kind: 'manual' }]),
  )
  if (!isPolicy(written))
    for (const [name, policy] of Object.entries(written)) {
      if (steps.has(name)) progress[name] = readPolicy(policy)
      else issues.push({ at: `/progress/${pointerPart(name)}`, message: `is not a step: "${name}"`, fix: knownNames(name, names) })
    }
  return Object.values(progress).every(({ kind }) => kind === 'manual') ? undefined : progress
}

function isPolicy(written: WrittenProgress): written is WrittenPolicy {
  return (
    typeof written === 'string' ||
    ('after' in written && typeof written.after === 'string') ||
    ('reads' in written && typeof written.reads === 'number')
  )
}

/** Each step with its policy; one policy where there are no steps. */
export function writtenProgress(progress: Progress | undefined, { steps }: Pick<Registry, 'steps'>): WrittenProgress {
  if (steps.size === 0) return 'manual'
  return Object.fromEntries([...steps.keys()].map((name) => [name, writtenPolicy(progress?.[name] ?? { kind: 'manual' })]))
}

function writtenPolicy(policy: Policy): WrittenPolicy {
  switch (policy.kind) {
    case 'manual':
    case 'immediately':
      return policy.kind
    case 'after':
      return { after: writtenDuration(policy.milliseconds) }
    case 'reads':
      return { reads: policy.count }
    default:
      return policy satisfies never
  }
}

function readPolicy(written: WrittenPolicy): Policy {
  if (typeof written === 'string') return { kind: written }
  return 'after' in written ? { kind: 'after', milliseconds: readDuration(written.after) ?? 0 } : { kind: 'reads', count: written.reads }
}

/** Faults as they are kept. `before` are those that there are already: ids do not repeat. */
export function readFaults(
  written: readonly WrittenFault[],
  pointer: string,
  before: readonly Fault[],
  known: Pick<Known, 'operations'>,
  issues: Wrong[],
): readonly Fault[] {
  const faults: Fault[] = []
  const ids = new Set(before.map(({ id }) => id))
  let number = 0
  for (const [index, one] of written.entries()) {
    const at = `${pointer}/${index}`
    if (one.id !== undefined && ids.has(one.id))
      issues.push({ at: `${at}/id`, message: `"${one.id}" is the id of another fault`, fix: 'take another' })
    if (issues.length >= MAX_ISSUES) break
    number = Math.max(number, ids.size) + 1
    while (ids.has(`f${number}`)) number++
    issues.push(...wrongWith(one, at, known))
    const fault = readFault(one, one.id ?? `f${number}`)
    ids.add(fault.id)
    faults.push(fault)
  }
  return faults
}

function readFault(written: WrittenFault, id: string): Fault {
  const { operation = [], match = {}, calls, probability = 1, during, limit, at = 'before', fault } = written
  return {
    id,
    operations: [operation].flat(),
    match,
    calls:
      calls === undefined
        ? undefined
        : typeof calls === 'number'
          ? { first: calls, last: calls }
          : { first: calls.first ?? 1, last: calls.last ?? Number.MAX_SAFE_INTEGER },
    probability,
    during: during && {
      from: readDuration(during.from ?? '0s') ?? 0,
      until: during.until === undefined ? Number.MAX_SAFE_INTEGER : (readDuration(during.until) ?? 0),
    },
    limit: limit && { requests: limit.requests, per: readDuration(limit.per) ?? 0 },
    at,
    delay: readDelay(written),
    reply: readReply(written),
    cut: CUTS.find((cut) => cut === fault),
    spoil: SPOILS.find((spoil) => spoil === fault),
    written: { id, ...written },
  }
}

function readDelay({ fixedDelayMilliseconds, delayDistribution }: WrittenFault): Delay | undefined {
  if (fixedDelayMilliseconds !== undefined) return { type: 'fixed', milliseconds: fixedDelayMilliseconds }
  if (delayDistribution?.type === 'lognormal') return { ...delayDistribution, maxValue: delayDistribution.maxValue }
  return delayDistribution
}

function readReply({
  status,
  example,
  body,
  retryAfter,
  limit,
  fault,
  fixedDelayMilliseconds,
  delayDistribution,
}: WrittenFault): FaultReply | undefined {
  // A limit that says nothing else answers as a gateway does.
  const isSilent = fault === undefined && fixedDelayMilliseconds === undefined && delayDistribution === undefined
  const wanted = status ?? (limit && isSilent ? 429 : undefined)
  if (wanted === undefined) return undefined
  const after = retryAfter === undefined ? undefined : readDuration(retryAfter)
  return { status: wanted, example, body, retryAfter: after === undefined ? undefined : Math.ceil(after / 1_000) }
}

/** What an answer of a gateway, which no document of an API has, may say without a body of its own. */
export const GATEWAY: ReadonlyMap<number, string> = new Map([
  [429, 'Too Many Requests'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
])

function wrongWith(written: WrittenFault, at: string, { operations }: Pick<Known, 'operations'>): readonly Wrong[] {
  const { status, example, body, retryAfter, fault, limit, calls, during, delayDistribution, fixedDelayMilliseconds } = written
  const issues: Wrong[] = []
  const named = [written.operation ?? []].flat()
  for (const [index, name] of named.entries())
    if (issues.length < MAX_ISSUES && !operations.has(name)) {
      const pointer = typeof written.operation === 'string' ? '' : `/${index}`
      issues.push({ at: `${at}/operation${pointer}`, message: `is not an operation: "${name}"`, fix: knownOperations(name, operations) })
    }
  const reply = readReply(written)
  if (!reply && fault === undefined && !delayDistribution && fixedDelayMilliseconds === undefined)
    issues.push({ at, message: 'does nothing', fix: 'give status, fault, limit, fixedDelayMilliseconds or delayDistribution' })
  if (fixedDelayMilliseconds !== undefined && delayDistribution)
    issues.push({ at: `${at}/delayDistribution`, message: 'stands beside fixedDelayMilliseconds', fix: 'leave one out' })
  if (delayDistribution?.type === 'uniform' && delayDistribution.lower > delayDistribution.upper)
    issues.push({
      at: `${at}/delayDistribution`,
      message: `lower is ${delayDistribution.lower}, upper ${delayDistribution.upper}`,
      fix: 'turn them round',
    })
  for (const [name, value] of Object.entries({ example, body, retryAfter }))
    if (value !== undefined && !reply)
      issues.push({ at: `${at}/${name}`, message: 'belongs to a status, and there is none', fix: 'give status' })
  if (example !== undefined && body !== undefined)
    issues.push({ at: `${at}/example`, message: 'stands beside a body', fix: 'leave one out' })
  if (limit && (readDuration(limit.per) ?? 0) === 0)
    issues.push({ at: `${at}/limit/per`, message: `"${limit.per}" is not a valid span of time`, fix: 'give one like 1m' })
  if (typeof calls === 'object' && (calls.first ?? 1) > (calls.last ?? Number.MAX_SAFE_INTEGER))
    issues.push({ at: `${at}/calls`, message: `first is ${calls.first}, last ${calls.last}`, fix: 'turn them round' })
  if (during && (readDuration(during.from ?? '0s') ?? 0) >= (readDuration(during.until ?? '1000000d') ?? 0))
    issues.push({ at: `${at}/during`, message: `is over before it begins`, fix: 'let until be later than from' })
  if (body !== undefined && status !== undefined && hasNoBody(status))
    issues.push({ at: `${at}/body`, message: `goes with no ${status}`, fix: 'leave it out, or give another status' })
  const meant = (named.length > 0 ? named : [...operations.keys()]).flatMap((name) => {
    const operation = operations.get(name)
    return operation ? [{ name, operation }] : []
  })
  if (meant.length > 0) issues.push(...wrongMatch(written, at, meant))
  if (reply && body === undefined) issues.push(...undocumented(reply, at, meant))
  return issues
}

interface Meant {
  readonly name: string
  readonly operation: KnownOperation
}

/** A parameter that none of the operations has would match nothing, ever. */
function wrongMatch({ match = {} }: WrittenFault, at: string, meant: readonly Meant[]): readonly Wrong[] {
  const known = [...new Set(meant.flatMap(({ operation }) => operation.parameters))]
  return Object.keys(match).flatMap((name) => {
    const { parameter } = parameterOf(name)
    if (name.startsWith('/') || known.includes(parameter) || known.includes(parameter.toLowerCase())) return []
    const whose = meant.length === 1 ? (meant[0]?.name ?? '') : 'these operations'
    const near = nearest(parameter, known).slice(0, 5).join(', ')
    return {
      at: `${at}/match/${pointerPart(name)}`,
      message: `names no parameter of ${whose}: "${parameter}"`,
      fix: `${known.length === 0 ? 'there is none' : `there are ${near}`}; a member of the body is /${parameter}`,
    }
  })
}

/** What an answer of the document says must stand there, for each operation: none is answered with something else. */
function undocumented({ status, example }: FaultReply, at: string, meant: readonly Meant[]): readonly Wrong[] {
  if (GATEWAY.has(status) && example === undefined) return []
  const lacking = meant.filter(({ operation }) => answerFor(status, operation) === undefined)
  if (lacking.length > 0) {
    const common = (meant[0]?.operation.statuses ?? []).filter((one) => meant.every(({ operation }) => operation.statuses.includes(one)))
    const others = example === undefined ? [...common, ...[...GATEWAY.keys()].map(String)] : common
    return [
      {
        at: `${at}/status`,
        message: `${status} is not documented for ${someOf(lacking)}`,
        fix: `give a body${others.length > 0 ? `, or one of ${others.join(', ')}` : ''}`,
      },
    ]
  }
  if (example === undefined) return []
  const without = meant.filter(({ operation }) => !examplesOf(status, operation).includes(example))
  const [first] = without
  if (!first) return []
  const names = [...new Set(examplesOf(status, first.operation))]
  return [
    {
      at: `${at}/example`,
      message: `the ${status} of ${someOf(without)} has no example "${example}"`,
      fix: names.length > 0 ? `there are ${nearest(example, names).join(', ')}` : 'leave it out',
    },
  ]
}

/** The documented answer that a status is: its own, that of its class, or the one for all others. */
function answerFor(status: number, { statuses }: KnownOperation): string | undefined {
  return [String(status), `${String(status).charAt(0)}XX`, 'default'].find((one) => statuses.includes(one))
}

function examplesOf(status: number, operation: KnownOperation): readonly string[] {
  const name = answerFor(status, operation)
  const answer = operation.readAnswers().find((one) => one.status === name)
  return answer?.contents.flatMap(({ examples }) => examples.map((one) => one.name)) ?? []
}

function someOf(all: readonly { readonly name: string }[]): string {
  const names = all.slice(0, 3).map(({ name }) => name)
  return names.join(', ') + (all.length > names.length ? ` and ${all.length - names.length} more` : '')
}

function knownOperations(name: string, operations: Known['operations']): string {
  return nearestAre(name, [...operations.keys()], 3)
}

function readStep(written: WrittenStep, pointer: string, known: Known, issues: Wrong[]): TimelineStep | undefined {
  const at = readDuration(written.at) ?? 0
  if ('exists' in written) return { kind: 'exists', at, data: written.exists }
  if (issues.length >= MAX_ISSUES) return undefined
  const { operation, parameters = {}, body } = written
  const found = known.operations.get(operation)
  if (!found) {
    issues.push({
      at: `${pointer}/operation`,
      message: `is not an operation: "${operation}"`,
      fix: knownOperations(operation, known.operations),
    })
    return undefined
  }
  for (const [, name = ''] of found.template.matchAll(/\{(\w+)\}/g))
    if (parameters[name] === undefined)
      issues.push({ at: `${pointer}/parameters`, message: `lacks ${name}`, fix: `the path is ${found.template}` })
  for (const name of Object.keys(parameters))
    if (issues.length < MAX_ISSUES && !found.parameters.includes(name))
      issues.push({
        at: `${pointer}/parameters/${pointerPart(name)}`,
        message: `names no parameter of ${operation}: "${name}"`,
        fix: found.parameters.length === 0 ? 'it has none' : `there are ${nearest(name, found.parameters).join(', ')}`,
      })
  const texts = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
  return { kind: 'call', at, operation, as: written.as, parameters: texts, body }
}
