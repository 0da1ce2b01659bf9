import type { SessionName } from '../base/session-name.ts'

/** Does work on the same session one after the other, in the order in which it comes; work on others goes on meanwhile. */
export function createTurns(): <Result>(name: SessionName, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<SessionName, Promise<unknown>>()
  return async (name, work) => {
    const turn = last.get(name)?.then(work, work) ?? work()
    last.set(name, turn)
    try {
      return await turn
    } finally {
      if (last.get(name) === turn) last.delete(name)
    }
  }
}
