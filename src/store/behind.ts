import { messageFrom } from '../base/problem.ts'
import type { Exchange } from '../core/exchange.ts'
import type { Session } from '../core/session.ts'
import type { Backend, KeptText, Use } from './backend.ts'
import { decode, encode } from './exact-json.ts'
import type { Keeping, Life, StoreSettings } from './store.ts'

/** What need not be kept before the answer: that a session was used, and the requests that changed nothing. And the journal as all servers keep it. */
export interface WrittenBehind {
  /** What is not written yet of a life. */
  of(life: Life): { readonly requests: number; readonly used: number }
  /** What is on its way of a life has come, or is lost. */
  settled(life: Life): Promise<void> | undefined
  add(use: Use): void
  /** Takes out what goes with a change. */
  take(life: Life): Use | undefined
  /** So many bytes were added to the journal. */
  kept(bytes: number): void
  flush(): Promise<void>
  tell(): Promise<void>
  follow(): () => void
  close(): Promise<void>
}

/** It waits so long at most, in milliseconds. */
const DELAY = 100

export function writtenBehind(backend: Backend, { journal, journalBytes, onTrouble }: StoreSettings): WrittenBehind {
  let waiting = new Map<Life, Use>()
  let writing: ReadonlyMap<Life, Use> = new Map()
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> = Promise.resolve()
  let telling: Promise<void> | undefined
  let again: Promise<void> | undefined
  let place = 0
  let added = 0
  let isTrimming = false
  let followers = 0
  let unlisten: Promise<() => void> | undefined

  const add = (use: Use): void => {
    const before = waiting.get(use.life)
    waiting.set(use.life, before ? joined(before, use) : use)
    timer ??= setTimeout(() => void flush().catch(() => undefined), DELAY).unref()
  }

  const flush = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    flushing = flushing.then(write, write)
    return flushing
  }
  const write = async (): Promise<void> => {
    if (waiting.size === 0) return
    const uses = [...waiting.values()]
    writing = waiting
    waiting = new Map()
    try {
      // Where it fails it may have been kept: lost is better than twice.
      await backend.use(uses)
    } finally {
      writing = new Map()
    }
    kept(uses.reduce((sum, { exchanges }) => sum + sizeOf(exchanges), 0))
  }

  const kept = (bytes: number): void => {
    if (bytes === 0) return
    added += bytes
    if (followers > 0) void tell().catch(() => undefined)
    // Sums are made over the whole journal, so it may grow beyond its bound by an eighth.
    if (added <= journalBytes / 8 || isTrimming) return
    added = 0
    isTrimming = true
    backend.trim(journalBytes).then(
      () => (isTrimming = false),
      () => (isTrimming = false),
    )
  }

  const readNews = async (): Promise<void> => {
    await flush()
    for (;;) {
      const { news, gone, isMore } = await backend.news(place)
      for (const one of news) {
        place = one.place
        if (one.kind === 'forgotten') journal.forget(one.name)
        else journal.keep(read(one.text), one.place)
      }
      journal.letGo(gone)
      place = Math.max(place, gone)
      if (!isMore) return
    }
  }
  /** Whoever asks hears of all that was kept before: what is being read just now may have begun earlier. */
  const tell = (): Promise<void> => {
    if (!telling) {
      telling = readNews().finally(() => (telling = undefined))
      return telling
    }
    again ??= telling
      .catch(() => undefined)
      .then(() => {
        again = undefined
        return tell()
      })
    return again
  }

  return {
    of: (life) => waiting.get(life) ?? NOTHING,
    settled: (life) => (writing.has(life) ? flushing.catch(() => undefined) : undefined),
    add,
    take(life) {
      const use = waiting.get(life)
      waiting.delete(life)
      return use
    },
    kept,
    flush,
    tell,
    follow() {
      followers++
      const hear = (): void => void tell().catch(() => undefined)
      unlisten ??= backend.listen(hear)
      // What was kept while nobody listened yet has been said by nobody.
      unlisten.then(hear, (error: unknown) => {
        unlisten = undefined
        onTrouble(messageFrom(error))
      })
      return () => {
        if (--followers > 0) return
        unlisten?.then(
          (end) => end(),
          () => undefined,
        )
        unlisten = undefined
      }
    },
    async close() {
      await flush().catch(() => undefined)
    },
  }
}

const NOTHING = { requests: 0, used: 0 }

function joined(before: Use, after: Use): Use {
  return {
    ...before,
    requests: before.requests + after.requests,
    used: Math.max(before.used, after.used),
    exchanges: [...before.exchanges, ...after.exchanges],
  }
}

function sizeOf(exchanges: readonly KeptText[]): number {
  return exchanges.reduce((sum, { size }) => sum + size, 0)
}

/** A past request as a text: of its session's settings only what its changes are shown by, which stands behind it. */
export function keptText(exchange: Exchange, journal: Keeping): KeptText {
  const { exchange: slim, size } = journal.weighed(exchange)
  const { settings, ...rest } = slim
  const text = encode({ ...rest, settings: undefined })
  return { id: exchange.id, size, text: settings ? `${text}\n${settingsText(settings)}` : text }
}

/** Many requests meet the same settings. */
const written = new WeakMap<Session, string>()

function settingsText(session: Session): string {
  const known = written.get(session)
  if (known !== undefined) return known
  const { from: _, ...own } = session
  const text = encode(own)
  written.set(session, text)
  return text
}

/** @throws Error for a text that is none of ours */
function read(text: string): Exchange {
  const [first = '', second] = text.split('\n')
  const exchange = decode(first)
  if (!isExchange(exchange)) throw new Error('the store holds what is no past request')
  return second === undefined ? exchange : { ...exchange, settings: settingsIn(second) }
}

/** As many as follow one another have the same. */
let last: { readonly text: string; readonly settings: Session | undefined } | undefined

function settingsIn(text: string): Session | undefined {
  if (last?.text === text) return last.settings
  const own = decode(text)
  const settings = isSettings(own)
    ? { ...own, from: { ...own, scenario: { name: undefined, written: {} }, data: {}, timeline: [] } }
    : undefined
  last = { text, settings }
  return settings
}

function isExchange(value: unknown): value is Exchange {
  return typeof value === 'object' && value !== null && 'id' in value && 'replyHeaders' in value && 'changes' in value
}

function isSettings(value: unknown): value is Omit<Session, 'from'> {
  return typeof value === 'object' && value !== null && 'seed' in value && 'epoch' in value
}
