import { type Caller, type Input, type Issue, keepText, type Problem } from '../../http.ts'
import { type Behaviour, type ExampleRequest, refused, reply, type Scene } from '../behaviour.ts'
import { at, keyOf } from '../random.ts'
import type { Change } from '../world.ts'
import { type Allocation, type AllocationFacts, cancel, type StatusCode } from './allocation.ts'
import { type Account, type AllocationQuery, entityId, findAllocation, queryAllocations } from './query.ts'

interface CancelInput extends Input {
  readonly path: { readonly allocationIds: readonly string[] }
}

interface AllocationInput extends Input {
  readonly path: { readonly allocationId: string }
}

interface QueryInput extends Input {
  readonly body: AllocationQuery | undefined
}

const cancelAllocations: Behaviour<CancelInput> = {
  admits: ['account'],
  run({ path }, caller, scene) {
    const account = accountOf(caller)
    if (!account) return refused(noAccount)
    const again = scene.session.assumptions['oms.cancel.again']
    const allocations: Allocation[] = []
    const changes: Change[] = []
    const problems: Problem[] = []
    // An id named twice counts once, where it stands first.
    for (const id of new Set(path.allocationIds)) {
      const allocation = findAllocation(id, account, scene)
      if (!allocation) {
        problems.push(unknown(id))
        continue
      }
      const result = cancel(allocation, scene.now, auditKey(allocation, scene), again)
      if (result.kind === 'refused') problems.push(result.problem)
      else {
        allocations.push(result.allocation)
        if (result.allocation !== allocation) changes.push({ kind: 'allocation', id: entityId(account, id), to: result.allocation })
      }
    }
    const [first] = problems
    if (first)
      return refused({
        ...first,
        issues: problems.map(({ code, detail, fix }): Issue => ({
          at: '/path/allocationIds',
          rule: code,
          message: detail,
          ...(fix !== undefined && { fix }),
        })),
      })
    const unchanged = changes.length < allocations.length
    return reply(
      200,
      allocations.map(({ document }) => document),
      changes,
      unchanged ? 'oms.cancel.again' : undefined,
    )
  },
  example(caller, scene) {
    const first = firstAllocation(caller, scene, true)
    return first && request(caller, `/allocation/cancel/${first.document.allocationId}`)
  },
}

const getAllocation: Behaviour<AllocationInput> = {
  admits: ['account'],
  run({ path }, caller, scene) {
    const account = accountOf(caller)
    const allocation = account && findAllocation(path.allocationId, account, scene)
    // This operation documents 400 for an id of nobody.
    return allocation ? reply(200, keepText(allocation.document)) : refused({ ...unknown(path.allocationId), status: 400 })
  },
  example(caller, scene) {
    const first = firstAllocation(caller, scene, false)
    return first && request(caller, `/allocation/${first.document.allocationId}`)
  },
}

const query: Behaviour<QueryInput> = {
  admits: ['account'],
  run({ body }, caller, scene) {
    const account = accountOf(caller)
    if (!account) return refused(noAccount)
    const listed = queryAllocations(body ?? {}, account, scene)
    switch (listed.kind) {
      case 'refused':
        return refused(listed.problem)
      case 'too-wide': {
        const fix = 'add a filter on updatedAt, allocationDate, statusCode, locationNum, poNumber or an id'
        return refused({
          code: 'search-too-wide',
          detail: `${listed.fields.join(', ')} would have to be looked up in ${listed.candidates} allocations; ${fix}`,
          fix,
        })
      }
      case 'page':
        break
      default:
        return listed satisfies never
    }
    const none = scene.session.assumptions['oms.query.none']
    if (listed.total === 0 && none === '404')
      return refused({
        code: 'allocations-none',
        detail: 'Allocation data not found/valid for the query',
        fix: 'widen the filters',
        assumption: 'oms.query.none',
      })
    return reply(
      200,
      listed.page.map(({ document }) => document),
      [],
      listed.total === 0 ? 'oms.query.none' : undefined,
    )
  },
  example(caller, scene) {
    const first = firstAllocation(caller, scene, false)
    return first && request(caller, '/allocation/query', { filters: { statusCode: first.document.statusCode }, limit: 5 })
  },
}

export const omsBehaviours: Readonly<Record<string, Behaviour>> = { cancelAllocations, getAllocation, queryAllocations: query }

/** New audit ids hang on the document and its version, not on what else the session did before. */
function auditKey({ document, tenant }: Allocation, { session }: Scene): ReturnType<typeof keyOf> {
  return at(at(keyOf(session.seed), `audit ${tenant} ${document.allocationId}`), document.version)
}

/** The document's example comes first as long as it will do. */
function firstAllocation(caller: Caller, scene: Scene, cancellable: boolean): Allocation | undefined {
  const account = accountOf(caller)
  if (!account) return undefined
  const listed = queryAllocations({ limit: 1, sortDirection: 'asc' }, account, scene, cancellable ? [{ kind: 'facts', test: isOpen }] : [])
  return listed.kind === 'page' ? listed.page[0] : undefined
}

/** Told from the facts alone: none of these has all its units shipped, scratched or cancelled. */
function isOpen({ document }: AllocationFacts): boolean {
  return document.type === 'ALLOCATED' && OPEN.has(document.statusCode)
}

const OPEN: ReadonlySet<StatusCode> = new Set(['ALLOCATED', 'PENDING_DROP', 'PENDING_PICK', 'PARTIALLY_SHIPPED'])

function request(caller: Caller, path: string, body?: unknown): ExampleRequest | undefined {
  if (caller.kind !== 'account') return undefined
  const { account, stage, channel } = caller
  return {
    path,
    headers: { 'x-site-context': ascii({ account, stage, ...(channel !== undefined && { channel }) }) },
    ...(body !== undefined && { body }),
  }
}

/** As JSON that any HTTP client takes for a header: header values are Latin-1 at best. */
function ascii(value: object): string {
  return JSON.stringify(value).replaceAll(/[^ -~]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function accountOf(caller: Caller): Account | undefined {
  return caller.kind === 'account' ? caller : undefined
}

const noAccount: Problem = { code: 'caller-refused', detail: 'the operation is for an account' }

function unknown(id: string): Problem {
  const detail = id === '' ? 'An allocation id is empty' : `Allocation ${id} is not found`
  return { code: 'allocation-unknown', detail, fix: 'GET /__mock/sessions/{name}/examples names allocations there are' }
}
