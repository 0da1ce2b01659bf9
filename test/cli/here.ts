import type { Outside } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import { addressOf, type Ended, Heard } from './process.ts'

/** What of its surroundings a command is given. */
type Given = Partial<Pick<Outside, 'env' | 'terminals' | 'now'>>

/** `allocation-mock` in this process: what a caller sees of it, without the second that a process takes to start. */
class Here extends Heard {
  readonly ended: Promise<Ended>

  constructor(args: readonly string[], given: Given) {
    super()
    const code = main(args, {
      out: (line) => this.hear('out', `${line}\n`),
      err: (line) => this.hear('err', `${line}\n`),
      env: {},
      ...given,
    })
    this.ended = code.then((code) => ({ code, signal: null, out: this.out, err: this.err }))
  }

  /** As a signal does it: every server of this process hears it. */
  async stop(): Promise<Ended> {
    process.emit('SIGTERM')
    return this.ended
  }
}

/** What a command writes and ends in. */
export const runHere = (args: readonly string[], given: Given = {}): Promise<Ended> => new Here(args, given).ended

/** A server on a free port, once it is ready. */
export async function serveHere(args: readonly string[] = [], given: Given = {}): Promise<{ server: Here; url: string; port: string }> {
  const server = new Here(['serve', '--port', '0', ...args], given)
  return { server, ...(await addressOf(server)) }
}
