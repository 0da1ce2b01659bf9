import type { Issue } from '../base/http.ts'
import { MASK } from '../base/hiding.ts'
import { inLine } from '../base/shown.ts'
import type { PastRequest, Repair } from '../client/client.ts'

interface Member {
  readonly at: string
  readonly from?: unknown
  readonly to?: unknown
}

/** One past request in words, line by line. */
export function explanation(request: PastRequest): readonly string[] {
  const { problem, nearest = [], warnings = [], assumed, basis, violations = [], changes = [], repair } = request
  const parts = [
    headOf(request),
    problem ? [`Refused: ${problem.detail}`, `  ${problem.title} (${problem.code})`, ...fixOf(problem.fix)] : [],
    ...(problem?.issues ?? []).map((issue) => [`At ${issue.at}: ${issue.message}`, ...aboutIssue(issue)]),
    nearest.map(({ operation, method, path, differs }) => `Nearest: ${method} ${path} (${operation}); differs in ${differs.join(', ')}`),
    ...warnings.map((issue) => [`Let pass at ${issue.at}: ${issue.message}`, ...aboutIssue(issue)]),
    violations.map(({ location = [], severity, message }) => `${severity} at ${location.join('/')}: ${message}`),
    basis === undefined ? [] : [`Based on: ${shown(basis)}`],
    assumed ? assumedBy(assumed) : [],
    changes.length === 0 ? [] : ['Changed:', ...changes.flatMap(changed)],
    repair ? repaired(repair) : [],
  ]
  return parts.filter((lines) => lines.length > 0).flatMap((lines, index) => [...(index === 0 ? [] : ['']), ...lines.map(lineOf)])
}

function headOf({ id, session, operation, method, path, status, duration, received, fault, cut, upstream }: PastRequest): string[] {
  return [
    `${id}: ${method} ${path}`,
    `  answered ${status} after ${duration.toFixed(1)} ms, at ${received}`,
    `  session ${session}, ${operation === undefined ? 'no operation' : `operation ${operation}`}`,
    ...(upstream === undefined ? [] : [`  sent on to ${upstream}`]),
    ...(fault === undefined ? [] : [`  met the fault ${fault}`]),
    ...(cut === undefined ? [] : [`  the answer was cut: ${cut}`]),
  ]
}

function aboutIssue({ rule, value, wanted, fix, place }: Issue): string[] {
  return [
    ...(value === undefined ? [] : [`  met: ${shown(value)}`]),
    ...(wanted === undefined ? [] : [`  wanted: ${shown(wanted)}`]),
    place ? `  rule: ${rule}, ${place.file}${place.line === undefined ? '' : `:${place.line}`} ${place.pointer}` : `  rule: ${rule}`,
    ...(place?.basis === undefined ? [] : [`  based on: ${shown(place.basis)}`]),
    ...fixOf(fix),
  ]
}

function fixOf(fix: string | undefined): string[] {
  return fix === undefined ? [] : [`  what would do: ${fix}`]
}

function assumedBy({ name, question, value, values }: NonNullable<PastRequest['assumed']>): string[] {
  const told = values.map((one, index) => `${one}${index === 0 ? ' (the default)' : ''}${one === value ? ', as here' : ''}`)
  return [
    `Assumed: ${name}`,
    `  ${question}`,
    `  values: ${told.join('; ')}`,
    `  another value: serve --assume ${name}=VALUE, or for one session {"assume":{"${name}":"VALUE"}} when it begins`,
  ]
}

function changed({ kind, id, members, from, to }: NonNullable<PastRequest['changes']>[number]): string[] {
  if (members) return [`  ${kind} ${id}`, ...members.map((member) => `    ${memberOf(member)}`)]
  return [to ? `  ${kind} ${id} is new: ${shown(to)}` : `  ${kind} ${id} is gone: ${shown(from)}`]
}

function memberOf({ at, from, to }: Member): string {
  return `${at === '' ? 'all of it' : at}: ${shown(from)} → ${shown(to)}`
}

function maskedHint(command: string): string[] {
  return command.includes(MASK) ? [`  put your own in the place of ${MASK}: secrets are not shown`] : []
}

function repaired(repair: Repair): string[] {
  switch (repair.kind) {
    case 'repaired':
      return ['What would do:', ...repair.changes.map((change) => `  ${memberOf(change)}`), `  ${repair.curl}`, ...maskedHint(repair.curl)]
    case 'none':
      return [`Nothing would do now: ${repair.reason}`]
    default:
      return repair satisfies never
  }
}

/** A value that is longer stands in the request, or the journal, as a whole. */
const MAX_VALUE = 300

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text
}

/** One line, whatever a client sent; what it begins with says whose it is. */
function lineOf(text: string): string {
  return `${/^ */.exec(text)?.[0] ?? ''}${inLine(text)}`
}
