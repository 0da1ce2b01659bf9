import type { VNode } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { EntityPage } from '../client/client.ts'
import { type Came, type LifeCycle, onwards, pictureOf, STATE } from './life-cycle.ts'
import { Empty, Field } from './parts.tsx'
import { addressOf } from './route.ts'

interface LifeCycleCardProps {
  readonly name: string
  readonly table: LifeCycle
  readonly states: NonNullable<EntityPage['entities'][number]['states']>
  readonly came: readonly Came[]
}

/** Where it stands in its life cycle, what brought it there, and what leads on; of one part at a time, where it has parts. */
export function LifeCycleCard({ name, table, states, came }: LifeCycleCardProps): VNode {
  const [chosen, setChosen] = useState(states[0]?.part)
  const now = states.find(({ part }) => part === chosen)?.state
  const ways = came.filter(({ part }) => part === chosen)
  return (
    <section class="life">
      <h2>Life cycle</h2>
      {states.length > 1 && (
        <div class="pick">
          <Field label={table.part ?? 'part'}>
            <select value={chosen ?? ''} onChange={(event) => setChosen(event.currentTarget.value)}>
              {states.map(({ part, state }) => (
                <option key={part} value={part}>
                  {part} ({state})
                </option>
              ))}
            </select>
          </Field>
        </div>
      )}
      <div class="drawn">
        <figure>
          <Drawing table={table} now={now} came={ways} />
          <figcaption class="hint">
            <span class="came">The way it came</span>, <span class="next">what leads on</span>.
          </figcaption>
        </figure>
        <div>
          <h3>What brought it to {now}</h3>
          {ways.length === 0 && <Empty>It was so when the session began, or the journal no longer knows.</Empty>}
          <ol class="listed">
            {ways.map(({ request, from, to }) => (
              <li key={`${request.id} ${from ?? ''} ${to ?? ''}`}>
                {from ?? '(new)'} → <strong>{to ?? '(gone)'}</strong> by{' '}
                <a href={addressOf(['requests', request.id])}>{request.operation ?? request.path}</a>{' '}
                <span class="hint">{request.time}</span>
              </li>
            ))}
          </ol>
          <h3>What leads on</h3>
          {now !== undefined && <Onwards name={name} table={table} now={now} />}
        </div>
      </div>
    </section>
  )
}

function Onwards({ name, table, now }: { readonly name: string; readonly table: LifeCycle; readonly now: string }): VNode {
  const moves = onwards(table, now)
  if (moves.length === 0) return <Empty>Nothing: from {now} it goes nowhere.</Empty>
  return (
    <ul class="listed">
      {moves.map(({ by, origin, text, to, when }) => (
        <li key={`${by} ${to ?? ''} ${when ?? ''}`}>
          → <strong>{to ?? '(gone)'}</strong> by{' '}
          {origin === 'request' ? <a href={addressOf(['documents', table.api], { session: name })}>{by}</a> : <>the step {by}</>}
          {when !== undefined && `, when ${when}`}
          {text !== undefined && <div class="hint">{text}</div>}
        </li>
      ))}
    </ul>
  )
}

/** A table of the same stands beside it, in words. */
function Drawing({
  table,
  now,
  came,
}: {
  readonly table: LifeCycle
  readonly now: string | undefined
  readonly came: readonly Came[]
}): VNode {
  const id = useId()
  const { width, height, states, arcs } = pictureOf(table, now, came)
  const middle = STATE.x + STATE.width / 2
  return (
    <svg
      class="states"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={`${table.part ?? table.kind}: ${table.states.join(', ')}${now === undefined ? '' : `; now ${now}`}`}
    >
      <defs>
        {ARROWS.map((kind) => (
          <marker
            key={kind}
            id={`${id}-${kind}`}
            class={kind}
            viewBox="0 0 6 6"
            refX="5"
            refY="3"
            markerWidth="8"
            markerHeight="8"
            orient="auto"
            markerUnits="userSpaceOnUse"
          >
            <path d="M0 0 L6 3 L0 6 z" />
          </marker>
        ))}
      </defs>
      {arcs.map(({ from, to, path, kind }) => (
        <path key={`${from} ${to}`} class={`arc ${kind}`} d={path} marker-end={`url(#${id}-${kind})`} />
      ))}
      {states.map(({ name, y, isNow, begins, ends }) => (
        <g key={name} class={isNow ? 'state now' : 'state'}>
          {begins && <circle class="start" cx={STATE.x - 10} cy={y + STATE.height / 2} r="4" />}
          {ends && <circle class="end" cx={STATE.x + STATE.width + 10} cy={y + STATE.height / 2} r="4" />}
          <rect x={STATE.x} y={y} width={STATE.width} height={STATE.height} rx="6" />
          <text x={middle} y={y + STATE.height / 2} text-anchor="middle" dominant-baseline="central">
            {name}
          </text>
        </g>
      ))}
    </svg>
  )
}

const ARROWS = ['other', 'next', 'came'] as const
