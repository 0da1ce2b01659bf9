import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { below, inLine, membersOf, textOf } from './json.ts'
import type { Content, Example } from './operations.ts'
import { Empty, Json } from './parts.tsx'
import { addressOf } from './route.ts'
import { shownOf } from './schema.ts'

/* Parts of a document. What it writes is shown as text: it may be anybody's. */

/** What a rule is based on: `kind`, `source`, `note` and `assumption` as the bundled documents have them, and whatever else stands there. */
export function Basis({ basis }: { readonly basis: unknown }): VNode | null {
  if (basis === undefined) return null
  const { kind, source, note, assumption, ...rest } = typeof basis === 'string' ? { note: basis } : membersOf(basis)
  const name = textOf(assumption)
  return (
    <p class="basis">
      <span class="kind">{textOf(kind) ?? 'basis'}</span> <Source source={source} />{' '}
      {name !== undefined && (
        <>
          assumption <a href={addressOf(['assumptions', name])}>{name}</a>{' '}
        </>
      )}
      {inLine(note)} {Object.keys(rest).length > 0 && <code>{inLine(rest)}</code>}
    </p>
  )
}

/** Only what a browser opens as a page becomes a link. */
function Source({ source }: { readonly source: unknown }): VNode | null {
  const text = textOf(source)
  if (source === undefined) return null
  if (text === undefined || !/^https?:\/\//i.test(text)) return <span>{inLine(source)}</span>
  return (
    <a href={text} target="_blank" rel="noreferrer">
      {text.replace(/^https?:\/\//i, '')}
    </a>
  )
}

interface SchemaProps {
  readonly document: unknown
  readonly schema: unknown
  /** The basis that it shares where it has none of its own. */
  readonly basis?: unknown
}

/** A schema: what it is, and all that is said of it. */
export function Schema(props: SchemaProps): VNode {
  return (
    <div class="schema">
      <p>
        <Kind {...props} />
      </p>
      <Said {...props} />
    </div>
  )
}

/** What may stand there in a few words, and what that is based on, where it may be shared: in one. */
function Kind({ document, schema, basis }: SchemaProps): VNode {
  const { type, isDeprecated, basis: own } = shownOf(document, schema)
  return (
    <>
      <span class="type">{type}</span> {isDeprecated && <span class="tag">deprecated</span>}{' '}
      {(own ?? basis) !== undefined && <span class="kind">{kindOf(own ?? basis)}</span>}
    </>
  )
}

/** All else, and below it what it is made of, a level at a time. */
function Said({ document, schema, basis }: SchemaProps): VNode {
  const { description, basis: own, rules, below: parts } = shownOf(document, schema)
  return (
    <>
      {description !== undefined && <p class="text">{description}</p>}
      {rules.length > 0 && (
        <ul class="rules">
          {rules.map((rule) => (
            <li key={rule}>
              <Rule text={rule} />
            </li>
          ))}
        </ul>
      )}
      <Basis basis={own} />
      {parts.length > 0 && <Parts document={document} parts={parts} basis={own ?? basis} />}
    </>
  )
}

/** Of a list of thousands the beginning will do. */
const LONG = 400

function Rule({ text }: { readonly text: string }): VNode {
  const [isOpen, setOpen] = useState(false)
  if (text.length <= LONG) return <code>{text}</code>
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code>{text.slice(0, LONG / 4)} …</code>
      </summary>
      {isOpen && <code>{text}</code>}
    </details>
  )
}

function Parts({ document, parts, basis }: Omit<SchemaProps, 'schema'> & { readonly parts: ReturnType<typeof shownOf>['below'] }): VNode {
  return (
    <ul class="members">
      {parts.map(({ name, isProperty, isRequired, schema }, place) => (
        <li key={`${name} ${place}`}>
          <Member name={name} isProperty={isProperty} isRequired={isRequired} document={document} schema={schema} basis={basis} />
        </li>
      ))}
    </ul>
  )
}

interface MemberProps extends SchemaProps {
  readonly name: string
  readonly isProperty: boolean
  readonly isRequired: boolean
}

/** Opened when it is asked for: a schema may hold itself. */
function Member({ name, isProperty, isRequired, ...own }: MemberProps): VNode {
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {isProperty ? <code>{name}</code> : name} {isRequired && <span class="tag">required</span>} <Kind {...own} />
      </summary>
      {isOpen && <Said {...own} />}
    </details>
  )
}

function kindOf(basis: unknown): string {
  return textOf(below(basis, 'kind')) ?? 'basis'
}

/** What a body is made of, in each of its media types. */
export function Contents({ document, contents, basis }: Omit<SchemaProps, 'schema'> & { readonly contents: readonly Content[] }): VNode {
  if (contents.length === 0) return <Empty>No body.</Empty>
  return (
    <>
      {contents.map(({ mediaType, schema, examples }) => (
        <div key={mediaType}>
          {mediaType !== '' && (
            <p>
              <code>{mediaType}</code>
            </p>
          )}
          {schema !== undefined && <Schema document={document} schema={schema} basis={basis} />}
          <Examples examples={examples} />
        </div>
      ))}
    </>
  )
}

export function Examples({ examples }: { readonly examples: readonly Example[] }): VNode {
  return (
    <>
      {examples.map(({ name, summary, value }) => (
        <details key={name}>
          <summary>
            Example{name === 'example' ? '' : ` ${name}`}
            {summary === undefined ? '' : `: ${summary}`}
          </summary>
          <Json value={value} label={`Example ${name}`} />
        </details>
      ))}
    </>
  )
}
