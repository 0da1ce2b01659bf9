import type { ExchangeFilter } from '../core/behaviour.ts'
import type { Store } from '../store/store.ts'
import type { Journal } from './journal.ts'

/** Whoever reads a stream. */
export interface Reader {
  /** False when it should not be given more until it is ready again. */
  write(text: string): boolean
  /** Calls back once, when it is ready again. */
  onReady(callback: () => void): void
  /** Sends a last text, and closes. */
  end(text?: string): void
}

/** Text that is sent as it comes. Begins with a call; @returns what ends it */
export type Stream = (reader: Reader) => () => void

export interface Events {
  /** As many as may follow at a time do. */
  readonly isFull: boolean
  readonly most: number
  /** How many follow. */
  readonly count: number
  /**
   * The exchanges that fit, each as it is kept, as server-sent events. Begins behind the exchange with the id `after` where the journal
   * still holds it, else with the next one.
   */
  follow(filter: ExchangeFilter, after: string | undefined): Stream
  /** Ends every stream. */
  close(): void
}

/** So often there is something on each line, in milliseconds: proxies close those on which nothing comes for a minute. */
const HEARTBEAT = 15_000

/**
 * Nothing is queued for a reader: it has a place in the journal and is given what stands behind it as fast as it reads. One whose
 * place the journal has forgotten is too slow, and is told so.
 */
export function createEvents(journal: Journal, store: Pick<Store, 'follow'>, most: number): Events {
  const followers = new Set<{ beat(): void; end(): void }>()
  let timer: NodeJS.Timeout | undefined
  // As many readers as there may be are told of the same exchange: it is written out once.
  let last: { readonly shown: object; readonly text: string } | undefined
  const exchangeText = (shown: object, id: string | undefined): string => {
    if (last?.shown !== shown) last = { shown, text: eventOf('exchange', shown, id) }
    return last.text
  }
  const add = (follower: { beat(): void; end(): void }): void => {
    followers.add(follower)
    timer ??= setInterval(() => followers.forEach((one) => one.beat()), HEARTBEAT).unref()
  }
  const remove = (follower: { beat(): void; end(): void }): void => {
    followers.delete(follower)
    if (followers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    most,
    get isFull() {
      return followers.size >= most
    },
    get count() {
      return followers.size
    },
    follow: (filter, after) => (reader) => {
      const known = after === undefined ? undefined : journal.placeOf(after)
      let place = known ?? journal.placeOf() ?? 0
      let isReady = true
      const write = (text: string): boolean => {
        isReady = reader.write(text)
        if (!isReady)
          reader.onReady(() => {
            isReady = true
            pump()
          })
        return isReady
      }
      const end = (text?: string): void => {
        stop()
        reader.end(text)
      }
      const pump = (): void => {
        if (!followers.has(follower)) return
        if (place < journal.gone) {
          end(eventOf('dropped', { detail: 'the journal has forgotten requests that this reader was too slow for' }))
          return
        }
        for (let goesOn = isReady; goesOn;) {
          const { place: next, id, shown } = journal.next(place, filter)
          place = next
          goesOn = shown !== undefined && write(exchangeText(shown, id))
        }
      }
      const follower = {
        end,
        beat() {
          if (isReady) write(':\n\n')
        },
      }
      const unwatch = journal.watch(pump)
      const unfollow = store.follow()
      const stop = (): void => {
        unwatch()
        unfollow()
        remove(follower)
      }
      add(follower)
      write(': each exchange as it is kept\n\n')
      if (after !== undefined && known === undefined)
        write(eventOf('lost', { detail: `the journal holds no request "${after}": what came after it may be missing` }))
      pump()
      return stop
    },
    close() {
      for (const follower of followers) follower.end()
    },
  }
}

function eventOf(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
