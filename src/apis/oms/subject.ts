import type { LiveScene } from './kinds.ts'
import type { Problem } from './problems.ts'
import type { Caller } from '../../core/behaviour.ts'
import type { ExampleRequest } from '../../core/behaviour.ts'
import type { Allocation, AllocationFacts } from './allocation.ts'
import { type Account, isAccount, queryAllocations } from './query.ts'

/** What the operations of this API have in common: whom they answer, and what they are about. */

/** For operations that admit accounts only. @throws TypeError for another caller */
export function accountOf(caller: Caller): Account {
  if (isAccount(caller)) return caller
  throw new TypeError(`a caller of kind ${caller.kind} is not an account`)
}

export function unknownAllocation(id: string): Problem {
  const detail = id === '' ? 'An allocation id is empty' : `Allocation ${id} is not found`
  return { code: 'allocation-unknown', detail, fix: 'GET /__mock/sessions/{name}/examples names allocations there are' }
}

/** The first allocation that will do, told from its facts; the document's example as long as it does. */
export function firstAllocation(scene: LiveScene, test: (facts: AllocationFacts) => boolean): Allocation | undefined {
  const listed = queryAllocations({ limit: 1, sortDirection: 'asc' }, accountOf(scene.caller), scene, [{ kind: 'facts', test }])
  return listed.kind === 'page' ? listed.page[0] : undefined
}

/** An example request of an account: with the header that says who it is. */
export function request(scene: LiveScene, path: string, body?: unknown): ExampleRequest {
  const { account, stage, channel } = accountOf(scene.caller)
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
