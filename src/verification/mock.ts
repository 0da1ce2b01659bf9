import { ControlError, type MockSession } from '../client/client.ts'
import { plain } from '../base/exact.ts'
import { ask } from './ask.ts'
import type { MockAccess } from './mock-access.ts'
import type { Interaction, ProviderState } from './pact/pact.ts'
import type { Fields } from './pact/value.ts'
import type { Prepared } from './pact/part-verifier.ts'
import type { Outcomes } from './pact/verify.ts'
import { fieldWords, stateWords } from './pact/words.ts'
import type { VerifyContractsOptions } from './options.ts'
import type { Subject } from './subjects.ts'

/** A mock of our own, for as long as it is asked. */
export async function askMock(subjects: readonly Subject[], options: VerifyContractsOptions, { open }: MockAccess): Promise<Outcomes> {
  if (subjects.length === 0) return new Map()
  const { states, assume } = options
  const own = { ...(states !== undefined && { states }), ...(assume && { assume }) }
  await using mock = await open({ maxSessions: MAX_SESSIONS, journalBytes: 0, ...own })
  const { url } = mock
  let number = 0
  const prepare = ({ states: wanted }: Interaction): Promise<Prepared> => setUp(mock.session(`verify-${++number}`), wanted)
  // While one process has its states set up, or starts, the others verify.
  return await ask('mock', subjects, options, [{ baseUrl: url }, { baseUrl: url }, { baseUrl: url }], prepare)
}

/** Each interaction has a session of its own. */
const MAX_SESSIONS = 1_000_000

/** Sets up the states of an interaction in a session that nobody has used. */
async function setUp(session: MockSession, states: readonly ProviderState[]): Promise<Prepared> {
  let values: Fields = {}
  for (const { name, params } of states)
    try {
      values = { ...values, ...params, ...inFormOf(params, await session.setState(name, params)) }
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      const { problem } = error
      return { kind: 'refused', reason: { message: stateWords(name, fieldWords({ ...problem })), code: problem.code } }
    }
  return { kind: 'ready', headers: session.headers, values }
}

/** What a state has returned; a parameter that comes back keeps the form that the pact gave its number. */
function inFormOf(params: Fields, returned: Readonly<Record<string, unknown>>): Fields {
  return Object.fromEntries(Object.entries(returned).map(([name, value]) => [name, plain(params[name]) === value ? params[name] : value]))
}
