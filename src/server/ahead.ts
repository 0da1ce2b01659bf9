import type { Operation } from '../contract/operation.ts'

/** Who has asked nothing for so long, in milliseconds, does not wait for an answer; nor does anybody else. */
const QUIET = 250
/** So much is compiled at a time, and so long after it whoever has come meanwhile goes first. */
const SLICE = 8
const PAUSE = 20

/** Documents with more operations compile each when it is called: most are never, and what all of them take would be hundreds of megabytes. */
const MOST = 100

/**
 * What can wait until nobody asks for anything: first `quiet` is told, once, and then is compiled what requests would compile at their first
 * use. What does not compile says so when it is called.
 * @param asked how many requests there were
 */
export function doWhenQuiet(
  documents: readonly (readonly Operation[])[],
  asked: () => number,
  isWanted: () => boolean,
  quiet: () => void,
): void {
  const steps = stepsOf(documents.flatMap((operations) => (operations.length > MOST ? [] : operations)))
  let before = asked()
  let told = false
  const go = (): void => {
    if (!isWanted()) return
    const isQuiet = asked() === before
    before = asked()
    if (isQuiet && told) {
      const until = performance.now() + SLICE
      do if (steps.next().done === true) return
      while (performance.now() < until)
    }
    if (isQuiet && !told) {
      told = true
      quiet()
    }
    setTimeout(go, isQuiet ? PAUSE : QUIET).unref()
  }
  setTimeout(go, QUIET).unref()
}

function* stepsOf(operations: readonly Operation[]): Generator<void> {
  for (const operation of operations) {
    try {
      yield* operation.compiling()
    } catch {
      // Nothing is served unchecked: the operation answers 500 with the place.
    }
  }
}
