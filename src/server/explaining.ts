import { parsedJson } from '../base/decode.ts'
import { basisAt, jsonText, pointerPart, valueAt } from '../base/http.ts'
import type { Explanation } from '../base/refusal.ts'
import { StoreUnavailable } from '../base/problem.ts'
import { isSessionName } from '../base/session-name.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Registry } from '../core/registry.ts'
import { isJson } from '../contract/schema.ts'
import type { FindNearest } from '../contract/nearest.ts'
import type { Service } from '../engine/service.ts'
import { sessionOf } from '../engine/session.ts'
import type { Store } from '../store/store.ts'
import { nearestTo } from './journal.ts'
import type { Handled } from './line.ts'
import { toldOf } from './masked.ts'
import type { Repairs } from './repairs.ts'

export interface ExplainSettings {
  readonly store: Store
  readonly services: readonly Service[]
  readonly registry: Registry
  readonly nearest: FindNearest
  readonly repairs: Repairs
  readonly onFailure: (error: unknown) => void
}

/** Tells more of a past request than the journal keeps: the same where it is explained, and in problem details. */
export interface Explaining {
  /** @param origin what the commands begin with */
  explain(exchange: Exchange, origin: string): Promise<Explanation>
  /** Problem details with what the explanation says. Any other answer, and one that was spoilt on its way, stays as it is. */
  told(handled: Handled, exchange: Exchange, origin: string): Promise<Handled>
}

export function createExplaining({ store, services, registry, nearest, repairs, onFailure }: ExplainSettings): Explaining {
  /** The assumption that shaped the answer, as the session has it, and what decides otherwise. */
  const assumed = async ({ assumption: name, session }: Exchange): Promise<object | undefined> => {
    const row = name === undefined ? undefined : registry.assumptions[name]
    if (name === undefined || !row) return undefined
    const chosen = isSessionName(session) ? await store.look(session, ({ world }) => sessionOf(world)?.assumptions[name]) : undefined
    const value = chosen ?? row.values[0]
    const switches = row.values.filter((other) => other !== value).map((other) => `--assume ${name}=${other}`)
    return { name, value, ...row, switches }
  }

  /** What the document bases the answer on that it has for this. */
  const basis = ({ operation: name, status }: Exchange): unknown => {
    for (const { contract, nameOf } of services) {
      const operation = contract.operations.find(({ id }) => nameOf(id) === name)
      if (!operation) continue
      const at = `/paths/${pointerPart(operation.template)}/${operation.method.toLowerCase()}`
      const answer = `${at}/responses/${operation.statuses.find((one) => one === String(status)) ?? 'default'}`
      const reference = valueAt(contract.content, `${answer}/$ref`)
      const own = typeof reference === 'string' && reference.startsWith('#/') ? basisAt(contract.content, reference.slice(1)) : undefined
      return own ?? basisAt(contract.content, answer)
    }
    return undefined
  }

  const explain: Explaining['explain'] = async (exchange, origin) => {
    const behind = await assumed(exchange)
    const based = exchange.problem && basis(exchange)
    const repair = await repairs.show(exchange, origin)
    return { ...(behind && { assumed: behind }), ...(based !== undefined && { basis: based }), ...(repair && { repair }) }
  }

  return {
    explain,
    async told(handled, exchange, origin) {
      const body = handled.problem && handled.cut === undefined ? parsedJson(handled.text ?? '') : undefined
      if (!isJson(body)) return handled
      const near = nearestTo({ ...exchange, ...toldOf(exchange) }, nearest)
      try {
        const more: Explanation = { ...(near.length > 0 && { nearest: near }), ...(await explain(exchange, origin)) }
        return { ...handled, text: jsonText({ ...body, ...more }) }
      } catch (error) {
        // The request has had its effect: that it is refused is told in any case.
        if (!(error instanceof StoreUnavailable)) onFailure(error)
        return handled
      }
    },
  }
}
