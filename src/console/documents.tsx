import { Fragment, type VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ExampleRequest, SessionInfo } from '../client/client.ts'
import { addressBelow, hasToken } from './api.ts'
import { below, inLine, listOf, membersOf, resolved, textOf } from './json.ts'
import { Action, Empty, Field, Heading, ProblemBox, useLook } from './parts.tsx'
import { addressOf, queryOf } from './route.ts'
import { Try } from './try.tsx'

interface Link {
  readonly name: string
  readonly href: string
  readonly base: string
}

/** What this server answers. */
export function Documents(): VNode {
  const { value, problem } = useLook<{ readonly documents: readonly Link[] }>('/openapi')
  return (
    <>
      <div class="title">
        <Heading>Documents</Heading>
        <p>The OpenAPI documents whose operations this server answers.</p>
      </div>
      <ProblemBox problem={problem} />
      <ul class="listed card">
        {value?.documents.map(({ name, base }) => (
          <li key={name}>
            <a class="title-link" href={addressOf(['documents', name])}>
              {name}
            </a>{' '}
            <code>{base}/…</code>
            <div class="actions">
              <Source name={name} />
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The document as JSON. Links cannot send the control token. */
function Source({ name }: { readonly name: string }): VNode {
  const path = `/openapi/${encodeURIComponent(name)}.json`
  return hasToken() ? <Action label="JSON" asked={{ method: 'GET', path }} file={`${name}.json`} /> : <a href={addressBelow(path)}>JSON</a>
}

interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly parameters: readonly Parameter[]
}

interface Parameter {
  readonly name: string
  readonly place: string
  readonly isRequired: boolean
  readonly description: string | undefined
  readonly schema: unknown
}

/** A document: its operations, and for those that the session holds something for a request that works now. */
export function Document({ name, session }: { readonly name: string; readonly session: string }): VNode {
  const { value: document, problem } = useLook<unknown>(`/openapi/${encodeURIComponent(name)}.json`)
  const links = useLook<{ readonly documents: readonly Link[] }>('/openapi').value?.documents
  const sessions = useLook<{ readonly sessions: readonly SessionInfo[] }>('/sessions').value?.sessions ?? []
  const base = links?.find((link) => link.name === name)?.base
  const [token, setToken] = useState('')
  const examples = useLook<{ readonly examples: readonly ExampleRequest[] }>(
    `/sessions/${encodeURIComponent(session)}/examples?${queryOf({ token })}`,
  )
  const operations = document === undefined ? [] : operationsOf(document)
  const own = examples.value?.examples.filter(({ api }) => api === name) ?? []
  const names = [...new Set([session, 'default', ...sessions.slice(0, MOST_NAMES).map((one) => one.name)])]
  return (
    <>
      <p class="back">
        <a href={addressOf(['documents'])}>Documents</a>
      </p>
      <div class="title">
        <Heading>{name}</Heading>
        <p>{textOf(below(document, 'info', 'title'))}</p>
        <Source name={name} />
      </div>
      <ProblemBox problem={problem} />
      <div class="pick">
        <Field label="Session to try things in" help="Examples are made from what it holds.">
          <select
            value={session}
            onChange={(event) => {
              location.hash = addressOf(['documents', name], { session: event.currentTarget.value })
            }}
          >
            {names.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <Field label="Token to send" help="Who has another token may do other things. Without one: the first that the API knows.">
          <input value={token} onChange={(event) => setToken(event.currentTarget.value)} spellcheck={false} autocomplete="off" />
        </Field>
      </div>
      <ProblemBox problem={examples.problem} />
      {document === undefined && !problem && <Empty>Loading …</Empty>}
      <ul class="listed card">
        {operations.map((operation) => (
          <li key={`${operation.method} ${operation.path}`}>
            <One operation={operation} base={base ?? ''} session={session} example={own.find((one) => isExampleOf(one, operation))} />
          </li>
        ))}
      </ul>
    </>
  )
}

const MOST_NAMES = 200

interface OneProps {
  readonly operation: Operation
  readonly base: string
  readonly session: string
  readonly example: ExampleRequest | undefined
}

function One({ operation, base, session, example }: OneProps): VNode {
  const [isOpen, setOpen] = useState(false)
  const { id, method, path, summary, description, parameters } = operation
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="method">{method}</span> <code>{base + path}</code> {summary} {example && <span class="badge">example</span>}
      </summary>
      {isOpen && (
        <div class="opened">
          {id !== '' && (
            <p>
              <code>{id}</code>, <a href={addressOf(['requests'], { operation: id, session })}>its requests in {session}</a>
            </p>
          )}
          {description !== undefined && <p class="text">{description}</p>}
          {parameters.length > 0 && (
            <dl class="parameters">
              {parameters.map((parameter) => (
                <Fragment key={`${parameter.place} ${parameter.name}`}>
                  <dt>
                    <code>{parameter.name}</code> ({parameter.place}
                    {parameter.isRequired ? ', required' : ''})
                  </dt>
                  <dd>
                    {parameter.description} <span class="hint">{inLine(parameter.schema)}</span>
                  </dd>
                </Fragment>
              ))}
            </dl>
          )}
          {example ? (
            <Try key={JSON.stringify(example)} session={session} example={example} />
          ) : (
            <Empty>There is no example: the session {session} holds nothing for it, or whose token is sent may not do it.</Empty>
          )}
        </div>
      )}
    </details>
  )
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

function operationsOf(document: unknown): readonly Operation[] {
  return Object.entries(membersOf(below(document, 'paths'))).flatMap(([path, written]) => {
    const item = resolved(document, written)
    return METHODS.flatMap((method): Operation[] => {
      const operation = below(item, method)
      if (operation === undefined) return []
      const parameters = [...listOf(below(item, 'parameters')), ...listOf(below(operation, 'parameters'))].map((one) => {
        const parameter = resolved(document, one)
        return {
          name: inLine(below(parameter, 'name')),
          place: inLine(below(parameter, 'in')),
          isRequired: below(parameter, 'required') === true,
          description: textOf(below(parameter, 'description')),
          schema: below(parameter, 'schema'),
        }
      })
      const id = inLine(below(operation, 'operationId'))
      return [
        {
          id,
          method: method.toUpperCase(),
          path,
          summary: textOf(below(operation, 'summary')),
          description: textOf(below(operation, 'description')),
          parameters,
        },
      ]
    })
  })
}

/** By its name, before which the API's stands where several have it. */
function isExampleOf({ operation, api, method }: ExampleRequest, { id, method: own }: Operation): boolean {
  return method === own && (operation === id || operation === `${api}:${id}`)
}
