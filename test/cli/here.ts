import { main } from '../../src/cli/main.ts'
import { addressOf, type Ended, Heard } from './process.ts'

type Env = Readonly<Record<string, string>>

/** `allocation-mock` in this process: what a caller sees of it, without the second that a process takes to start. */
class Here extends Heard {
  readonly ended: Promise<Ended>

  constructor(args: readonly string[], env: Env) {
    super()
    const code = main(args, {
      out: (line) => this.hear('out', `${line}\n`),
      err: (line) => this.hear('err', `${line}\n`),
      env,
      isTerminal: false,
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
export const runHere = (args: readonly string[], { env = {} }: { env?: Env } = {}): Promise<Ended> => new Here(args, env).ended

/** A server on a free port, once it is ready. */
export async function serveHere(
  args: readonly string[] = [],
  { env = {} }: { env?: Env } = {},
): Promise<{ server: Here; url: string; port: string }> {
  const server = new Here(['serve', '--port', '0', ...args], env)
  return { server, ...(await addressOf(server)) }
}
