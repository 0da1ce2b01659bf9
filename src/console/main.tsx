import { render, type VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { hasToken, keepToken, onLocked } from './api.ts'
import { Assumptions } from './assumptions.tsx'
import { Contracts } from './contracts.tsx'
import { Document, Documents } from './documents.tsx'
import { Empty, Field, Heading } from './parts.tsx'
import { addressOf, readRoute, type Route } from './route.ts'
import { Request } from './request.tsx'
import { Requests } from './requests.tsx'
import { Session } from './session.tsx'
import { Sessions } from './sessions.tsx'
import { State } from './state.tsx'
import { Timeline } from './timeline.tsx'

function App(): VNode {
  const [hash, setHash] = useState(location.hash)
  const [isLocked, setLocked] = useState(false)
  /** Another number draws the view anew. */
  const [opened, setOpened] = useState(0)
  const main = useRef<HTMLElement>(null)
  const list = useRef('#/requests')
  const route = readRoute(hash)
  if (route.view === 'requests') list.current = addressOf(['requests'], route.filters)
  const place = placeOf(route)
  useEffect(() => {
    const change = (): void => setHash(location.hash)
    addEventListener('hashchange', change)
    onLocked(() => setLocked(true))
    return () => removeEventListener('hashchange', change)
  }, [])
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = `${place} - ${NAME}`
    // The browser itself has the focus at the top when a page is opened.
    if (!isFirst.current) main.current?.querySelector('h1')?.focus()
    isFirst.current = false
  }, [place])
  const open = (): void => {
    setLocked(false)
    setOpened((count) => count + 1)
  }
  return (
    <>
      <header>
        <button type="button" class="skip" onClick={() => main.current?.querySelector('h1')?.focus()}>
          Skip to content
        </button>
        <strong class="brand">{NAME}</strong>
        <nav aria-label="Views">
          {VIEWS.map(([label, address, views]) => (
            <a key={address} href={address} {...(views.includes(route.view) && { 'aria-current': 'page' as const })}>
              {label}
            </a>
          ))}
        </nav>
      </header>
      <main ref={main}>{isLocked ? <Unlock onToken={open} /> : <View key={opened} route={route} list={list.current} />}</main>
    </>
  )
}

const NAME = 'allocation-mock'

const VIEWS: readonly (readonly [string, string, readonly Route['view'][]])[] = [
  ['Requests', '#/requests', ['requests', 'request']],
  ['Sessions', '#/sessions', ['sessions', 'session', 'state', 'timeline']],
  ['Documents', '#/documents', ['documents', 'document']],
  ['Contracts', '#/contracts', ['contracts']],
  ['Assumptions', '#/assumptions', ['assumptions']],
]

/** @param list the address of the list of requests that was shown last */
function View({ route, list }: { readonly route: Route; readonly list: string }): VNode {
  switch (route.view) {
    case 'requests':
      return <Requests filters={route.filters} />
    case 'request':
      return <Request key={route.id} id={route.id} back={list} />
    case 'sessions':
      return <Sessions />
    case 'session':
      return <Session key={route.name} name={route.name} />
    case 'state':
      return <State key={route.name} name={route.name} kind={route.kind} offset={route.offset} />
    case 'timeline':
      return <Timeline key={`${route.name} ${route.before ?? ''}`} name={route.name} before={route.before} />
    case 'documents':
      return <Documents />
    case 'document':
      return <Document key={route.name} name={route.name} session={route.session} />
    case 'contracts':
      return <Contracts name={route.session} />
    case 'assumptions':
      return <Assumptions name={route.name} />
    case 'nowhere':
      return (
        <>
          <Heading>Nothing is here</Heading>
          <Empty>The address names no view.</Empty>
        </>
      )
    default:
      return route satisfies never
  }
}

/** What a view is called; another name is another place. */
function placeOf(route: Route): string {
  switch (route.view) {
    case 'requests':
      return 'Requests'
    case 'request':
      return `Request ${route.id}`
    case 'sessions':
      return 'Sessions'
    case 'session':
      return `Session ${route.name}`
    case 'state':
      return `State of ${route.name}`
    case 'timeline':
      return `Timeline of ${route.name}`
    case 'documents':
      return 'Documents'
    case 'document':
      return `Document ${route.name}`
    case 'contracts':
      return 'Contracts'
    case 'assumptions':
      return 'Assumptions'
    case 'nowhere':
      return 'Nothing is here'
    default:
      return route satisfies never
  }
}

/** Asks for the token of the control API. */
function Unlock({ onToken }: { readonly onToken: () => void }): VNode {
  const [token, setToken] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    keepToken(token.trim())
    onToken()
  }
  return (
    <form class="unlock" onSubmit={submit}>
      <Heading>Control token</Heading>
      <p>
        {hasToken() ? 'The token is wrong. ' : 'This mock listens beyond its own machine and wants its control token. '}
        The server prints it when it starts, unless it was given one with <code>--control-token</code>.
      </p>
      <Field label="Token" help="Kept in this tab until it is closed.">
        <input type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} required />
      </Field>
      <button type="submit" class="main">
        Open the console
      </button>
    </form>
  )
}

const root = document.querySelector('#app')
if (root) render(<App />, root)
