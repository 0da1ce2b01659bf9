import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Assumption } from '../client/client.ts'
import { below, textOf } from './json.ts'
import { Action, Empty, Field, Heading, ProblemBox, useLook } from './parts.tsx'
import { addressOf } from './route.ts'

/** What the documents do not say, and how this mock decides. @param name the one that is to be seen first */
export function Assumptions({ name }: { readonly name: string | undefined }): VNode {
  const { value, problem } = useLook<{ readonly assumptions: readonly Assumption[] }>('/assumptions')
  const [part, setPart] = useState('')
  const wanted = part.toLowerCase()
  const found = (value?.assumptions ?? []).filter((one) => `${one.name} ${one.question}`.toLowerCase().includes(wanted))
  return (
    <>
      <div class="title">
        <Heading>Assumptions</Heading>
        <p>
          What the documents do not say, and how this mock decides. Whoever knows the real service better begins a session that decides
          otherwise.
        </p>
      </div>
      <ProblemBox problem={problem} />
      {!value && !problem && <Empty>Loading …</Empty>}
      <Field label="Find">
        <input type="search" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
      </Field>
      {value && found.length === 0 && <Empty>None.</Empty>}
      {found.map((one) => (
        <OneAssumption key={one.name} assumption={one} isWanted={one.name === name} />
      ))}
    </>
  )
}

function OneAssumption({ assumption, isWanted }: { readonly assumption: Assumption; readonly isWanted: boolean }): VNode {
  const { name, value, values, question, reason, source } = assumption
  const others = values.filter((one) => one !== value)
  const [other, setOther] = useState(others[0] ?? value)
  const card = useRef<HTMLElement>(null)
  useEffect(() => {
    if (isWanted) card.current?.scrollIntoView()
  }, [isWanted])
  return (
    <section class="card" ref={card}>
      <h2>
        <code>{name}</code>
      </h2>
      <p>{question}</p>
      <dl>
        <dt>Here</dt>
        <dd>{value}</dd>
        <dt>Because</dt>
        <dd>{reason}</dd>
        <dt>Source</dt>
        <dd>{source}</dd>
      </dl>
      <div class="fields">
        <Field label={`Another value of ${name}`}>
          <select value={other} onChange={(event) => setOther(event.currentTarget.value)}>
            {others.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
      </div>
      <div class="actions">
        <Action
          label={`Begin a session with ${name}=${other}`}
          asked={{ method: 'POST', path: '/sessions', body: { assume: { [name]: other } } }}
          onDone={(session) => (location.hash = addressOf(['sessions', textOf(below(session, 'name')) ?? '']))}
        />
      </div>
    </section>
  )
}
