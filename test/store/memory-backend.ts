import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionName } from '../../src/base/session-name.ts'
import type { Append, Backend, Head, KeptText, News, Outcome } from '../../src/store/backend.ts'
import type { Life } from '../../src/store/store.ts'

interface Row {
  head: Head
  base: number
  pieces: { readonly position: number; readonly text: string }[]
  numbers: { requests: number; controls: number }
  readonly kept: Map<string, readonly string[]>
}

type Kept = News & { readonly size: number; readonly of: SessionName }

/** What a session that is forgotten counts for in the journal. */
const FORGOTTEN = 1_000

/**
 * A backend as a database would be one, in this process: others run between a question and its answer. Work that keeps something outside
 * the log, compares entities by identity or changes what it was given comes to light on it.
 */
export function memoryBackend({ maxSessions = 10_000, time = Date.now, turns = 2 } = {}): Backend {
  const sessions = new Map<SessionName, Row>()
  const bindings = new Map<string, SessionName>()
  const hearing = new Set<() => void>()
  let journal: Kept[] = []
  let place = 0
  let gone = 0

  const others = async (): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await nextTurn()
  }
  const keep = (name: SessionName, exchanges: readonly KeptText[]): void => {
    for (const { text, size } of exchanges) journal.push({ kind: 'kept', place: ++place, text, size, of: name })
    if (exchanges.length > 0) for (const hear of hearing) hear()
  }
  const forget = (name: SessionName): void => {
    journal = journal.filter((one) => one.of !== name || one.kind === 'forgotten')
    journal.push({ kind: 'forgotten', place: ++place, name, size: FORGOTTEN, of: name })
  }

  const appendOne = (one: Append): Outcome => {
    const { name, expected, becomes, piece, exchanges, bind = [], unbind = [], forget: ids = [] } = one
    const row = sessions.get(name)
    if (row?.head.life !== expected?.life || row?.head.position !== expected?.position || (!row && becomes.kind !== 'begins')) return 'lost'
    if (!row && becomes.kind === 'begins' && sessions.size >= maxSessions) return 'full'
    if (bind.some((key) => (bindings.get(key) ?? name) !== name)) return 'lost'
    for (const key of unbind) if (bindings.get(key) === name) bindings.delete(key)
    if (becomes.kind === 'ends' || (becomes.kind === 'begins' && !becomes.keeps))
      for (const [key, other] of bindings) if (other === name) bindings.delete(key)
    if (becomes.kind === 'ends') {
      sessions.delete(name)
      forget(name)
      return 'kept'
    }
    for (const key of bind) bindings.set(key, name)
    if (becomes.kind === 'begins') {
      if (row) forget(name)
      const { life, numbers } = becomes
      const { used, requests, hasChanged } = one
      sessions.set(name, {
        head: { name, life, position: 1, begun: used, used, requests, hasChanged, hasLost: false },
        base: 0,
        pieces: [{ position: 1, text: piece }],
        numbers: { requests: numbers, controls: numbers },
        kept: row && becomes.keeps ? row.kept : new Map(),
      })
    } else if (row) {
      const { head } = row
      const position = head.position + 1
      row.pieces.push({ position, text: piece })
      row.head = {
        ...head,
        position,
        used: Math.max(head.used, one.used),
        requests: head.requests + one.requests,
        hasChanged: head.hasChanged || one.hasChanged,
      }
    }
    const now = sessions.get(name)
    for (const id of ids) now?.kept.delete(id)
    if (one.keep) now?.kept.set(one.keep.id, one.keep.texts)
    keep(name, exchanges)
    return 'kept'
  }
  const rowOf = (name: SessionName, life: Life): Row | undefined => {
    const row = sessions.get(name)
    return row?.head.life === life ? row : undefined
  }

  return {
    async find(known) {
      await others()
      const found = known.flatMap(({ name, life, position }) => {
        const row = sessions.get(name)
        if (!row) return []
        const isWhole = row.head.life !== life || position < row.base || position > row.head.position
        const pieces = row.pieces.filter((one) => isWhole || one.position > position).map(({ text }) => text)
        return [[name, { head: row.head, isWhole, pieces }] as const]
      })
      const answer = { time: time(), sessions: sessions.size, found: new Map(found) }
      await others()
      return answer
    },
    async append(appends) {
      await others()
      const outcomes = appends.map((one) => appendOne(one))
      await others()
      return outcomes
    },
    async takeNumbers(name, life, of, count) {
      await others()
      const row = rowOf(name, life)
      if (!row) return undefined
      row.numbers[of] += count
      return row.numbers[of] - count + 1
    },
    async use(uses) {
      await others()
      for (const { name, life, requests, used, exchanges } of uses) {
        const row = rowOf(name, life)
        if (!row) continue
        row.head = { ...row.head, requests: row.head.requests + requests, used: Math.max(row.head.used, used) }
        keep(name, exchanges)
      }
    },
    async kept(name, id) {
      await others()
      return sessions.get(name)?.kept.get(id)
    },
    async compact(name, life, position, texts) {
      await others()
      const row = rowOf(name, life)
      if (!row || row.base >= position || position > row.head.position) return
      row.pieces = [...texts.map((text) => ({ position, text })), ...row.pieces.filter((one) => one.position > position)]
      row.base = position
    },
    async names() {
      await others()
      return [...sessions.keys()].toSorted()
    },
    async unused(since, most) {
      await others()
      return [...sessions.values()]
        .map(({ head }) => head)
        .filter(({ used }) => used < since)
        .slice(0, most)
    },
    async givingWay() {
      await others()
      return [...sessions.values()]
        .map(({ head }) => head)
        .filter(({ hasChanged }) => !hasChanged)
        .toSorted((a, b) => a.used - b.used)[0]
    },
    async bound(keys) {
      await others()
      return keys.map((key) => bindings.get(key)).find((name) => name !== undefined)
    },
    async news(behind) {
      await others()
      return { news: journal.filter((one) => one.place > behind), gone, isMore: false }
    },
    async trim(bytes) {
      await others()
      let size = journal.reduce((sum, one) => sum + one.size, 0)
      while (size > bytes) {
        const oldest = journal.shift()
        if (!oldest) return
        size -= oldest.size
        gone = oldest.place
        const row = sessions.get(oldest.of)
        if (row && oldest.kind === 'kept') row.head = { ...row.head, hasLost: true }
      }
    },
    async journalBytes() {
      return journal.reduce((sum, one) => sum + one.size, 0)
    },
    async listen(hear) {
      hearing.add(hear)
      return () => void hearing.delete(hear)
    },
    check: async () => undefined,
    close: async () => undefined,
  }
}
