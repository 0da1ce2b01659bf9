import type { Change, LiveScene, Outcome, Scene } from './kinds.ts'
import { isMember } from './user.ts'
import type { Issue } from '../../base/http.ts'
import type { Problem } from './problems.ts'
import type { AssumptionName } from './assumptions.ts'
import { type Caller, refused, type Refused, reply } from '../../core/behaviour.ts'
import type { LineFacts, Order, OrderFacts, Transition } from './order.ts'
import { type OrderSearch, findOrder, searchOrders, type Viewer, visibleLines } from './search.ts'

/** What the operations of this API have in common: whom they answer, what they are about, what becomes of it. */

export function viewerOf(caller: Caller): Viewer {
  return isMember(caller) ? caller : { kind: 'operator' }
}

/** The caller's number, for operations that admit members only. @throws TypeError for another caller */
export function organizationOf(caller: Caller): number {
  if (isMember(caller)) return caller.organization
  throw new TypeError(`a caller of kind ${caller.kind} has no organisation`)
}

/** UUIDs compare without regard to case (RFC 9562, section 4); ours are written in lower case. */
export function canonical(uuid: string): string {
  return uuid.toLowerCase()
}

/** The order that a path names, or the refusal where it is not there, or not for this caller. */
export function orderInPath({ path }: { readonly path: { readonly order_uuid: string } }, scene: LiveScene): Order | Refused {
  return findOrder(canonical(path.order_uuid), viewerOf(scene.caller), scene) ?? refused(unknownOrder(path.order_uuid))
}

export function unknownOrder(id: string): Problem {
  return {
    code: 'order-unknown',
    detail: `there is no order ${id} for you`,
    fix: 'GET /__mock/sessions/{name}/examples names orders there are',
  }
}

/** What a transition changes: nothing, where it gives the same order back. */
export function changesOf(before: Order, after: Order): readonly Change[] {
  return after === before ? [] : [{ kind: 'order', id: after.id, to: after }]
}

/** The answer of an operation that says nothing but that it is done. */
export function done(before: Order, transition: Transition, assumption?: AssumptionName): Outcome {
  return transition.kind === 'refused'
    ? refused(transition.problem)
    : reply(204, undefined, { changes: changesOf(before, transition.order), assumption })
}

/** The first order, the document's example as long as it will do: one of its visible lines, and the order as a whole, have to pass. */
export function firstOrder(
  viewer: Viewer,
  scene: Scene,
  search: OrderSearch,
  some: (line: LineFacts) => boolean,
  whole: (facts: OrderFacts) => boolean = () => true,
): Order | undefined {
  const listed = searchOrders({ ...search, limit: 1 }, viewer, scene, [
    { kind: 'facts', test: (facts) => visibleLines(facts, viewer).some(some) && whole(facts) },
  ])
  return listed.kind === 'page' ? listed.page[0] : undefined
}

/** A number of units: an integer, or a string of digits. */
export type Quantity = number | string

const MAX_QUANTITY = 2_147_483_647

/** A digit string can be larger, or smaller, than JSON Schema can say of it. */
export function quantityIssue(value: Quantity | undefined, at: string, least = 0): Issue | undefined {
  if (isQuantity(value, least)) return undefined
  const units = Number(value ?? least)
  if (units > MAX_QUANTITY)
    return { at, rule: 'maximum', message: `is ${value}; it must be at most ${MAX_QUANTITY}`, value, wanted: MAX_QUANTITY }
  return { at, rule: 'minimum', message: `is ${value}; it must be at least ${least}`, value, wanted: least }
}

/** Whether it is neither too large nor too small; what is left out is neither. */
export function isQuantity(value: Quantity | undefined, least = 0): boolean {
  const units = Number(value ?? least)
  return !(units < least || units > MAX_QUANTITY)
}

/** The refusal of a body for such issues; undefined when there are none. */
export function invalid(issues: readonly (Issue | undefined)[]): Problem | undefined {
  const found = issues.filter((issue) => issue !== undefined)
  const [first] = found
  return first && { code: 'request-invalid', detail: `${first.at} ${first.message}`, issues: found }
}
