import type { ComponentChildren, VNode } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { ControlProblem, SessionInfo } from '../client/client.ts'
import { writtenDuration } from '../core/clock.ts'
import { type Asked, ask, commandOf, look, problemFrom, send } from './api.ts'

/** What views are made of. */

export interface Looked<T> {
  readonly value: T | undefined
  readonly problem: ControlProblem | undefined
  /** When it was answered, by this machine's clock. */
  readonly at: number
  /** Asks again. */
  readonly again: () => void
}

/** What the control API answers to a read: asked when the path, or `state`, is another, or when somebody says `again`. */
export function useLook<T>(path: string | undefined, state = ''): Looked<T> {
  const [asked, setAsked] = useState(0)
  const [found, setFound] = useState<{
    readonly path?: string
    readonly value?: T
    readonly problem?: ControlProblem
    readonly at?: number
  }>({})
  useEffect(() => {
    if (path === undefined) return undefined
    let isWanted = true
    look<T>(path).then(
      (value) => isWanted && setFound({ path, value, at: Date.now() }),
      (error: unknown) => isWanted && setFound({ path, problem: problemFrom(error) }),
    )
    return () => {
      isWanted = false
    }
  }, [path, state, asked])
  const again = useCallback(() => setAsked((count) => count + 1), [])
  const isOfPath = found.path === path
  return { value: isOfPath ? found.value : undefined, problem: isOfPath ? found.problem : undefined, at: found.at ?? 0, again }
}

/** What a part of the view of a session works on. */
export interface OfSession {
  readonly session: SessionInfo
  /** Below `/__mock`. */
  readonly path: string
  /** When the session was looked at: what hangs on it is looked at again when it is. */
  readonly at: number
  readonly again: () => void
}

/** Why there is no session of that name to be seen; and where there is none, a way to one. */
export function NoSession({ name, problem, again }: { readonly name: string } & Pick<Looked<unknown>, 'problem' | 'again'>): VNode | null {
  if (problem?.code !== 'session-unknown') return <ProblemBox problem={problem} />
  return (
    <section class="card">
      <h2>There is no session {name}</h2>
      <p>A session begins with its first request, or here.</p>
      <div class="actions">
        <Action label={`Begin ${name}`} kind="main" asked={{ method: 'POST', path: '/sessions', body: { name } }} onDone={again} />
      </div>
    </section>
  )
}

/** A refusal, or what would do. */
export function ProblemBox({ problem }: { readonly problem: ControlProblem | undefined }): VNode | null {
  if (!problem) return null
  return (
    <div class="problem" role="alert">
      <strong>{problem.title}</strong>
      <p>{problem.detail}</p>
      {problem.fix !== undefined && <p class="fix">What would do: {problem.fix}</p>}
    </div>
  )
}

export function Copy({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }): VNode {
  const [said, setSaid] = useState('')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      // Browsers give the clipboard to pages of loopback and of HTTPS only.
      setSaid('Select and copy it: this browser does not let the page')
    }
  }
  return (
    <span class="copy">
      <button type="button" class="quiet" onClick={() => void copy()}>
        {label}
      </button>
      <span role="status">{said}</span>
    </span>
  )
}

/** A command, with a button that copies it. */
export function Command({ text }: { readonly text: string }): VNode {
  return (
    <div class="command">
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} />
    </div>
  )
}

interface ActionProps {
  readonly label: string
  /** Made when it is asked, where it hangs on when that is. */
  readonly asked: Asked | (() => Asked)
  readonly kind?: 'danger' | 'main'
  /** Asked before, where what is lost does not come back. */
  readonly sure?: string
  readonly isOff?: boolean
  /** What the answer is saved as, where it is not to be looked at. */
  readonly file?: string
  readonly onDone?: (answer: unknown) => void
}

/** A control request behind a button, and the command that does the same. */
export function Action({ label, asked, kind, sure, isOff = false, file, onDone }: ActionProps): VNode {
  const made = (): Asked => (typeof asked === 'function' ? asked() : asked)
  const [shown, setShown] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [isSure, setSure] = useState(false)
  const [problem, setProblem] = useState<ControlProblem>()
  const [done, setDone] = useState('')
  const press = async (): Promise<void> => {
    // Disabled meanwhile it would lose the focus.
    if (isAsking) return
    if (sure !== undefined && !isSure) {
      setSure(true)
      return
    }
    setSure(false)
    setAsking(true)
    setDone('')
    try {
      if (file === undefined) onDone?.(await ask(made()))
      else await save(await send(made()), file)
      setProblem(undefined)
      setDone('Done')
    } catch (error) {
      setProblem(problemFrom(error))
    }
    setAsking(false)
  }
  return (
    <div class="action">
      <div class="pressed">
        <button
          type="button"
          class={kind ?? ''}
          disabled={isOff}
          aria-disabled={isAsking}
          onClick={() => void press()}
          onBlur={() => setSure(false)}
        >
          {isSure ? sure : label}
        </button>
        <button
          type="button"
          class="quiet curl"
          aria-expanded={shown}
          aria-label={`curl command: ${label}`}
          onClick={() => setShown(!shown)}
        >
          curl
        </button>
        <span role="status" class="done">
          {done}
        </span>
      </div>
      {shown && <Command text={commandOf(made()) + (file === undefined ? '' : ` -o ${file}`)} />}
      <ProblemBox problem={problem} />
    </div>
  )
}

/** Saves an answer as a file. A link could not send the control token. */
async function save(response: Response, file: string): Promise<void> {
  const url = URL.createObjectURL(await response.blob())
  Object.assign(document.createElement('a'), { href: url, download: file }).click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** A value as JSON; a text as it is, unless it is JSON. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }): VNode {
  return (
    <pre class="json" tabIndex={0} role="group" aria-label={label}>
      {prettyOf(value)}
    </pre>
  )
}

function prettyOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2) ?? ''
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}

export function Field({
  label,
  help,
  children,
}: {
  readonly label: string
  readonly help?: string | undefined
  readonly children: ComponentChildren
}): VNode {
  return (
    <label class="field">
      <span class="name">{label}</span>
      {children}
      {help !== undefined && help !== '' && <span class="help">{help}</span>}
    </label>
  )
}

export function Empty({ children }: { readonly children: ComponentChildren }): VNode {
  return <p class="empty">{children}</p>
}

/** The heading of a view; it gets the focus when the view is entered, so that who cannot see it hears of it. */
export function Heading({ children }: { readonly children: ComponentChildren }): VNode {
  return <h1 tabIndex={-1}>{children}</h1>
}

export function Status({ status }: { readonly status: number }): VNode {
  return <span class={`status s${Math.floor(status / 100)}`}>{status}</span>
}

/** `2 h 5 min`: the two largest units of a span. */
export function spanOf(milliseconds: number): string {
  const parts = writtenDuration(Math.round(milliseconds)).match(/\d+[a-z]+/g) ?? []
  return milliseconds < 1_000
    ? 'now'
    : parts
        .filter((part) => !part.endsWith('ms'))
        .slice(0, 2)
        .join(' ')
}

/** `11:59:07` on the reader's clock. */
export function timeOfDay(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB')
}

/** `1 request`, `2 requests`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
