import { curlCommand, headerOption, quoted } from '../../base/curl.ts'
import { inLine, inLines } from '../../base/shown.ts'
import type { Interaction, ProviderState } from './pact.ts'
import type { SentRequest } from './record.ts'
import { addressOf, isPublic, variableOf } from './secret.ts'
import { isRecord, sorted } from './value.ts'

/** Whether the request hangs on what provider states return. */
export function needsValues({ raw }: Interaction): boolean {
  const { generators } = isRecord(raw['request']) ? raw['request'] : {}
  const isWanted = (value: unknown): boolean =>
    isRecord(value) && (value['type'] === 'ProviderState' || Object.values(value).some((inner) => isWanted(inner)))
  return isWanted(generators)
}

/** The states as the verifier asks for them: where an interaction names none, one without a text, which begins anew. */
export function statesAsked({ states }: Interaction): readonly ProviderState[] {
  return states.length === 0 ? [{ name: '', params: {} }] : states
}

/** As the verifier writes it, names in order. */
export function setUpBody({ name, params }: ProviderState): string {
  return JSON.stringify({ action: 'setup', params: sorted(params), state: name })
}

/** Whom commands ask. */
export interface Asked {
  /** What stands before the target of a request. */
  readonly base: string
  /** Where provider states are set up, and what is sent along; without it nobody does. */
  readonly states?: { readonly url: string; readonly headers?: Readonly<Record<string, string>> } | undefined
  /** Names of headers that a run was given: their values are left for whoever repeats it to fill in. */
  readonly given?: readonly string[]
}

/** Commands for a POSIX shell: the states are set up, one after another, and then the request is sent. */
export function commandFor({ base, states, given = [] }: Asked, wanted: readonly ProviderState[], request?: SentRequest): string {
  const secret = new Set(given.filter((name) => !isPublic(name)).map((name) => name.toLowerCase()))
  const header = (name: string, value: string): string =>
    secret.has(name.toLowerCase())
      ? `-H ${quoted(`${name}: `)}${asVariable(variableOf(name), `the value of --header ${name}`)}`
      : headerOption(name, value)
  const setUps = states ? wanted.map((state) => setUp(states, state, header)) : []
  return [...setUps, ...(request ? [sending(base, request, header)] : [])].join(' && ')
}

/** The variables that commands may leave to be set. */
export function variablesFor({ headers = {} }: { readonly headers?: Readonly<Record<string, string>> }): readonly string[] {
  return [...Object.keys(headers).map((name) => variableOf(name)), LOGIN, QUERY]
}

const LOGIN = 'STATE_URL_LOGIN'
const QUERY = 'STATE_URL_QUERY'

type WriteHeader = (name: string, value: string) => string

function setUp({ url: text, headers = {} }: NonNullable<Asked['states']>, state: ProviderState, header: WriteHeader): string {
  const { url, login, query } = addressOf(text)
  const options = [
    ...(login ? [`-u ${asVariable(LOGIN, 'name:password of --state-url')}`] : []),
    ...Object.entries({ ...lowerCased(headers), 'content-type': 'application/json' }).map(([name, value]) => header(name, value)),
    // Where characters are shown by their escapes, JSON means the same.
    `--data-raw ${quoted(inLines(setUpBody(state)))}`,
  ]
  return curlCommand(options, query ? `${quoted(`${url}?`)}${asVariable(QUERY, 'the query of --state-url')}` : quoted(url))
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** Shows the status and the headers of the answer as well. */
function sending(base: string, { method, target, headers, body }: SentRequest, header: WriteHeader): string {
  const text = body && textOf(body)
  const names = new Set(headers.map(([name]) => name))
  const options = [
    ...methodOf(method, body !== undefined),
    ...(/[[\]{}]/.test(target) ? ['-g'] : []),
    ...(names.has('accept-encoding') ? ['--compressed'] : []),
    ...headers.map(([name, value]) => header(name, value)),
    // A type of its own choice would be none of the pact's.
    ...(body && !names.has('content-type') ? ["-H 'content-type:'"] : []),
    ...(body ? [text === undefined ? "-H 'expect:' --data-binary @-" : `--data-raw ${quoted(text)}`] : []),
  ]
  // What is not text, or too long for an argument, comes through a pipe.
  const piped = body && text === undefined ? `printf %s '${body.toString('base64')}' | base64 -d | ` : ''
  return piped + curlCommand(options, quoted(base + target))
}

function methodOf(method: string, hasBody: boolean): string[] {
  if (method !== 'HEAD') return [`-i -X ${method}`]
  // With -X it would wait for a body of the length that the answer names, and without it sends none.
  return hasBody ? ["-i -X HEAD --ignore-content-length -H 'connection: close'"] : ['-I']
}

/** A shell takes 128 KiB for one argument. */
const MAX_ARGUMENT = 100_000

/** The body as it stands in a command; undefined where a report would show it as something else. */
function textOf(body: Buffer): string | undefined {
  const text = body.toString()
  return body.length <= MAX_ARGUMENT && inLine(text) === text && Buffer.from(text).equals(body) ? text : undefined
}

/** The shell says what is missing, and sends nothing. */
function asVariable(name: string, what: string): string {
  return `"\${${name}:?${what}}"`
}
