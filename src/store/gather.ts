import { setImmediate } from 'node:timers'

/**
 * Sends together what is asked for at the same time: while as many as may be are on their way, what comes waits, and goes as one.
 * @param send answers as many as it is given, in their order; where it fails, all that it was given fail
 * @param most so many may be on their way at a time
 */
export function gathered<Asked, Answer>(
  send: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
  most: number,
): (asked: Asked) => Promise<Answer> {
  let waiting: { readonly asked: Asked; readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void }[] = []
  let away = 0
  const go = async (): Promise<void> => {
    away++
    while (waiting.length > 0) {
      const sent = waiting.splice(0, LARGEST)
      try {
        const answers = await send(sent.map(({ asked }) => asked))
        for (const [place, { resolve, reject }] of sent.entries()) {
          const answer = answers[place]
          if (answer === undefined) reject(new Error('the store did not answer'))
          else resolve(answer)
        }
      } catch (error) {
        for (const { reject } of sent) reject(error)
      }
    }
    away--
  }
  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject })
      // What comes in the same turn of the event loop goes together: the requests of all connections that had one.
      if (away < most) setImmediate(() => void (waiting.length > 0 && away < most && go()))
    })
}

/** So much goes at once. */
const LARGEST = 200
