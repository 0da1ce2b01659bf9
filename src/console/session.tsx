import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { DuePage, SessionInfo, Snapshot } from '../client/client.ts'
import { writtenDuration } from '../core/clock.ts'
import { Faults } from './faults.tsx'
import { below, textOf } from './json.ts'
import { Action, Empty, Field, Heading, NoSession, type OfSession, ProblemBox, spanOf, useLook } from './parts.tsx'
import { addressOf } from './route.ts'

/** One session: what it is set to, and all that can be done with it. */
export function Session({ name }: { readonly name: string }): VNode {
  const path = `/sessions/${encodeURIComponent(name)}`
  const { value: session, problem, at, again } = useLook<SessionInfo>(path)
  const of = session && { session, path, at, again }
  return (
    <>
      <p class="back">
        <a href={addressOf(['sessions'])}>Sessions</a>
      </p>
      <div class="title">
        <Heading>{name}</Heading>
        <a href={addressOf(['requests'], { session: name })}>Its requests</a>
        <a href={addressOf(['sessions', name, 'state'])}>Its state</a>
        <a href={addressOf(['sessions', name, 'timeline'])}>Its timeline</a>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </div>
      <NoSession name={name} problem={problem} again={again} />
      {of && (
        <>
          <Facts session={of.session} />
          <div class="cards">
            <Clock {...of} />
            <Whole {...of} />
          </div>
          <Faults {...of} />
          <Snapshots {...of} />
        </>
      )}
    </>
  )
}

function Facts({ session }: { readonly session: SessionInfo }): VNode {
  const assumed = Object.entries(session.assume)
  return (
    <dl class="card">
      <dt>Began</dt>
      <dd>
        {spanOf(session.age) === 'now' ? 'just now' : `${spanOf(session.age)} ago`}
        {session.scenario === undefined ? '' : ` from the scenario ${session.scenario}`}, seed {session.seed}
      </dd>
      <dt>Holds</dt>
      <dd>
        {session.changes} changed, size {session.size}; {session.requests} requests
      </dd>
      {assumed.length > 0 && (
        <>
          <dt>Assumes</dt>
          <dd>{assumed.map(([one, value]) => `${one}=${value}`).join(', ')}</dd>
        </>
      )}
    </dl>
  )
}

function Clock({ session, path, at, again }: OfSession): VNode {
  const [by, setBy] = useState('')
  const isFrozen = typeof session.clock === 'object' && 'frozen' in session.clock
  /** What the clock shows when somebody presses a button. Time goes forward only, so rather a second too late. */
  const now = (): number => Date.parse(session.now) + (isFrozen ? 0 : Date.now() - at + MARGIN)
  const advance = (span: string): { method: 'POST'; path: string; body: unknown } => ({
    method: 'POST',
    path: `${path}/clock/advance`,
    body: { by: span },
  })
  return (
    <section class="card">
      <h2>Clock</h2>
      <p>
        <span class="clock">{session.now}</span> {typeof session.clock === 'string' ? session.clock : Object.keys(session.clock)[0]}
      </p>
      <div class="actions">
        <Action label="Advance 1 hour" asked={advance('1h')} onDone={again} />
        <Action label="Advance 1 day" asked={advance('1d')} onDone={again} />
        {isFrozen ? (
          <Action
            label="Let it run"
            asked={() => ({ method: 'PUT', path: `${path}/clock`, body: { clock: running(now()) } })}
            onDone={again}
          />
        ) : (
          <Action
            label="Freeze it"
            asked={() => ({ method: 'PUT', path: `${path}/clock`, body: { clock: { frozen: new Date(now()).toISOString() } } })}
            onDone={again}
          />
        )}
      </div>
      <div class="inline">
        <Field label="Advance by (90m, 1d12h …)">
          <input value={by} onInput={(event) => setBy(event.currentTarget.value)} placeholder="2h" spellcheck={false} autocomplete="off" />
        </Field>
        <Action label="Advance" isOff={by.trim() === ''} asked={advance(by.trim())} onDone={again} />
      </div>
      <Waiting session={session} path={path} at={at} advance={advance} again={again} />
    </section>
  )
}

const MARGIN = 1_000

/** A clock that goes on from a time: the world's, where that is as good as the same. */
function running(from: number): unknown {
  const by = from - Date.now()
  return by <= 0 && by > -MARGIN ? 'real' : { shifted: `${by < 0 ? '-' : ''}${writtenDuration(Math.abs(by))}` }
}

interface WaitingProps extends OfSession {
  readonly advance: (span: string) => { method: 'POST'; path: string; body: unknown }
}

