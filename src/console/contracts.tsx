import { Fragment, type VNode } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { SessionInfo } from '../client/client.ts'
import { inLine } from './json.ts'
import { counted, Empty, Field, Heading, ProblemBox, useLook } from './parts.tsx'
import { ProviderStates, type Session, SetUp } from './provider-states.tsx'
import { addressOf } from './route.ts'

interface Relying {
  readonly consumer: string
  readonly description: string
  readonly states: readonly { readonly name: string; readonly params: Readonly<Record<string, unknown>> }[]
}

interface Covered {
  readonly document: string
  readonly operation: string
  readonly status: string
  readonly consumers: readonly string[]
  readonly interactions: readonly Relying[]
}

type Stray = Relying & { readonly reason: string }

interface Coverage {
  readonly contracts: readonly string[]
  readonly note?: string
  readonly relied: number
  readonly percent: number
  readonly answers: readonly Covered[]
  readonly apart: readonly Covered[]
  readonly strays: readonly Stray[]
}

/** What consumers rely on by their contracts, and what they are given for it. @param name the session that states are set up in */
export function Contracts({ name }: { readonly name: string }): VNode {
  const { value, problem, again } = useLook<Coverage>('/coverage')
  const sessions = useLook<{ readonly sessions: readonly SessionInfo[] }>('/sessions')
  const id = useId()
  const session: Session = { name, info: sessions.value?.sessions.find((one) => one.name === name), again: sessions.again }
  const refresh = (): void => {
    again()
    sessions.again()
  }
  return (
    <>
      <div class="title">
        <Heading>Contracts</Heading>
        <p>Which documented answers consumers rely on, by their pacts, and the provider states that they are given.</p>
        <button type="button" onClick={refresh}>
          Refresh
        </button>
      </div>
      <ProblemBox problem={problem} />
      {!value && !problem && <Empty>Loading …</Empty>}
      {value?.note !== undefined && <p class="notice">What is documented is listed, and nobody relies on it: {value.note}.</p>}
      {value && value.strays.length > 0 && <Strays strays={value.strays} />}
      {value && <Answers coverage={value} />}
      <div class="pick">
        <Field label="Session to set states up in" help="A name that nobody has begins one.">
          <input
            value={name}
            list={id}
            onChange={(event) => {
              location.hash = addressOf(['contracts'], { session: event.currentTarget.value.trim() })
            }}
            spellcheck={false}
            autocomplete="off"
          />
          <datalist id={id}>
            {sessions.value?.sessions.slice(0, MOST_NAMES).map((one) => (
              <option key={one.name} value={one.name} />
            ))}
          </datalist>
        </Field>
      </div>
      {value && value.contracts.length > 0 && <Consumers coverage={value} session={session} />}
      <ProviderStates session={session} />
    </>
  )
}

const MOST_NAMES = 200

