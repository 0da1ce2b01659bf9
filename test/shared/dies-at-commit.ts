import { StatementSync } from 'node:sqlite'

/**
 * Imported before a server: once it gets SIGUSR2, it is killed at one of its next commits to a file. DIES_AT_COMMIT says which one and
 * on which side of it: `2 before`, `1 after`. From outside nobody hits that moment on a machine that is busy.
 */

const [nth, side] = (process.env['DIES_AT_COMMIT'] ?? '').split(' ')
let left = Number.POSITIVE_INFINITY
process.on('SIGUSR2', () => (left = Number(nth)))
const die = (): void => void process.kill(process.pid, 'SIGKILL')

const { run } = StatementSync.prototype
Reflect.set(StatementSync.prototype, 'run', function (this: StatementSync, ...values: unknown[]): unknown {
  const isLast = this.sourceSQL === 'COMMIT' && --left === 0
  if (isLast && side === 'before') die()
  const result: unknown = Reflect.apply(run, this, values)
  if (isLast) die()
  return result
})
