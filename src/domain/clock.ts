/** What a session's clock shows. Times are milliseconds since 1970, UTC. */
export type Clock = { readonly kind: 'real' } | { readonly kind: 'frozen'; readonly at: number }

export const DAY = 86_400_000
export const HOUR = 3_600_000

/** The session's time when the world's is `real`. */
export function timeOf(clock: Clock, real: number): number {
  switch (clock.kind) {
    case 'real':
      return real
    case 'frozen':
      return clock.at
    default:
      return clock satisfies never
  }
}

/** The beginning of the UTC day. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY) * DAY
}

/** `2018-08-23T16:07:35.864000Z`: as RFC 3339 has it, with as many digits of a second as asked for. */
export function timestamp(time: number, digits: 6 | 9): string {
  return `${new Date(time)
    .toISOString()
    .slice(0, -1)
    .padEnd(20 + digits, '0')}Z`
}

/** `2019-01-01` */
export function date(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
