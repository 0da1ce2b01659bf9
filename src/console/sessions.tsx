import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { SessionInfo } from '../client/client.ts'
import { below, inLine, textOf } from './json.ts'
import { Action, counted, Empty, Field, Heading, ProblemBox, spanOf, useLook } from './parts.tsx'
import { addressOf } from './route.ts'

/** As many sessions are shown; a part of a name finds others. */
const MOST = 100

export function Sessions(): VNode {
  const { value, problem, again } = useLook<{ readonly sessions: readonly SessionInfo[] }>('/sessions')
  const [part, setPart] = useState('')
  const all = value?.sessions ?? []
  const found = all.filter(({ name }) => name.includes(part))
  return (
    <>
      <div class="title">
        <Heading>Sessions</Heading>
        <p>Each has data, a clock and faults of its own. A request says in Mock-Session which it is in.</p>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </div>
      <ProblemBox problem={problem} />
      {all.length > 10 && (
        <Field label="Find by name">
          <input type="search" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
        </Field>
      )}
      {!value && !problem && <Empty>Loading …</Empty>}
      <ul class="sessions">
        {found.slice(0, MOST).map((session) => (
          <li key={session.name} class="card">
            <a class="title-link" href={addressOf(['sessions', session.name])}>
              {session.name}
            </a>
            <Summary session={session} />
          </li>
        ))}
      </ul>
      {found.length > MOST && <Empty>{found.length - MOST} more are not shown: find them by name.</Empty>}
      <div class="cards">
        <Begin />
        <BeginFromFile />
      </div>
    </>
  )
}

function Summary({ session }: { readonly session: SessionInfo }): VNode {
  const { requests, changes, size, scenario, seed, clock, age, faults, waiting } = session
  const facts = [
    counted(requests, 'request'),
    counted(changes, 'change'),
    `size ${size}`,
    `began ${spanOf(age) === 'now' ? 'just now' : `${spanOf(age)} ago`}`,
    `clock ${typeof clock === 'string' ? clock : inLine(Object.entries(clock).flat().join(' '))}`,
    scenario === undefined ? undefined : `scenario ${scenario}`,
    `seed ${seed}`,
    faults.length === 0 ? undefined : counted(faults.length, 'fault'),
    waiting === 0 ? undefined : counted(waiting, 'waiting step'),
  ]
  return <ul class="facts">{facts.flatMap((fact) => (fact === undefined ? [] : [<li key={fact}>{fact}</li>]))}</ul>
}

interface Scenarios {
  readonly scenarios: readonly { readonly name: string; readonly description: string }[]
}

function Begin(): VNode {
  const scenarios = useLook<Scenarios>('/scenarios').value?.scenarios ?? []
  const [name, setName] = useState('')
  const [scenario, setScenario] = useState('')
  const [seed, setSeed] = useState('')
  const said = { ...(name !== '' && { name }), ...(scenario !== '' && { scenario }), ...(seed !== '' && { seed }) }
  return (
    <section class="card">
      <h2>Begin a session</h2>
      <div class="fields">
        <Field label="Name" help="made up where none is given">
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
        </Field>
        <Field label="Scenario" help={scenarios.find((one) => one.name === scenario)?.description}>
          <select value={scenario} onChange={(event) => setScenario(event.currentTarget.value)}>
            <option value="">as the server was started</option>
            {scenarios.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </Field>
        <Field label="Seed" help="the same seed gives the same data">
          <input value={seed} onInput={(event) => setSeed(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
        </Field>
      </div>
      <div class="actions">
        <Action label="Begin" kind="main" asked={{ method: 'POST', path: '/sessions', body: said }} onDone={open} />
      </div>
    </section>
  )
}

function BeginFromFile(): VNode {
  const [name, setName] = useState('')
  const [state, setState] = useState<unknown>()
  const [message, setMessage] = useState('')
  const read = async (file: File | undefined): Promise<void> => {
    setState(undefined)
    setMessage('')
    if (!file) return
    try {
      setState(JSON.parse(await file.text()))
    } catch {
      setMessage(`${file.name} is no JSON; take a file that "Save its state" has made`)
    }
  }
  return (
    <section class="card">
      <h2>Begin from a saved state</h2>
      <div class="fields">
        <Field label="Name">
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
        </Field>
        <Field label="File" help="what a session's “Save its state” gave">
          <input type="file" accept=".json,application/json" onChange={(event) => void read(event.currentTarget.files?.[0])} />
        </Field>
      </div>
      {message !== '' && (
        <p class="problem" role="alert">
          {message}
        </p>
      )}
      <div class="actions">
        <Action
          label="Begin from the file"
          isOff={state === undefined}
          asked={{ method: 'POST', path: '/sessions', body: { ...(name !== '' && { name }), state } }}
          onDone={open}
        />
      </div>
    </section>
  )
}

function open(session: unknown): void {
  location.hash = addressOf(['sessions', textOf(below(session, 'name')) ?? ''])
}
