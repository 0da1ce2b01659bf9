import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ExampleRequest, SessionInfo } from '../client/client.ts'
import { addressBelow, hasToken } from './api.ts'
import { below, listOf, textOf } from './json.ts'
import { OneOperation } from './operation.tsx'
import { type Operation, operationsOf } from './operations.ts'
import { Action, Empty, Field, Heading, ProblemBox, useLook } from './parts.tsx'
import { addressOf, queryOf } from './route.ts'

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

/** A document: its operations by tag, and for those that the session holds something for a request that works now. */
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
        <p>
          {textOf(below(document, 'info', 'title'))} {textOf(below(document, 'info', 'version'))}
        </p>
        <Source name={name} />
      </div>
      <ProblemBox problem={problem} />
      <About text={textOf(below(document, 'info', 'description'))} />
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
      {groupsOf(document, operations).map(({ tag, description, operations: some }) => (
        <section key={tag} class="card group">
          {tag !== undefined && <h2>{tag}</h2>}
          {description !== undefined && <p class="text">{description}</p>}
          <ul class="listed">
            {some.map((operation) => (
              <li key={`${operation.method} ${operation.path}`}>
                <OneOperation document={document} operation={operation} base={base ?? ''} session={session} examples={own} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

const MOST_NAMES = 200

function About({ text }: { readonly text: string | undefined }): VNode | null {
  if (text === undefined) return null
  return (
    <details class="about">
      <summary>About the API</summary>
      <p class="text">{text}</p>
    </details>
  )
}

interface Group {
  readonly tag: string | undefined
  readonly description: string | undefined
  readonly operations: readonly Operation[]
}

/** In the order of the document's tags; what has none comes last. */
function groupsOf(document: unknown, operations: readonly Operation[]): readonly Group[] {
  const tags = listOf(below(document, 'tags'))
  const byTag = Map.groupBy(operations, ({ tag }) => tag)
  const order = [...tags.map((tag) => textOf(below(tag, 'name'))), ...byTag.keys()].filter((tag) => tag !== undefined)
  return [...new Set([...order, undefined])].flatMap((tag) => {
    const some = byTag.get(tag)
    const description = textOf(
      below(
        tags.find((one) => below(one, 'name') === tag),
        'description',
      ),
    )
    return some ? [{ tag, description: tag === undefined ? undefined : description, operations: some }] : []
  })
}
