import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ControlProblem, SessionInfo } from '../client/client.ts'
import { problemFrom } from './api.ts'
import { type Line, follow, pageOf } from './follow.ts'
import { MOST_ROWS, type Page, type Row, waiting, withNewer } from './journal.ts'
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
  const [page, setPage] = useState<Page>()
  const [waits, setWaits] = useState(0)
  const [line, setLine] = useState<Line>({ kind: 'opening' })
  const [isPaused, setPaused] = useState(false)
  // What events change, of which hundreds may come in a second: it is drawn once for each frame.
  const held = useRef<{ page: Page; newer: readonly Row[]; isPaused: boolean }>({ page: NOTHING, newer: [], isPaused: false })

  const draw = (): void => {
    const { current } = held
    if (!current.isPaused) {
      current.page = withNewer(current.page, current.newer)
      current.newer = []
      setPage(current.page)
    }
    setWaits(current.newer.length)
  }
  useEffect(() => {
    const stop = new AbortController()
    let frame = 0
    const drawLater = (): void => {
      frame ||= requestAnimationFrame(() => {
        frame = 0
        draw()
      })
    }
    void follow(filters, {
      signal: stop.signal,
      begin(first) {
        held.current.page = first
        held.current.newer = []
        setPage(first)
      },
      add(row) {
        held.current.newer = waiting(held.current.newer, row)
        drawLater()
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
    draw()
  }
  return (
    <>
      <div class="bar">
        <span role="status" class={`line ${isPaused ? 'paused' : line.kind}`}>
          {isPaused ? 'Paused' : WORDS[line.kind]}
        </span>
        {waits > 0 && (
          <span>
            {waits}
            {waits === MOST_ROWS ? ' or more' : ''} new
          </span>
        )}
        <button type="button" onClick={pause}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {line.kind === 'refused' && <ProblemBox problem={line.problem} />}
      <List rows={page?.rows} />
      <Pages older={page?.older} filters={filters} />
    </>
  )
}

const NOTHING: Page = { rows: [], older: undefined }

const WORDS = { opening: 'Connecting …', live: 'Live', lost: 'Not connected; trying again', refused: 'Not followed' } as const

function Older({ filters }: { readonly filters: Filters }): VNode {
  const [page, setPage] = useState<Page>()
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

function FilterBar({ filters }: { readonly filters: Filters }): VNode {
  const sessions = useLook<{ readonly sessions: readonly SessionInfo[] }>('/sessions').value?.sessions ?? []
  // The way back leads to the view before, not to each word that was typed.
  const set = (name: FilterName, value: string): void =>
    location.replace(addressOf(['requests'], { ...filters, [name]: value, before: undefined }))
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
      <Typed label="Operation" value={filters.operation ?? ''} placeholder="its name" set={(text) => set('operation', text)} />
      {choice('status', 'Status', STATUSES)}
      <Typed label="Text" value={filters.text ?? ''} placeholder="in path or body" set={(text) => set('text', text)} />
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
      {filters.changed !== undefined && (
        <Typed label="Changed" value={filters.changed} placeholder="kind/id" set={(text) => set('changed', text)} />
      )}
      {isFiltered && <a href={addressOf(['requests'])}>Clear filters</a>}
    </search>
  )
}

interface TypedProps {
  readonly label: string
  readonly value: string
  readonly placeholder: string
  readonly set: (text: string) => void
}

/** How long who types may think, in milliseconds. */
const TYPING = 350

/** A filter that is typed: what stands there counts once nobody types. */
function Typed({ label, value, placeholder, set }: TypedProps): VNode {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (timer.current === undefined) setText(value)
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  const typed = (event: { readonly currentTarget: HTMLInputElement }): void => {
    const { value: now } = event.currentTarget
    setText(now)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      timer.current = undefined
      set(now)
    }, TYPING)
  }
  return (
    <Field label={label}>
      <input type="search" value={text} onInput={typed} placeholder={placeholder} spellcheck={false} autocomplete="off" />
    </Field>
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
