import { describe, expect, it } from 'vitest'
import { HOUR } from '../../src/core/clock.ts'
import { beginSession } from '../../src/core/session.ts'
import { logIn, TOKEN_LIFE } from '../../src/apis/supplier/account.ts'
import type { Kinds } from '../../src/apis/supplier/kinds.ts'
import { type User, userNamed } from '../../src/apis/supplier/user.ts'
import { Entities } from '../../src/core/world.ts'
import { sessionDefaults } from '../support.ts'

const SESSION = beginSession(sessionDefaults(), 0)
const MAX_TOKENS = 1_000

function user(name = 'supplier-1'): User {
  const found = userNamed(name)
  if (!found) throw new Error(`there is no user ${name}`)
  return found
}

/** Logs in at each of these times and gives the tokens of the logins, in their order. */
function logInAt(world: Entities<Kinds>, times: readonly number[]): string[] {
  return times.map((now) => {
    const { token, changes } = logIn(user(), world, SESSION, now)
    for (const change of changes) world.apply(change)
    return token.token
  })
}

const known = (world: Entities<Kinds>, tokens: readonly string[]): string[] =>
  tokens.filter((token) => world.get('token', token) !== undefined)

describe('a token', () => {
  it('lasts two hours', () => {
    expect(TOKEN_LIFE).toBe(2 * HOUR)
    expect(logIn(user(), new Entities<Kinds>(), SESSION, 5).token.expiresAt).toBe(5 + 2 * HOUR)
  })

  it('is another for each login and each seed, and the same for the same of both', () => {
    const [first = '', second = ''] = logInAt(new Entities<Kinds>(), [0, 0])
    expect(second).not.toBe(first)
    expect(logInAt(new Entities<Kinds>(), [HOUR])).toEqual([first])
    const other = logIn(user(), new Entities<Kinds>(), beginSession(sessionDefaults({ seed: '2' }), 0), 0)
    expect(other.token.token).not.toBe(first)
  })
})

describe('tokens', () => {
  it.each<[string, (index: number) => number]>([
    ['on a clock that stands', () => 0],
    ['on a clock that goes', (index) => index],
  ])('are at most a thousand: the oldest is forgotten, %s', (_, timeOf) => {
    const world = new Entities<Kinds>()
    const tokens = logInAt(
      world,
      Array.from({ length: MAX_TOKENS + 3 }, (_none, index) => timeOf(index)),
    )
    expect([...world.all('token')]).toHaveLength(MAX_TOKENS)
    expect(known(world, tokens)).toEqual(tokens.slice(3))
  })
})
