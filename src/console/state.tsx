import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ControlProblem, EntityPage, PastRequest } from '../client/client.ts'
import { look, problemFrom } from './api.ts'
import { below, inLine, listOf } from './json.ts'
import { Action, Empty, Field, Heading, Json, ProblemBox, Status, timeOfDay, useLook } from './parts.tsx'
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
  const kinds = listOf(below(document, 'components', 'schemas', 'EntityKind', 'enum')).map(inLine)
  const { value, problem, again } = useLook<EntityPage>(`${path}/entities?${queryOf({ changed: 'true', kind, offset, limit: PAGE })}`)
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
      <ProblemBox problem={problem} />
      {!value && !problem && <Empty>Loading …</Empty>}
      {value?.entities.length === 0 && <Empty>Nothing is changed{kind === undefined ? '' : `, of the kind ${kind}`}.</Empty>}
      <ul class="listed card">
        {value?.entities.map((entity) => (
          <li key={`${entity.kind} ${entity.id}`}>
            <One name={name} path={path} entity={entity} again={again} />
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
  readonly again: () => void
}

function One({ name, path, entity: found, again }: OneProps): VNode {
  const [isOpen, setOpen] = useState(false)
  const { kind, id, changed: _, entity, ...beside } = found
  const status = inLine(below(entity, 'status') ?? below(entity, 'statusCode'))
  const whose = Object.fromEntries(Object.entries(beside).filter(([, value]) => typeof value === 'string'))
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{kind}</strong> <code>{id}</code> {status}
      </summary>
      {isOpen && (
        <div class="opened">
          <Json value={entity} label={`${kind} ${id}`} />
          <ChangedBy name={name} kind={kind} id={id} />
          <div class="actions">
            <Action
              label="Take its next step"
              asked={{ method: 'POST', path: `${path}/steps`, body: { ...whose, [kind]: id } }}
              onDone={again}
            />
          </div>
        </div>
      )}
    </details>
  )
}

/** So many past requests are looked through at a time. */
const LOOKED = 200

interface Found {
  readonly requests: readonly PastRequest[]
  readonly before: string | undefined
  readonly looked: number
}

/** The requests that changed it: the journal is looked through from its end, for it cannot be asked for them. */
function ChangedBy({ name, kind, id }: { readonly name: string; readonly kind: string; readonly id: string }): VNode {
  const [found, setFound] = useState<Found>()
  const [problem, setProblem] = useState<ControlProblem>()
  const search = async (): Promise<void> => {
    try {
      const query = queryOf({ session: name, limit: LOOKED, before: found?.before })
      const { requests, before } = await look<{ requests: readonly PastRequest[]; before?: string }>(`/requests?${query}`)
      const own = requests.filter(({ changes = [] }) => changes.some((change) => change.kind === kind && isOf(change.id, id)))
      setFound({ requests: [...(found?.requests ?? []), ...own], before, looked: (found?.looked ?? 0) + requests.length })
    } catch (error) {
      setProblem(problemFrom(error))
    }
  }
  return (
    <div>
      <h2>Requests that changed it</h2>
      <ProblemBox problem={problem} />
      <ul>
        {found?.requests.map(({ id: request, received, method, path, status }) => (
          <li key={request}>
            <a href={addressOf(['requests', request])}>
              {timeOfDay(received)} {method} <code>{path}</code>
            </a>{' '}
            <Status status={status} />
          </li>
        ))}
      </ul>
      {found && <p class="hint">{found.requests.length === 0 ? `None of ${found.looked} requests.` : `Of ${found.looked} requests.`}</p>}
      {(!found || found.before !== undefined) && (
        <button type="button" onClick={() => void search()}>
          {found ? 'Look further back' : 'Find them'}
        </button>
      )}
    </div>
  )
}

/** What is kept of an entity that belongs to somebody has that one before its id, whose parts are then not parted. */
function isOf(kept: string, id: string): boolean {
  return kept === id || kept.endsWith(`/${id}`) || (id.includes(' ') && plain(kept).endsWith(plain(id)))
}

function plain(id: string): string {
  return id.replaceAll(/[\s\p{Cc}]/gu, '')
}
