import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ControlProblem, SessionInfo } from '../client/client.ts'
import { problemFrom } from './api.ts'
import { type Line, follow, pageOf } from './follow.ts'
import { type Row, waiting, withNewer } from './journal.ts'
import { Empty, Field, Heading, ProblemBox, Status, timeOfDay, useLook } from './parts.tsx'
import { addressOf, type FilterName, type Filters, queryOf } from './route.ts'

/** Past requests, newest first: the newest as they come, older ones a page at a time. */
export function Requests({ filters }: { readonly filters: Filters }): VNode {
  const isOld = filters.before !== undefined
  const query = queryOf(filters)
  return (
    <>
      <div class="title">
        <Heading>Requests</Heading>
      </div>
      <FilterBar filters={filters} />
      {isOld ? <Older key={query} filters={filters} /> : <Live key={query} filters={filters} />}
    </>
  )
}

function Live({ filters }: { readonly filters: Filters }): VNode {
  const [rows, setRows] = useState<readonly Row[]>()
  const [older, setOlder] = useState<string>()
  const [line, setLine] = useState<Line>({ kind: 'opening' })
  const [isPaused, setPaused] = useState(false)
  const [waits, setWaits] = useState(0)
  // Changed by events, of which hundreds may come in a second: drawn once for each frame.
  const held = useRef<{ rows: readonly Row[]; isPaused: boolean }>({ rows: [], isPaused: false })
  const flush = useRef<() => void>(() => undefined)

  useEffect(() => {
    const stop = new AbortController()
    let frame = 0
    const draw = (): void => {
      frame = 0
      const { rows: newer, isPaused: stays } = held.current
      setWaits(stays ? newer.length : 0)
      if (stays) return
      held.current.rows = []
      setRows((before) => {
        const after = withNewer(before ?? [], newer)
        // What went off the end is older than the last that is shown.
        setOlder((known) => ((before?.length ?? 0) + newer.length > after.length ? after.at(-1)?.id : known))
        return after
      })
    }
    flush.current = draw
    void follow(filters, {
      signal: stop.signal,
      begin(first, before) {
        held.current.rows = []
        setRows(first)
        setOlder(before)
      },
      add(row) {
        held.current.rows = waiting(held.current.rows, row)
        frame ||= requestAnimationFrame(draw)
      },
      line: setLine,
    })
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [])

  const pause = (): void => {
    held.current.isPaused = !isPaused
    setPaused(!isPaused)
    flush.current()
  }
  return (
    <>
      <div class="bar">
        <span role="status" class={`line ${isPaused ? 'paused' : line.kind}`}>
          {isPaused ? `Paused${waits > 0 ? `, ${waits}${waits === 200 ? ' or more' : ''} new` : ''}` : WORDS[line.kind]}
        </span>
        <button type="button" onClick={pause}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {line.kind === 'refused' && <ProblemBox problem={line.problem} />}
      <List rows={rows} />
      <Pages older={older} filters={filters} />
    </>
  )
}

const WORDS = { opening: 'Connecting …', live: 'Live', lost: 'Not connected; trying again', refused: 'Not followed' } as const

function Older({ filters }: { readonly filters: Filters }): VNode {
  const [page, setPage] = useState<{ readonly rows: readonly Row[]; readonly older: string | undefined }>()
  const [problem, setProblem] = useState<ControlProblem>()
  useEffect(() => {
    let isWanted = true
    pageOf(filters).then(
      (found) => isWanted && setPage(found),
      (error: unknown) => isWanted && setProblem(problemFrom(error)),
    )
    return () => {
      isWanted = false
    }
  }, [])
  return (
    <>
      <ProblemBox problem={problem} />
      {!problem && <List rows={page?.rows} />}
      <Pages older={page?.older} filters={filters} />
    </>
  )
}

function Pages({ older, filters }: { readonly older: string | undefined; readonly filters: Filters }): VNode {
  return (
    <nav class="pages" aria-label="Pages">
      {filters.before !== undefined && <a href={addressOf(['requests'], { ...filters, before: undefined })}>Newest</a>}
      {older !== undefined && <a href={addressOf(['requests'], { ...filters, before: older })}>Older</a>}
    </nav>
  )
}

function List({ rows }: { readonly rows: readonly Row[] | undefined }): VNode {
  if (!rows) return <Empty>Loading …</Empty>
  if (rows.length === 0) return <Empty>No request fits. Send one to the mock, or try one under Documents.</Empty>
  return (
    <>
      <div class="row head" aria-hidden="true">
        <span>Time</span>
        <span>Status</span>
        <span>Method</span>
        <span>Path</span>
        <span>Operation</span>
        <span>Session</span>
        <span class="number">ms</span>
      </div>
      <ol class="rows" aria-label="Requests, newest first" onKeyDown={onArrow}>
        {rows.map(itemOf)}
      </ol>
    </>
  )
}

const items = new WeakMap<Row, VNode>()

/** The same for the same row, so that only new ones are drawn. */
function itemOf(row: Row): VNode {
  const item = items.get(row) ?? (
    <li key={row.id}>
      <a class="row" href={addressOf(['requests', row.id])}>
        <time dateTime={row.received}>{timeOfDay(row.received)}</time>
        <Status status={row.status} />
        <span class="method">{row.method}</span>
        <span class="path">
          <code>{row.path}</code>
          {row.note !== undefined && <span class="note">{row.note}</span>}
        </span>
        <span class="operation">{row.origin === 'request' ? row.operation : `${row.operation ?? ''} (${row.origin})`}</span>
        <span class="session">{row.session}</span>
        <span class="number">{row.duration.toFixed(1)}</span>
      </a>
    </li>
  )
  items.set(row, item)
  return item
}

/** Arrows go from row to row. */
function onArrow(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : undefined
  if (by === undefined || !(event.target instanceof HTMLElement)) return
  const next = event.target.closest('li')?.[by]?.querySelector('a')
  if (!next) return
  event.preventDefault()
  next.focus()
}

/** How long who types may think, in milliseconds. */
const TYPING = 350

function FilterBar({ filters }: { readonly filters: Filters }): VNode {
  const sessions = useLook<{ readonly sessions: readonly SessionInfo[] }>('/sessions').value?.sessions ?? []
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const set = (name: FilterName, value: string): void => {
    clearTimeout(timer.current)
    location.hash = addressOf(['requests'], { ...filters, [name]: value, before: undefined })
  }
  const typed = (name: FilterName) => (event: { readonly currentTarget: HTMLInputElement }) => {
    const { value } = event.currentTarget
    clearTimeout(timer.current)
    timer.current = setTimeout(() => set(name, value), TYPING)
  }
  const choice = (name: FilterName, label: string, choices: readonly (readonly [string, string])[]): VNode => {
    const value = filters[name] ?? ''
    const all = value === '' || choices.some(([known]) => known === value) ? choices : [...choices, [value, value] as const]
    return (
      <Field label={label}>
        <select value={value} onChange={(event) => set(name, event.currentTarget.value)}>
          <option value="">any</option>
          {all.map(([known, words]) => (
            <option key={known} value={known}>
              {words}
            </option>
          ))}
        </select>
      </Field>
    )
  }
  const names = sessions.slice(0, MOST_NAMES).map(({ name }) => [name, name] as const)
  const isFiltered = Object.keys(filters).some((name) => name !== 'before')
  return (
    <search class="filters">
      {choice('session', 'Session', names)}
      <Field label="Operation">
        <input value={filters.operation ?? ''} onInput={typed('operation')} spellcheck={false} />
      </Field>
      {choice('status', 'Status', STATUSES)}
      <Field label="Text">
        <input type="search" value={filters.text ?? ''} onInput={typed('text')} placeholder="in path or body" spellcheck={false} />
      </Field>
      {choice('origin', 'Origin', ORIGINS)}
      {choice('refused', 'Refused', [['true', 'refused only']])}
      {choice('unmatched', 'Path', [
        ['true', 'unknown path or method'],
        ['false', 'known'],
      ])}
      {choice('fault', 'Fault', [
        ['true', 'met a fault'],
        ['false', 'met none'],
      ])}
      {isFiltered && <a href={addressOf(['requests'])}>Clear filters</a>}
    </search>
  )
}

/** As many sessions can be chosen; others are in the address. */
const MOST_NAMES = 200
const STATUSES = ['2xx', '3xx', '4xx', '5xx', '400', '401', '403', '404', '409', '422', '429', '500', '503'].map(
  (one) => [one, one] as const,
)
const ORIGINS = [
  ['request', 'requests of apps'],
  ['control', 'control requests'],
  ['progress', 'progress'],
  ['timeline', 'timeline'],
] as const
