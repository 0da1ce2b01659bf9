import { jsonText, type MockReply, type Problem } from '../base/http.ts'
import { refusal } from '../base/refusal.ts'
import type { Registry } from '../core/registry.ts'
import { publicTokens } from '../recording/export.ts'
import { withoutSecretMembers } from '../base/secret.ts'
import { createStandIns } from '../recording/stand-ins.ts'

/** How long a file may be that is read again: in characters, and as a session counts bytes. */
const MAX_SAVED = 10_000_000

/** Why a session is too large to be saved, by what it takes in memory: to write it all out would keep everybody waiting. */
export function tooLarge({ bytes }: { readonly bytes: number }): Problem | undefined {
  return bytes > MAX_SAVED ? tooMany(bytes, 'bytes in memory') : undefined
}

function tooMany(count: number, what: string): Problem {
  return {
    code: 'session-too-large',
    detail: `the session takes ${count} ${what}, at most ${MAX_SAVED} can be saved`,
    fix: 'export it, or keep it as a snapshot',
  }
}

interface Saved {
  readonly scenario: object
  readonly changes: readonly { readonly kind: string; readonly id: string }[]
}

/**
 * What was saved of a session, with a text of the same length in the place of each secret, the same for the same. Tokens that logins gave
 * out are a function of the seed, which stands beside them, and stay: clients that hold one go on.
 */
export function fileOf(state: Saved, registry: Registry): MockReply {
  const issued = new Set(state.changes.flatMap(({ kind, id }) => (registry.kinds.get(kind)?.row.listed === 'never' ? id : [])))
  const known = publicTokens(registry)
  const { replace } = createStandIns((text) => issued.has(text) || known.has(text))
  // Piece by piece: most speak of no secret, and are not looked through.
  const scenario = withoutSecretMembers(state.scenario, replace)
  const changes = state.changes.map((change) => withoutSecretMembers(change, replace))
  const body = { ...state, scenario, changes }
  const { length } = jsonText(body)
  return length > MAX_SAVED ? refusal(tooMany(length, 'characters')) : { status: 200, body }
}