function Strays({ strays }: { readonly strays: readonly Stray[] }): VNode {
  return (
    <section class="card">
      <h2>Relying on no documented answer: {counted(strays.length, 'interaction')}</h2>
      <ul class="listed">
        {strays.map(({ consumer, description, reason }) => (
          <li key={`${consumer} ${description}`}>
            <strong>{consumer}</strong> {description}
            <p class="notice">{reason}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}

const NOBODY = 'nobody'

function Answers({ coverage }: { readonly coverage: Coverage }): VNode {
  const { contracts, relied, percent, answers, apart } = coverage
  const [part, setPart] = useState('')
  const [who, setWho] = useState('')
  const consumers = [...new Set(answers.flatMap((answer) => answer.consumers))].toSorted()
  const isWanted = ({ operation, consumers: own }: Covered): boolean =>
    operation.toLowerCase().includes(part.toLowerCase()) && (who === '' || (who === NOBODY ? own.length === 0 : own.includes(who.slice(1))))
  const operations = [...Map.groupBy(answers.filter(isWanted), operationOf)]
  return (
    <section class="card">
      <h2>Documented answers</h2>
      {contracts.length > 0 && (
        <p>
          <strong>
            {relied} of {answers.length}
          </strong>{' '}
          that consumers can rely on are relied on ({percent.toFixed(1)} %), by the pacts in {contracts.join(', ')}. Nobody relies on the
          other {answers.length - relied}.
        </p>
      )}
      <div class="pick">
        <Field label="Find an operation">
          <input type="search" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
        </Field>
        {consumers.length > 0 && (
          <Field label="Relied on by">
            <select value={who} onChange={(event) => setWho(event.currentTarget.value)}>
              <option value="">anybody, or nobody</option>
              <option value={NOBODY}>nobody</option>
              {consumers.map((one) => (
                <option key={one} value={`=${one}`}>
                  {one}
                </option>
              ))}
            </select>
          </Field>
        )}
      </div>
      {operations.length === 0 && <Empty>None.</Empty>}
      <ul class="listed">
        {operations.slice(0, MOST_OPERATIONS).map(([key, own]) => (
          <li key={key}>
            <Operation answers={own} apart={apart.filter((one) => operationOf(one) === key)} isKnown={contracts.length > 0} />
          </li>
        ))}
      </ul>
      {operations.length > MOST_OPERATIONS && (
        <Empty>{operations.length - MOST_OPERATIONS} more operations are not shown: find them by name.</Empty>
      )}
    </section>
  )
}

/** As many operations are shown. */
const MOST_OPERATIONS = 200

function operationOf({ document, operation }: Covered): string {
  return `${document} ${operation}`
}

interface OperationProps {
  readonly answers: readonly Covered[]
  readonly apart: readonly Covered[]
  /** Somebody has said who relies on what. */
  readonly isKnown: boolean
}

function Operation({ answers, apart, isKnown }: OperationProps): VNode {
  const [isOpen, setOpen] = useState(false)
  const { document = '', operation = '' } = answers[0] ?? {}
  const relied = answers.filter(({ consumers }) => consumers.length > 0)
  const others = answers.filter(({ consumers }) => consumers.length === 0)
  const aside = apart.filter(({ consumers }) => consumers.length > 0)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code>{operation}</code>{' '}
        {relied.map(({ status, consumers }) => (
          <Fragment key={status}>
            <span class="badge">
              {status} {consumers.join(', ')}
            </span>{' '}
          </Fragment>
        ))}
        {others.length > 0 && (
          <span class="hint">
            {isKnown && `${NOBODY}: `}
            {others.map(({ status }) => status).join(', ')}
          </span>
        )}
      </summary>
      {isOpen && (
        <div class="opened">
          <p>
            Of <a href={addressOf(['documents', document])}>{document}</a>
          </p>
          {isKnown && (
            <dl>
              {[...answers, ...aside].map(({ status, interactions }) => (
                <AnswerOf key={status} status={status} interactions={interactions} />
              ))}
            </dl>
          )}
          {apart.length > 0 && (
            <p class="hint">
              Not counted, for no consumer can aim at {apart.length === 1 ? 'it' : 'them'}: {apart.map(({ status }) => status).join(', ')}.
            </p>
          )}
        </div>
      )}
    </details>
  )
}

function AnswerOf({ status, interactions }: Pick<Covered, 'status' | 'interactions'>): VNode {
  return (
    <>
      <dt>
        <span class={`status s${status.slice(0, 1)}`}>{status}</span>
      </dt>
      <dd>
        {interactions.length === 0 && <span class="empty">Nobody relies on it.</span>}
        {interactions.map(({ consumer, description, states }) => (
          <div key={`${consumer} ${description}`}>
            <strong>{consumer}</strong> {description}
            {states.length > 0 && <span class="hint"> given {states.map((state) => givenAs(state)).join('; ')}</span>}
          </div>
        ))}
      </dd>
    </>
  )
}

function givenAs({ name, params }: Relying['states'][number]): string {
  return Object.keys(params).length === 0 ? `“${name}”` : `“${name}” with ${inLine(params)}`
}

interface Interaction extends Relying {
  /** What it relies on, or why on nothing. */
  readonly on: readonly string[]
}

function Consumers({ coverage, session }: { readonly coverage: Coverage; readonly session: Session }): VNode {
  const consumers = Map.groupBy(interactionsOf(coverage), ({ consumer }) => consumer)
  return (
    <section class="card">
      <h2>Consumers</h2>
      <ul class="listed">
        {[...consumers]
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .map(([consumer, own]) => (
            <li key={consumer}>
              <Consumer consumer={consumer} interactions={own} session={session} />
            </li>
          ))}
      </ul>
    </section>
  )
}

/** Each interaction once, with all that it relies on. */
function interactionsOf({ answers, apart, strays }: Coverage): readonly Interaction[] {
  const found = [
    ...[...answers, ...apart].flatMap(({ operation, status, interactions }) =>
      interactions.map((one) => ({ ...one, on: `${operation} ${status}` })),
    ),
    ...strays.map(({ reason, ...one }) => ({ ...one, on: `no documented answer: ${reason}` })),
  ]
  const same = Map.groupBy(found, ({ consumer, description, states }) => JSON.stringify([consumer, description, states]))
  return [...same.values()].flatMap((all) => all.slice(0, 1).map((one) => ({ ...one, on: all.map(({ on }) => on) })))
}

interface ConsumerProps {
  readonly consumer: string
  readonly interactions: readonly Interaction[]
  readonly session: Session
}

function Consumer({ consumer, interactions, session }: ConsumerProps): VNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{consumer}</strong> {counted(interactions.length, 'interaction')}
      </summary>
      {isOpen && (
        <ul class="listed opened">
          {interactions.map(({ description, states, on }) => (
            <li key={`${description} ${JSON.stringify(states)}`}>
              {description}
              <p class="hint">relies on {on.join(', ')}</p>
              {states.map((state) => (
                <SetUp key={givenAs(state)} state={state.name} params={state.params} session={session} label={`Set up ${givenAs(state)}`} />
              ))}
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}
