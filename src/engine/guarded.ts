import { nearest } from '../base/nearest.ts'
import { PROBLEMS } from '../base/problem.ts'
import type { Api } from '../core/api.ts'
import { isPromise, type Outcome } from '../core/behaviour.ts'

/** A behaviour that fails, or breaks the rules of behaviours; names the API and the operation. */
export class BehaviourError extends Error {
  override readonly name = 'BehaviourError'
}

/** For messages: the behaviour of an operation, and the file that it stands in. */
export function behaviourName(operation: string, { file, name }: Pick<Api, 'file' | 'name'>): string {
  return `the behaviour of ${operation} of ${file ?? name}`
}

/** @throws BehaviourError for what throws, or returns a promise */
export function guarded<Made>(run: () => Made, name: string): Made {
  let made: Made
  try {
    made = run()
  } catch (error) {
    throw new BehaviourError(`${name} throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, { cause: error })
  }
  if (!isPromise(made)) return made
  // One that is rejected, and that nobody listens to, would end the process.
  Promise.resolve(made).catch(() => undefined)
  throw new BehaviourError(`${name} returns a promise; behaviours are synchronous: whatever has to be waited for is done before`)
}

/** What a behaviour has returned, as one that is written in JavaScript may have. @throws BehaviourError for what is not an outcome */
export function outcomeOf(made: Outcome | null | undefined, name: string, { problems }: Pick<Api, 'problems'>): Outcome {
  const wrong = (what: string, fix: string): never => {
    throw new BehaviourError(`${name} ${what}; ${fix}`)
  }
  const kind = typeof made === 'object' && made !== null ? made.kind : undefined
  if (!made || (kind !== 'reply' && kind !== 'refused' && kind !== 'command'))
    return wrong(`returns ${shown(made)}`, 'let it return reply(…) or scene.refuse(…)')
  if (made.kind === 'refused') refusalOf(made, name, { problems })
  if (made.kind !== 'reply') return made
  const { reply, changes } = made
  if (typeof reply !== 'object' || !Array.isArray(changes)) return wrong(`returns ${shown(made)}`, 'make a reply with reply(…)')
  const { status, headers = {}, body } = reply
  if (!Number.isInteger(status) || status < 200 || status > 599)
    return wrong(`answers with the status ${shown(status)}`, 'give a whole number from 200 to 599')
  for (const [header, value] of Object.entries(headers))
    if (!TOKEN.test(header) || typeof value !== 'string' || !FIELD.test(value))
      return wrong(
        `answers with the header ${shown(header)}: ${shown(value)}`,
        'give a text of one line, in ISO 8859-1, by the name of a header',
      )
  if (typeof body === 'function' || typeof body === 'symbol' || typeof body === 'bigint')
    return wrong(`answers with a body that is a ${typeof body}`, 'give what can stand in JSON')
  return made
}

/** @throws BehaviourError for a code that neither the API nor the mock has: nobody could say its status */
export function refusalOf({ problem }: Outcome & { readonly kind: 'refused' }, name: string, { problems }: Pick<Api, 'problems'>): void {
  const code: unknown = typeof problem === 'object' ? problem.code : problem
  if (typeof code === 'string' && (Object.hasOwn(problems, code) || Object.hasOwn(PROBLEMS, code))) return
  const own = Object.keys(problems)
  const known = nearest(String(code), own.length > 0 ? own : Object.keys(PROBLEMS)).slice(0, 5)
  throw new BehaviourError(
    `${name} refuses with ${shown(code)}, which is not in the problems of the API; add it there, or take one of ${known.join(', ')}`,
  )
}

/** RFC 9110, sections 5.1 and 5.5. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
const FIELD = /^[\t\x20-\x7e\x80-\xff]*$/

const MAX_SHOWN = 80

/** Whatever it is, in a line. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN))
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value) ? 'a list' : `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'no members'}`
}