/** What comes by itself, and when. */
function Waiting({ session, path, at: looked, advance, again }: WaitingProps): VNode {
  const { value, problem } = useLook<DuePage>(`${path}/due?limit=${MOST_DUE}`, String(looked))
  const now = Date.parse(session.now)
  const due = value?.due ?? []
  const next = due.flatMap(({ at }) => (at === undefined ? [] : Date.parse(at) - now)).find((after) => after > 0)
  return (
    <>
      <h3>What comes next</h3>
      <ProblemBox problem={problem} />
      {value?.total === 0 && <Empty>Nothing waits. What has progress and is changed will.</Empty>}
      {due.length > 0 && (
        <ol class="due">
          {due.map(({ name, subject, at, reads }) => (
            <li key={`${at ?? ''} ${name} ${subject}`}>
              <strong>{name}</strong>{' '}
              {at === undefined
                ? `after ${reads ?? 1} more ${reads === 1 ? 'read' : 'reads'}`
                : `in ${spanOf(Date.parse(at) - now)}, ${at}`}
              <div class="hint">{subject}</div>
            </li>
          ))}
        </ol>
      )}
      {value && value.total > due.length && <Empty>{value.total - due.length} more come later.</Empty>}
      {next !== undefined && (
        <div class="actions">
          <Action label="Advance to the next" kind="main" asked={advance(writtenDuration(next))} onDone={again} />
        </div>
      )}
    </>
  )
}

const MOST_DUE = 20

function Whole({ session: { name }, path, again }: OfSession): VNode {
  const [into, setInto] = useState('')
  return (
    <section class="card">
      <h2>The session as a whole</h2>
      <div class="actions">
        <Action label="Export" asked={{ method: 'GET', path: `${path}/export` }} file={`${name}.export.json`} />
        <Action label="Save its state" asked={{ method: 'GET', path: `${path}/state` }} file={`${name}.state.json`} />
      </div>
      <p class="hint">An export repeats all that it was asked; a state is what a session can begin from.</p>
      <div class="inline">
        <Field label="Copy it into">
          <input
            value={into}
            onInput={(event) => setInto(event.currentTarget.value)}
            placeholder="other-way"
            spellcheck={false}
            autocomplete="off"
          />
        </Field>
        <Action
          label="Fork"
          isOff={into === ''}
          asked={{ method: 'POST', path: `${path}/fork`, body: { into } }}
          onDone={(made) => {
            location.hash = addressOf(['sessions', textOf(below(made, 'name')) ?? into])
          }}
        />
      </div>
      <div class="actions">
        <Action
          label="Reset"
          kind="danger"
          sure="Forget all its changes and requests"
          asked={{ method: 'POST', path: `${path}/reset` }}
          onDone={again}
        />
        <Action
          label="Drop"
          kind="danger"
          sure="Drop it for good"
          asked={{ method: 'DELETE', path }}
          onDone={() => {
            location.hash = addressOf(['sessions'])
          }}
        />
      </div>
    </section>
  )
}

function Snapshots({ path, at, again }: OfSession): VNode {
  const { value, problem } = useLook<{ readonly snapshots: readonly Snapshot[] }>(`${path}/snapshots`, String(at))
  const [name, setName] = useState('')
  const placeOf = (snapshot: string): string => `${path}/snapshots/${encodeURIComponent(snapshot)}`
  return (
    <section class="card">
      <h2>Snapshots</h2>
      <ProblemBox problem={problem} />
      {value?.snapshots.length === 0 && <Empty>None. Take one before you try something, and go back to it.</Empty>}
      <ul class="listed">
        {value?.snapshots.map((snapshot) => (
          <li key={snapshot.name}>
            <div>
              <strong>{snapshot.name}</strong> <span class="hint">taken {snapshot.taken}</span>
            </div>
            <div class="actions">
              <Action
                label={`Go back to ${snapshot.name}`}
                asked={{ method: 'POST', path: `${placeOf(snapshot.name)}/restore` }}
                onDone={again}
              />
              <Action
                label={`Drop ${snapshot.name}`}
                kind="danger"
                asked={{ method: 'DELETE', path: placeOf(snapshot.name) }}
                onDone={again}
              />
            </div>
          </li>
        ))}
      </ul>
      <div class="inline">
        <Field label="Name">
          <input
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            placeholder="before"
            spellcheck={false}
            autocomplete="off"
          />
        </Field>
        <Action
          label="Take a snapshot"
          isOff={name === ''}
          asked={{ method: 'POST', path: `${path}/snapshots`, body: { name } }}
          onDone={again}
        />
      </div>
    </section>
  )
}
