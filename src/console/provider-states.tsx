import { Fragment, type VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { EntityPage, SessionInfo } from '../client/client.ts'
import type { Asked } from './api.ts'
import { Fields } from './fields.tsx'
import { fieldOf, type FormIssue, type Texts, valueIn } from './form.ts'
import { below, inLine, listOf, membersOf } from './json.ts'
import { Action, counted, Empty, Field, Json, ProblemBox, useLook } from './parts.tsx'
import { addressOf } from './route.ts'

/** The session that states are set up in. */
export interface Session {
  readonly name: string
  /** Undefined of one that has not begun. */
  readonly info: SessionInfo | undefined
  readonly again: () => void
}

interface State {
  readonly state: string
  readonly parameters: unknown
  readonly scenario?: string
  readonly exists?: unknown
  readonly values: readonly string[]
  readonly from: string
  readonly consumers: readonly string[]
}

interface Unmet {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly consumers: readonly string[]
  readonly detail: string
  readonly fix?: string
}

/** What contracts may presuppose, to be set up by hand. */
export function ProviderStates({ session }: { readonly session: Session }): VNode {
  const { value, problem } = useLook<{ readonly states: readonly State[]; readonly unmet: readonly Unmet[] }>('/provider-states')
  const [part, setPart] = useState('')
  const found = value?.states.filter(({ state }) => state.toLowerCase().includes(part.toLowerCase())) ?? []
  return (
    <section class="card">
      <h2>Provider states</h2>
      <p>
        What a verifier of Pact sets up before an interaction. The first begins the session anew; one right after another, with no request
        between, adds to it.
      </p>
      <ProblemBox problem={problem} />
      {!value && !problem && <Empty>Loading …</Empty>}
      {value?.unmet.map(({ state, params, consumers, detail, fix }) => (
        <div key={`${state} ${inLine(params)}`} class="problem">
          <strong>
            {consumers.join(', ')}: {state}
          </strong>
          <p>Its interactions cannot be verified: {detail}.</p>
          {fix !== undefined && <p class="fix">What would do: {fix}</p>}
        </div>
      ))}
      {(value?.states.length ?? 0) > 10 && (
        <div class="pick">
          <Field label="Find a state">
            <input type="search" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
          </Field>
        </div>
      )}
      {value && found.length === 0 && <Empty>None{part === '' ? ': no API brings any, and --states names no file' : ''}.</Empty>}
      <ul class="listed">
        {found.map((state) => (
          <li key={`${state.from} ${state.state}`}>
            <Known state={state} session={session} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Known({ state, session }: { readonly state: State; readonly session: Session }): VNode {
  const [isOpen, setOpen] = useState(false)
  const { consumers } = state
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {state.state} {consumers.length > 0 && <span class="badge">{consumers.join(', ')}</span>}
      </summary>
      {isOpen && <Form state={state} session={session} />}
    </details>
  )
}

function Form({
  state: { state, parameters, scenario, exists, from },
  session,
}: {
  readonly state: State
  readonly session: Session
}): VNode {
  const properties = membersOf(below(parameters, 'properties'))
  const form = fieldOf({ properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, shownAs(one)])) }, {})
  const [texts, setTexts] = useState<Texts>(() =>
    Object.fromEntries(Object.entries(properties).map(([name, one]) => [`/${name}`, examplesOf(one)[0] ?? ''])),
  )
  const issues: FormIssue[] = []
  const params = membersOf(valueIn(form, texts, '', issues))
  return (
    <div class="opened">
      <p class="hint">
        from {from}
        {scenario === undefined ? '' : `; begins from the scenario ${scenario}`}
      </p>
      {exists !== undefined && (
        <details>
          <summary>What it brings in</summary>
          <Json value={exists} label={`What “${state}” brings in`} />
        </details>
      )}
      {form.kind === 'group' && form.fields.length > 0 && (
        <Fields
          fields={form.fields}
          at=""
          texts={texts}
          known={Object.fromEntries(Object.entries(properties).map(([name, one]) => [`/${name}`, examplesOf(one)]))}
          set={(at, text) => setTexts((before) => ({ ...before, [at]: text }))}
        />
      )}
      {issues.map(({ at, message }) => (
        <p key={at} class="problem" role="alert">
          <code>{at}</code> {message}
        </p>
      ))}
      <SetUp state={state} params={params} session={session} label="Set it up" kind="main" isOff={issues.length > 0} />
    </div>
  )
}

/** What takes any scalar takes a text; what contracts give stands beside the field. */
function shownAs(parameter: unknown): unknown {
  const examples = examplesOf(parameter).filter((one) => one !== inLine(below(parameter, 'default')))
  return {
    ...membersOf(parameter),
    ...(Array.isArray(below(parameter, 'type')) && { type: 'string' }),
    ...(examples.length > 0 && { description: `in contracts: ${examples.join(', ')}` }),
  }
}

function examplesOf(parameter: unknown): readonly string[] {
  return listOf(below(parameter, 'examples')).map(inLine)
}

interface SetUpProps {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
  readonly session: Session
  readonly label: string
  readonly kind?: 'main'
  readonly isOff?: boolean
}

/** A button that sets a state up, and what came of it. */
export function SetUp({ state, params, session, label, kind, isOff = false }: SetUpProps): VNode {
  const { name, info, again } = session
  const [done, setDone] = useState<{ readonly session: string; readonly values: unknown; readonly count: number }>()
  const asked: Asked = {
    method: 'POST',
    path: `/../~${encodeURIComponent(name)}/_pact/provider_states`,
    body: { state, ...(Object.keys(params).length > 0 && { params }) },
  }
  const { requests = 0 } = info ?? {}
  return (
    <>
      <div class="actions">
        <Action
          label={`${label} in ${name}`}
          {...(kind && { kind })}
          isOff={isOff}
          asked={asked}
          {...(requests > 0 && { sure: `Begin ${name} anew: what its ${counted(requests, 'request')} made is lost` })}
          onDone={(values) => {
            setDone((before) => ({ session: name, values, count: (before?.count ?? 0) + 1 }))
            again()
          }}
        />
      </div>
      {done && <Brought key={done.count} session={done.session} values={done.values} />}
    </>
  )
}

/** What the session holds now, and what a verifier would put into its request. */
function Brought({ session, values }: { readonly session: string; readonly values: unknown }): VNode {
  const { value, problem } = useLook<EntityPage>(`/sessions/${encodeURIComponent(session)}/entities?changed=true`)
  const told = Object.entries(membersOf(values))
  return (
    <div class="notice good" role="status">
      {told.length > 0 && (
        <dl>
          {told.map(([name, one]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{inLine(one)}</code>
              </dd>
            </Fragment>
          ))}
        </dl>
      )}
      <ProblemBox problem={problem} />
      {value && value.total === 0 && <p>It needs nothing to be brought in.</p>}
      {value && value.total > 0 && (
        <p>
          {session} now holds, beside what was generated: {value.entities.map(({ kind, id }) => `${kind} ${id}`).join(', ')}
          {value.total > value.entities.length ? `, and ${value.total - value.entities.length} more` : ''}.
        </p>
      )}
      <p>
        Requests with <code>Mock-Session: {session}</code> meet it. <a href={addressOf(['sessions', session, 'state'])}>Its state</a>
      </p>
    </div>
  )
}
