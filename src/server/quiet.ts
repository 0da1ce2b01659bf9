import type { Operation } from '../contract/operation.ts'

/** Where nobody has asked anything for so long, in milliseconds, nobody waits for an answer. */
const QUIET = 250
/** So much is done at a time, and so long after it whoever has come meanwhile goes first. */
const SLICE = 8
const PAUSE = 20

/** Does what can wait until nobody asks for anything, step by step. @param asked how many requests there were */
export function doWhenQuiet(steps: Iterator<void>, asked: () => number, isOver: () => boolean): void {
  let before = asked()
  const go = (): void => {
    if (isOver()) return
    const isQuiet = asked() === before
    before = asked()
    if (isQuiet) {
      const until = performance.now() + SLICE
      do if (steps.next().done === true) return
      while (performance.now() < until)
    }
    setTimeout(go, isQuiet ? PAUSE : QUIET).unref()
  }
  setTimeout(go, QUIET).unref()
}

/** Where a document has more operations, each is compiled when it is called: most are never, and what all of them take would be hundreds of megabytes. */
const MOST = 100

/** Compiles what requests would compile at their first use, as long as the documents are in use. What does not compile says so when it is called. */
export function* compileAhead(documents: readonly (readonly Operation[])[], isInUse: () => boolean): Generator<void> {
  if (documents.some(({ length }) => length > MOST)) return
  for (const operations of documents)
    for (const operation of operations) {
      if (!isInUse()) return
      try {
        yield* operation.compiling()
      } catch {
        // Nothing is served unchecked: the operation answers 500 with the place.
      }
    }
}
