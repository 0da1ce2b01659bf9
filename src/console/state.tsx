import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { EntityPage, PastRequest, SessionInfo } from '../client/client.ts'
import { below, inLine, listOf } from './json.ts'
import { type LifeCycle, waysOf } from './life-cycle.ts'
import { LifeCycleCard } from './life-cycle-card.tsx'
import { Action, Empty, Field, Heading, Json, type Looked, NoSession, ProblemBox, Status, useLook } from './parts.tsx'
import { addressOf, queryOf } from './route.ts'

const PAGE = 25

type Entity = EntityPage['entities'][number]

interface StateProps {
  readonly name: string
  readonly kind: string | undefined
  readonly offset: number
}

/** What a session has changed, kind by kind. */
export function State({ name, kind, offset }: StateProps): VNode {
  const path = `/sessions/${encodeURIComponent(name)}`
  const document = useLook<unknown>('/openapi/control.json').value
  const tables = useLook<{ readonly lifeCycles: readonly LifeCycle[] }>('/life-cycles').value?.lifeCycles ?? []
  const kinds = listOf(below(document, 'components', 'schemas', 'EntityKind', 'enum')).map(inLine)
  // Of a session that does not exist the entities would be those that it begins with.
  const session = useLook<SessionInfo>(path)
  const entities = `${path}/entities?${queryOf({ changed: 'true', kind, offset, limit: PAGE })}`
  const { value, problem, again } = useLook<EntityPage>(session.value && entities)
  const here = (more: { readonly kind?: string | undefined; readonly offset?: number }): string =>
    addressOf(['sessions', name, 'state'], { kind, ...more })
  const total = value?.total ?? 0
  return (
    <>
      <p class="back">
        <a href={addressOf(['sessions'])}>Sessions</a> / <a href={addressOf(['sessions', name])}>{name}</a>
      </p>
      <div class="title">
        <Heading>State of {name}</Heading>
        <p>What requests have changed, or a scenario has brought in. All else is as generated.</p>
        <button type="button" onClick={again}>
          Refresh
        </button>
      </div>
      <div class="pick">
        <Field label="Kind">
          <select
            value={kind ?? ''}
            onChange={(event) => {
              location.hash = here({ kind: event.currentTarget.value })
            }}
          >
            <option value="">those that are listed together</option>
            {kinds.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
      </div>
      <NoSession name={name} problem={session.problem} again={session.again} />
      <ProblemBox problem={problem} />
      {!value && !problem && !session.problem && <Empty>Loading …</Empty>}
      {value?.entities.length === 0 && <Empty>Nothing is changed{kind === undefined ? '' : `, of the kind ${kind}`}.</Empty>}
      <ul class="listed card">
        {value?.entities.map((entity) => (
          <li key={`${entity.kind} ${entity.id}`}>
            <One name={name} path={path} entity={entity} table={tables.find((table) => table.kind === entity.kind)} again={again} />
          </li>
        ))}
      </ul>
      {total > 0 && (
        <nav class="pages" aria-label="Pages">
          <span>
            {offset + 1} to {Math.min(offset + PAGE, total)} of {total}
          </span>
          {offset > 0 && <a href={here({ offset: Math.max(0, offset - PAGE) })}>Before</a>}
          {offset + PAGE < total && <a href={here({ offset: offset + PAGE })}>Next</a>}
        </nav>
      )}
    </>
  )
}

interface OneProps {
  readonly name: string
  readonly path: string
  readonly entity: Entity
  readonly table: LifeCycle | undefined
  readonly again: () => void
}

function One({ name, path, entity: found, table, again }: OneProps): VNode {
  const [isOpen, setOpen] = useState(false)
  const { kind, id, changed: _, entity, states = [], ...beside } = found
  const whose = Object.fromEntries(Object.entries(beside).filter(([, value]) => typeof value === 'string'))
  const status = states.length > 0 ? shortOf(states) : inLine(below(entity, 'status') ?? below(entity, 'statusCode'))
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{kind}</strong> <code>{id}</code> {status}
      </summary>
      {isOpen && <Opened name={name} path={path} entity={found} whose={whose} table={table} again={again} />}
    </details>
  )
}

/** The states of its parts, each once. */
function shortOf(states: NonNullable<Entity['states']>): string {
  return [...new Set(states.map(({ state }) => state))].join(', ')
}

interface OpenedProps extends OneProps {
  readonly whose: Readonly<Record<string, unknown>>
}

function Opened({ name, path, entity: { kind, id, entity, states = [] }, whose, table, again }: OpenedProps): VNode {
  const query = queryOf({ session: name, changed: `${kind}/${id}`, limit: 50 })
  // What has changed since has another state.
  const requests = useLook<Past>(`/requests?${query}`, JSON.stringify(states))
  return (
    <div class="opened">
      {table && states.length > 0 && (
        <LifeCycleCard name={name} table={table} states={states} came={waysOf(requests.value?.requests ?? [], kind, id)} />
      )}
      <div class="actions">
        <Action
          label="Take its next step"
          asked={{ method: 'POST', path: `${path}/steps`, body: { ...whose, [kind]: id } }}
          onDone={again}
        />
      </div>
      <ChangedBy name={name} kind={kind} id={id} requests={requests} />
      <Json value={entity} label={`${kind} ${id}`} />
    </div>
  )
}

/** The requests that changed it, newest first. */
function ChangedBy({ name, kind, id, requests }: Known & { readonly requests: Looked<Past> }): VNode {
  const { value, problem } = requests
  return (
    <div>
      <h2>What changed it</h2>
      <ProblemBox problem={problem} />
      {value?.requests.length === 0 && <Empty>No request that the journal still holds.</Empty>}
      <ol class="listed">
        {value?.requests.map(({ id: request, time, origin, method, path, operation, status }) => (
          <li key={request}>
            <a href={addressOf(['requests', request])}>{origin === 'progress' ? operation : `${method} ${path}`}</a>{' '}
            <Status status={status} /> <span class="hint">{time}</span>
          </li>
        ))}
      </ol>
      {value?.before !== undefined && <a href={addressOf(['requests'], { session: name, changed: `${kind}/${id}` })}>All of them</a>}
    </div>
  )
}

interface Known {
  readonly name: string
  readonly kind: string
  readonly id: string
}

interface Past {
  readonly requests: readonly PastRequest[]
  readonly before?: string
}
