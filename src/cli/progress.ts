import { inLine } from '../base/shown.ts'
import { type Outside, watched } from './io.ts'

/** How far long work has come, told to whoever watches it: one line of the terminal, written over and over. */
export interface Progress {
  /** @param what is done: another thing, or less of it than before, begins anew */
  tell(what: string, done: number, total: number): void
  /** Takes the line away, before something else is written and at the end. */
  erase(): void
}

/** Sooner nobody wonders, and an estimate is a guess; in milliseconds. */
const PATIENCE = 1_000
/** More often nobody can read it, in milliseconds. */
const INTERVAL = 100

/** A terminal need not say how wide it is. */
const USUAL_WIDTH = 80

/** Goes to the beginning of the line, and takes away what stands behind (ECMA-48, EL). */
const ERASE = '\r\u001B[K'

interface Told {
  readonly what: string
  readonly done: number
  readonly at: number
}

export function createProgress(outside: Outside): Progress {
  const { now = () => performance.now() } = outside
  const terminal = watched(outside, 'err')
  if (!terminal) return { tell: () => undefined, erase: () => undefined }
  const first = now()
  let begun: Told | undefined
  let last = 0
  let drawn: number | undefined
  return {
    tell(what, done, total) {
      const at = now()
      if (what !== begun?.what || done < last) begun = { what, done, at }
      last = done
      if (at - first < PATIENCE || (drawn !== undefined && at - drawn < INTERVAL)) return
      drawn = at
      const text = `${what}: ${done} of ${total}, ${percent(done, total)} %${left({ done, at }, begun, total)}`
      // One that reaches the edge would become two, of which one stays.
      terminal.write(`${ERASE}${inLine(text).slice(0, (terminal.columns || USUAL_WIDTH) - 1)}`)
    },
    erase() {
      if (drawn === undefined) return
      drawn = undefined
      terminal.write(ERASE)
    },
  }
}

function percent(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done * 100) / total)
}

/** By the rate since it was first told; nothing where that is not known yet. */
function left({ done, at }: Omit<Told, 'what'>, begun: Told, total: number): string {
  if (done <= begun.done || done >= total) return ''
  return `, ${Math.ceil(((at - begun.at) * (total - done)) / (done - begun.done) / 1_000)} s left`
}
