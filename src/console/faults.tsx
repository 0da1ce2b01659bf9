import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ExampleRequest, KnownFault } from '../client/client.ts'
import { look } from './api.ts'
import { Fields } from './fields.tsx'
import { type Field, fieldOf, type FormIssue, type NamedField, type Texts, valueIn } from './form.ts'
import { below, inLine, pointed, textOf } from './json.ts'
import { Action, Empty, type OfSession, ProblemBox, useLook } from './parts.tsx'

/** What goes wrong in a session. */
export function Faults({ path, at, again }: OfSession): VNode {
  const { value, problem } = useLook<{ readonly faults: readonly KnownFault[] }>(`${path}/faults`, String(at))
  const faults = value?.faults ?? []
  return (
    <section class="card">
      <h2>Faults</h2>
      <ProblemBox problem={problem} />
      {value && faults.length === 0 && <Empty>None: requests are well.</Empty>}
      <ul class="listed">
        {faults.map((fault) => (
          <li key={fault.id}>
            <Told fault={fault} />
            <div class="actions">
              <Action
                label={`Switch ${fault.id} off`}
                asked={{ method: 'DELETE', path: `${path}/faults/${encodeURIComponent(fault.id)}` }}
                onDone={again}
              />
            </div>
          </li>
        ))}
      </ul>
      {faults.length > 1 && (
        <div class="actions">
          <Action label="Switch all off" kind="danger" asked={{ method: 'DELETE', path: `${path}/faults` }} onDone={again} />
        </div>
      )}
      <Arm path={path} onArmed={again} />
    </section>
  )
}

function Told({ fault: { id, spent, calledSoFar, ...what } }: { readonly fault: KnownFault }): VNode {
  return (
    <div>
      <strong>{id}</strong>{' '}
      <code>
        {Object.entries(what)
          .map(([member, value]) => `${member}=${inLine(value)}`)
          .join(' ')}
      </code>
      <div class="hint">
        {spent ? 'spent: it befalls no request any more' : 'armed'}
        {calledSoFar === undefined ? '' : `; ${calledSoFar} requests have matched it`}
      </div>
    </div>
  )
}

/** What testers want most often; the form shows what each is made of. */
const READY: readonly (readonly [string, Texts])[] = [
  ['Outage', { '/status': '503' }],
  ['Slow', { '/fixedDelayMilliseconds': '3000' }],
  ['Lost answer, once', { '/calls': '1', '/at': 'after', '/fault': 'EMPTY_RESPONSE' }],
  ['Too many requests', { '/limit/requests': '5', '/limit/per': '1m' }],
]

/** These fields come first, the others behind "More". */
const FIRST: readonly string[] = ['status', 'fault', 'fixedDelayMilliseconds', 'operation', 'calls', 'at']

function Arm({ path, onArmed }: { readonly path: string; readonly onArmed: () => void }): VNode {
  const form = useFaultForm()
  const examples = useLook<{ readonly examples: readonly ExampleRequest[] }>(`${path}/examples`).value?.examples ?? []
  const [texts, setTexts] = useState<Texts>({})
  if (!form) return <Empty>Loading the form …</Empty>
  const issues: FormIssue[] = []
  const body = valueIn(form, texts, '', issues) ?? {}
  const set = (at: string, text: string): void => setTexts((before) => ({ ...before, [at]: text }))
  const all = form.kind === 'group' ? form.fields : []
  const known = { '/operation': examples.map(({ operation }) => operation) }
  const first = FIRST.flatMap((one) => all.filter(({ name }) => name === one))
  const others = all.filter((field) => !first.includes(field))
  const part = (fields: readonly NamedField[]): VNode => <Fields fields={fields} at="" texts={texts} known={known} set={set} />
  return (
    <form class="arm" onSubmit={(event) => event.preventDefault()}>
      <h3>Arm a fault</h3>
      <p>
        {READY.map(([label, ready]) => (
          <button key={label} type="button" onClick={() => setTexts(ready)}>
            {label}
          </button>
        ))}
        <button type="button" class="quiet" onClick={() => setTexts({})}>
          Clear the form
        </button>
      </p>
      {part(first)}
      <details open={others.some(({ name }) => Object.keys(texts).some((at) => at.split(/[/?]/)[1] === name))}>
        <summary>More: whom it befalls, how often, when, and what is answered</summary>
        {part(others)}
      </details>
      {issues.map(({ at, message }) => (
        <p key={at} class="problem" role="alert">
          <code>{at}</code> {message}
        </p>
      ))}
      <div class="actions">
        <Action
          label="Arm the fault"
          kind="main"
          isOff={issues.length > 0 || Object.keys(body).length === 0}
          asked={{ method: 'POST', path: `${path}/faults`, body }}
          onDone={onArmed}
        />
      </div>
    </form>
  )
}

/** The form that the control document has for a fault, whose schema stands in a file beside it. */
function useFaultForm(): Field | undefined {
  const [form, setForm] = useState<Field>()
  useEffect(() => {
    const read = async (): Promise<void> => {
      let document = await look<unknown>('/openapi/control.json')
      let schema = below(document, 'paths', '/sessions/{name}/faults', 'post', 'requestBody', 'content', 'application/json', 'schema')
      for (let ref = textOf(below(schema, '$ref')); ref !== undefined; ref = textOf(below(schema, '$ref'))) {
        const [file = '', pointer = ''] = ref.split('#')
        if (file !== '') document = await look<unknown>(`/openapi/${encodeURIComponent(file)}`)
        schema = pointed(document, pointer)
      }
      setForm(fieldOf(schema, document))
    }
    read().catch(() => setForm({ kind: 'json' }))
  }, [])
  return form
}
