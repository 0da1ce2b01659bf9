import { decoded } from '../base/decode.ts'
import { UsageError } from '../base/problem.ts'
import type { EXPLAIN_OPTIONS } from './config.ts'
import { explanation } from './explanation.ts'
import type { Io } from './io.ts'
import { type RunningMock, runningMock } from './running.ts'
import type { Settings } from './settings.ts'

/**
 * Prints one past request of a running mock in words.
 * @param given its id, or its address as it stands at the end of a log line; without one, the last that was refused
 * @returns the exit code
 * @throws UsageError where the journal holds none of this id
 */
export async function explain(
  given: string | undefined,
  { session, ...settings }: Settings<typeof EXPLAIN_OPTIONS>,
  io: Io,
): Promise<number> {
  const [, url, encoded] = /^(https?:\/\/.+?)\/__mock\/requests\/([^/?#]+)$/s.exec(given ?? '') ?? []
  const id = encoded === undefined ? given : decoded(encoded)
  const mock = runningMock({ ...settings, ...(url !== undefined && { url }) })
  const ofClients = { origin: 'request', ...(session !== undefined && { session }) } as const
  // What would do in its place is told of one request alone, and not in a list.
  const wanted = id ?? (await mock.past({ ...ofClients, refused: true }, 1)).at(0)?.id
  const request = wanted === undefined ? undefined : await mock.one(wanted)
  if (request) for (const line of explanation(request)) io.out(line)
  else if (id === undefined)
    io.out(`${session === undefined ? mock.url : `The session ${session}`} has refused no request that the journal still holds.`)
  else throw new UsageError(await unknown(mock, id))
  return 0
}

/** How many are named in place of one that is not there. */
const MOST_NAMED = 5

async function unknown(mock: RunningMock, id: string): Promise<string> {
  const latest = (await mock.past({ origin: 'request' }, MOST_NAMED)).toReversed()
  const said = `the journal of ${mock.url} holds no request "${id}"`
  if (latest.length === 0) return `${said}, nor any other`
  return `${said}; the latest are ${latest.map(({ id: one, method, path, status }) => `${one} (${status} ${method} ${path})`).join(', ')}`
}
