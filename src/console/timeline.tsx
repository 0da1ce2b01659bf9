import type { VNode } from 'preact'
import type { DuePage, PastRequest, SessionInfo } from '../client/client.ts'
import { Empty, Heading, ProblemBox, spanOf, Status, useLook } from './parts.tsx'
import { addressOf, queryOf } from './route.ts'

const PAGE = 100

/** What went on in a session, by its own clock: requests, what came by itself, faults, and where somebody moved the clock. */
export function Timeline({ name, before }: { readonly name: string; readonly before: string | undefined }): VNode {
  const session = useLook<SessionInfo>(`/sessions/${encodeURIComponent(name)}`)
  const past = useLook<{ readonly requests: readonly PastRequest[]; readonly before?: string }>(
    `/requests?${queryOf({ session: name, before, limit: PAGE })}`,
  )
  // Of what was, an earlier page shows nothing that is still to come.
  const coming = useLook<DuePage>(before === undefined ? `/sessions/${encodeURIComponent(name)}/due?limit=${PAGE}` : undefined)
  const instants = past.value && instantsOf(past.value.requests)
  const again = (): void => {
    session.again()
    past.again()
    coming.again()
  }
  return (
    <>
      <p class="back">
        <a href={addressOf(['sessions'])}>Sessions</a> / <a href={addressOf(['sessions', name])}>{name}</a>
      </p>
      <div class="title">
        <Heading>Timeline of {name}</Heading>
        <p>By its own clock, the earliest first, and then what comes by itself.</p>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </div>
      <ProblemBox problem={session.problem ?? past.problem ?? coming.problem} />
      <nav class="pages" aria-label="Pages">
        {past.value?.before !== undefined && <a href={addressOf(['sessions', name, 'timeline'], { before: past.value.before })}>Earlier</a>}
        {before !== undefined && <a href={addressOf(['sessions', name, 'timeline'])}>To now</a>}
      </nav>
      {instants?.length === 0 && <Empty>Nothing yet.</Empty>}
      <ol class="timeline">
        {instants?.map(({ at, since, events }) => (
          <li key={events[0]?.id}>
            <h2>
              <time dateTime={at}>{at}</time> {since === undefined ? '' : <span class="hint">{spanOf(since)} later</span>}
            </h2>
            <ul>
              {events.map((event) => (
                <Event key={event.id} event={event} />
              ))}
            </ul>
          </li>
        ))}
        {before === undefined && session.value && (
          <li class="now">
            <h2>
              <time dateTime={session.value.now}>{session.value.now}</time> <span class="hint">now</span>
            </h2>
          </li>
        )}
        {coming.value?.due.map(({ origin, name: step, subject, at, reads = 1 }) => (
          <li key={`${step} ${subject}`} class="coming">
            <h2>{at === undefined ? `after ${reads} more ${reads === 1 ? 'read' : 'reads'}` : <time dateTime={at}>{at}</time>}</h2>
            <ul>
              <li class={origin}>
                <span class="what">{WORDS[origin]}</span> {step} <div class="note">{subject}</div>
              </li>
            </ul>
          </li>
        ))}
      </ol>
    </>
  )
}

function Event({ event }: { readonly event: PastRequest }): VNode {
  const { id, origin, method, path, operation, status, problem, fault } = event
  return (
    <li class={fault === undefined ? origin : 'fault'}>
      <span class="what">{WORDS[origin]}</span>{' '}
      <a href={addressOf(['requests', id])}>{origin === 'request' || operation === undefined ? `${method} ${path}` : operation}</a>{' '}
      {origin === 'request' && <Status status={status} />}
      {notesOf(event).map((note) => (
        <div key={note} class="note">
          {note}
        </div>
      ))}
      {fault !== undefined && <div class="note">fault {fault}</div>}
      {problem && <div class="note">refused: {problem.detail}</div>}
    </li>
  )
}

/** What it was about: what a control request said, what has moved, and what has changed without a move. */
function notesOf({ origin, requestBody, changes = [] }: PastRequest): readonly string[] {
  const said = origin === 'control' && requestBody !== undefined && requestBody.length <= MOST_SAID ? [requestBody] : []
  const moved = changes.map(({ kind, id, moves = [] }) => {
    const from = moves.map((move) => `${move.from ?? '(new)'} → ${move.to ?? '(gone)'}`)
    return `${kind} ${id}${from.length === 0 ? '' : ` ${from.join(', ')}`}`
  })
  return [...said, ...moved]
}

const MOST_SAID = 200

const WORDS = { request: 'request', control: 'control', progress: 'step', timeline: 'timeline' } as const

interface Instant {
  readonly at: string
  /** Milliseconds since the one before. */
  readonly since: number | undefined
  readonly events: readonly PastRequest[]
}

/** What the clock showed the same time for stands together. @param requests newest first */
function instantsOf(requests: readonly PastRequest[]): readonly Instant[] {
  const byTime = [...Map.groupBy(requests.toReversed(), ({ time }) => time)]
  return byTime.map(([at, events], place) => {
    const earlier = byTime[place - 1]?.[0]
    return { at, since: earlier === undefined ? undefined : Date.parse(at) - Date.parse(earlier), events }
  })
}
