import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ExampleRequest } from '../client/client.ts'
import { Command, Field, Json, Status } from './parts.tsx'
import { addressOf } from './route.ts'
import { curlOf, readHeaders, writtenHeaders } from './sent.ts'

type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly id: string | undefined; readonly took: number }
  | { readonly kind: 'none'; readonly message: string }

/** Sends a request as an app would, in the session that is chosen. */
export function Try({ session, example }: { readonly session: string; readonly example: ExampleRequest }): VNode {
  const { method } = example
  const [path, setPath] = useState(example.path)
  const [headers, setHeaders] = useState(writtenHeaders({ ...example.headers, 'Mock-Session': session }))
  const [body, setBody] = useState(example.body === undefined ? '' : JSON.stringify(example.body, null, 2))
  const [answer, setAnswer] = useState<Answer>()
  const read = readHeaders(headers)
  const isOwn = /^\/(?!\/)/.test(path)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (typeof read === 'string' || !isOwn) return
    const began = performance.now()
    try {
      const response = await fetch(location.origin + path, { method, headers: read, ...(body !== '' && { body }) })
      const text = await response.text()
      const id = response.headers.get('Mock-Request-Id') ?? undefined
      setAnswer({ kind: 'answer', status: response.status, text, id, took: performance.now() - began })
    } catch (error) {
      setAnswer({ kind: 'none', message: error instanceof Error ? error.message : String(error) })
    }
  }
  return (
    <form class="try" onSubmit={(event) => void submit(event)}>
      <h3>Try it</h3>
      <Field label={`${method} path`}>
        <input value={path} onInput={(event) => setPath(event.currentTarget.value)} spellcheck={false} />
      </Field>
      <Field label="Headers" help={typeof read === 'string' ? read : undefined}>
        <textarea rows={3} value={headers} onInput={(event) => setHeaders(event.currentTarget.value)} spellcheck={false} />
      </Field>
      {(example.body !== undefined || method !== 'GET') && (
        <Field label="Body">
          <textarea rows={6} value={body} onInput={(event) => setBody(event.currentTarget.value)} spellcheck={false} />
        </Field>
      )}
      {!isOwn && (
        <p class="problem" role="alert">
          The path begins with one slash: requests go to this server only.
        </p>
      )}
      <div class="actions">
        <button type="submit" class="main" disabled={typeof read === 'string' || !isOwn}>
          Send
        </button>
      </div>
      {typeof read !== 'string' && (
        <details>
          <summary>What is sent, as curl</summary>
          <Command text={curlOf(method, location.origin + path, read, body === '' ? undefined : body)} />
        </details>
      )}
      <div role="status">
        {answer?.kind === 'answer' && (
          <p>
            <Status status={answer.status} /> in {answer.took.toFixed(0)} ms.{' '}
            {answer.id !== undefined && <a href={addressOf(['requests', answer.id])}>See what came of it</a>}
          </p>
        )}
        {answer?.kind === 'none' && (
          <p>
            No answer came ({answer.message}). <a href={addressOf(['requests'], { session })}>See the requests of {session}</a>
          </p>
        )}
      </div>
      {answer?.kind === 'answer' && answer.text !== '' && <Json value={answer.text} label="Answer" />}
    </form>
  )
}
