import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
export const BIN = join(ROOT, 'bin/allocation-mock.js')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** What runs: what it has written so far, and its end. */
export abstract class Heard {
  out = ''
  err = ''
  abstract readonly ended: Promise<Ended>
  #heard: (() => void)[] = []

  /** The first match in what is written to standard output or error, once it is there; rejects when it ends without it. */
  async until(pattern: RegExp, stream: 'out' | 'err' = 'out'): Promise<RegExpExecArray> {
    const end = this.ended.then(({ code, err }) => Promise.reject(new Error(`ended with ${code} before ${pattern}: ${err}`)))
    // Where it is found without waiting, nobody hears of the end.
    end.catch(() => undefined)
    for (;;) {
      const found = pattern.exec(this[stream])
      if (found) return found
      await Promise.race([new Promise<void>((resolve) => this.#heard.push(resolve)), end])
    }
  }

  protected hear(stream: 'out' | 'err', text: string): void {
    this[stream] += text
    const waiting = this.#heard
    this.#heard = []
    for (const resolve of waiting) resolve()
  }
}

/** A process. */
export class Running extends Heard {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>

  constructor(
    command: string,
    args: readonly string[],
    { env = {}, cwd = ROOT, input }: { env?: Record<string, string>; cwd?: string; input?: string } = {},
  ) {
    super()
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ALLOCATION_MOCK_')))
    this.child = spawn(command, args, { cwd, env: { ...clean, ...env }, stdio: 'pipe' })
    this.child.stdin?.end(input)
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.hear('out', text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.hear('err', text))
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) => resolve({ code, signal, out: this.out, err: this.err }))
    })
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal)
    return this.ended
  }
}

/** `allocation-mock` with these arguments, as it is built, in a process of its own: for what only a process can show. `here.ts` is quicker. */
export function run(args: readonly string[], options: { env?: Record<string, string>; cwd?: string } = {}): Running {
  return new Running(process.execPath, [BIN, ...args], options)
}

/** A server on a free port, once it is ready. @param start the command with these arguments: as it is built, unless said otherwise */
export async function serve(
  args: readonly string[] = [],
  options: { env?: Record<string, string>; cwd?: string } = {},
  start: typeof run = run,
): Promise<{ server: Running; url: string; port: string }> {
  const server = start(['serve', '--port', '0', ...args], options)
  return { server, ...(await addressOf(server)) }
}

/** Where a server listens, once it is ready. */
export async function addressOf(server: Heard): Promise<{ url: string; port: string }> {
  const [, url = '', port = ''] = await server.until(/ready on (http:\/\/\S+:(\d+)) /)
  return { url, port }
}
