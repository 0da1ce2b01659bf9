import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ExampleRequest } from '../client/client.ts'
import { Basis, Contents, Examples, Schema } from './described.tsx'
import { madeFor } from './made.ts'
import type { Answer, Operation, Parameter } from './operations.ts'
import { addressOf } from './route.ts'
import { Try } from './try.tsx'

interface OperationProps {
  readonly document: unknown
  readonly operation: Operation
  /** What stands before the document's paths. */
  readonly base: string
  readonly session: string
  /** Requests to the same API that succeed now. */
  readonly examples: readonly ExampleRequest[]
}

/** An operation: all that its document says of it, and a request to try. */
export function OneOperation({ document, operation, base, session, examples }: OperationProps): VNode {
  const [isOpen, setOpen] = useState(false)
  const { method, path, summary, isDeprecated } = operation
  const example = examples.find((one) => isExampleOf(one, operation))
  const made = isOpen && !example ? madeFor(document, operation, base, examples) : undefined
  const request = example ?? made?.request
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="method">{method}</span> <code>{base + path}</code> {summary} {isDeprecated && <span class="tag">deprecated</span>}{' '}
        {example && <span class="badge">example</span>}
      </summary>
      {isOpen && (
        <div class="opened">
          <About operation={operation} session={session} />
          {made && (
            <p class="hint">
              There is no example: the session {session} holds nothing for it, or whose token is sent may not do it. What is sent below is
              made from the document{made.open.length === 0 ? '' : `, which gives no value for ${made.open.join(', ')}: fill it in`}.
            </p>
          )}
          {request && <Try key={JSON.stringify(example)} session={session} example={request} />}
          {operation.parameters.length > 0 && (
            <section>
              <h3>Parameters</h3>
              <Parameters document={document} parameters={operation.parameters} />
            </section>
          )}
          {operation.body && (
            <section>
              <h3>Body{operation.body.isRequired ? ', required' : ''}</h3>
              {operation.body.description !== undefined && <p class="text">{operation.body.description}</p>}
              <Basis basis={operation.body.basis} />
              <Contents document={document} contents={operation.body.contents} basis={operation.body.basis ?? operation.basis} />
            </section>
          )}
          <section>
            <h3>Answers</h3>
            {operation.answers.map((answer) => (
              <OneAnswer key={answer.status} document={document} answer={answer} basis={operation.basis} />
            ))}
          </section>
        </div>
      )}
    </details>
  )
}

function About({ operation: { id, description, basis, security }, session }: Pick<OperationProps, 'operation' | 'session'>): VNode {
  return (
    <>
      {id !== '' && (
        <p>
          <code>{id}</code>, <a href={addressOf(['requests'], { operation: id, session })}>its requests in {session}</a>
        </p>
      )}
      {description !== undefined && <p class="text">{description}</p>}
      <Basis basis={basis} />
      {security.length > 0 && <p class="hint">Credentials: {security.join(', or ')}</p>}
    </>
  )
}

function Parameters({
  document,
  parameters,
}: {
  readonly document: unknown
  readonly parameters: readonly (Omit<Parameter, 'place'> & { readonly place?: string })[]
}): VNode {
  return (
    <ul class="members">
      {parameters.map(({ name, place = '', isRequired, isDeprecated, description, basis, schema, examples }) => (
        <li key={`${place} ${name}`}>
          <p>
            <code>{name}</code> {place} {isRequired && <span class="tag">required</span>}{' '}
            {isDeprecated && <span class="tag">deprecated</span>}
          </p>
          {description !== undefined && <p class="text">{description}</p>}
          <Basis basis={basis} />
          {schema !== undefined && <Schema document={document} schema={schema} basis={basis} />}
          <Examples examples={examples} />
        </li>
      ))}
    </ul>
  )
}

function OneAnswer({
  document,
  answer: { status, description, basis, headers, contents },
  basis: shared,
}: {
  readonly document: unknown
  readonly answer: Answer
  readonly basis: unknown
}): VNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{status}</strong> {description}
      </summary>
      {isOpen && (
        <div class="opened">
          <Basis basis={basis} />
          {headers.length > 0 && <Parameters document={document} parameters={headers} />}
          <Contents document={document} contents={contents} basis={basis ?? shared} />
        </div>
      )}
    </details>
  )
}

/** By its name, before which the API's stands where several have it. */
function isExampleOf({ operation, api, method }: ExampleRequest, { id, method: own }: Operation): boolean {
  return method === own && (operation === id || operation === `${api}:${id}`)
}
