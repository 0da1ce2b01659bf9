/** Every error that the mock itself can answer with; APIs have others of their own. */
export const PROBLEMS = {
  'route-unknown': { status: 404, title: 'No operation has this path' },
  'path-undecodable': { status: 400, title: 'The path holds a percent-encoding that does not decode' },
  'method-unknown': { status: 405, title: 'The path exists, but not with this method' },
  'credentials-missing': { status: 401, title: 'The request names no credentials' },
  'credentials-refused': { status: 401, title: 'The credentials are wrong' },
  'caller-refused': { status: 409, title: 'The caller is of the wrong type of organisation' },
  'permission-missing': { status: 403, title: 'The caller lacks the permission for the operation' },
  'parameters-invalid': { status: 400, title: 'A parameter does not fit the document' },
  'media-type-unsupported': { status: 415, title: 'The operation does not read this media type' },
  'body-too-large': { status: 413, title: 'The body is larger than the server reads' },
  'body-unreadable': { status: 400, title: 'The body cannot be parsed' },
  'request-invalid': { status: 400, title: 'The body does not fit the document' },
  'preference-invalid': { status: 400, title: 'The header Prefer asks for what no answer can be' },
  'response-unknown': { status: 404, title: 'The document has no such answer, or no example of it' },
  'not-acceptable': { status: 406, title: 'The answer is not there as the client accepts it' },
  'upstream-failed': { status: 502, title: 'The real service does not answer' },
  'upstream-late': { status: 504, title: 'The real service has not answered in time' },
  'search-too-wide': { status: 400, title: 'The filter leaves too many candidates to look through' },
  'session-invalid': { status: 400, title: 'The request does not name one usable session' },
  'session-required': { status: 400, title: 'The server takes only requests that name a session' },
  'sessions-exhausted': { status: 503, title: 'The server holds as many sessions as it may' },
  'session-known': { status: 409, title: 'There is a session of this name' },
  'session-foreign': { status: 409, title: 'The session began from another scenario' },
  'session-of-others': { status: 409, title: 'The session was made by other APIs than those that are served' },
  'store-unavailable': { status: 503, title: 'What keeps the sessions cannot be reached' },
  'session-unexportable': { status: 409, title: 'The journal does not hold all that the session was asked' },
  'session-too-large': { status: 409, title: 'The session is too large for a file' },
  'session-unloadable': { status: 422, title: 'What was saved of a session cannot be loaded' },
  'snapshot-unknown': { status: 404, title: 'The session has no such snapshot' },
  'snapshots-exhausted': { status: 409, title: 'The session has as many snapshots as it may' },
  'binding-known': { status: 409, title: 'Another session is bound to it' },
  'binding-unknown': { status: 404, title: 'The session is not bound to it' },
  'scenario-unknown': { status: 404, title: 'There is no such scenario' },
  'scenario-impossible': { status: 422, title: 'The scenario, or the fault, cannot be' },
  'fault-unknown': { status: 404, title: 'The session has no such fault' },
  'clock-impossible': { status: 409, title: 'The clock cannot be set so' },
  'session-full': { status: 503, title: 'The session keeps as many entities, or bytes, as it may' },
  'entity-full': { status: 422, title: 'The entity would take more bytes than one may' },
  'memory-exhausted': { status: 503, title: 'All sessions together keep as many bytes as they may' },
  'step-impossible': { status: 422, title: 'The step cannot be taken' },
  'session-unknown': { status: 404, title: 'There is no such session' },
  'request-unsendable': { status: 409, title: 'The request cannot be sent again so' },
  'request-unknown': { status: 404, title: 'The journal holds no such request' },
  'document-unknown': { status: 404, title: 'There is no such document' },
  'state-unknown': { status: 404, title: 'No provider state has this text' },
  'state-parameter-missing': { status: 400, title: 'The provider state needs a parameter' },
  'state-parameter-unknown': { status: 400, title: 'The provider state has no such parameter' },
  'state-parameter-unfit': { status: 400, title: 'The provider state takes no such value for the parameter' },
  'state-impossible': { status: 422, title: 'The provider state, or what shall exist, cannot be' },
  'listeners-exhausted': { status: 503, title: 'As many clients follow the journal as may' },
  draining: { status: 503, title: 'The server is about to stop' },
  'connections-exhausted': { status: 503, title: 'The server has as many connections as it may' },
  'request-unreadable': { status: 400, title: 'The bytes are no HTTP request' },
  'host-missing': { status: 400, title: 'The request names no host' },
  'headers-too-large': { status: 431, title: 'Request line and headers are larger than the server reads' },
  'request-late': { status: 408, title: 'The request did not arrive in time' },
  'expectation-unknown': { status: 417, title: 'The request expects what the server cannot do' },
  'console-unbuilt': { status: 503, title: 'The console has not been built' },
  'origin-refused': { status: 403, title: 'Pages of this origin may not read answers' },
  'host-refused': { status: 403, title: 'Control routes answer only to known hosts and origins' },
  'control-refused': { status: 401, title: 'Control routes beyond loopback need the control token' },
  'entity-unknown': { status: 404, title: 'The session has no such entity' },
  'behaviour-broken': { status: 500, title: 'A behaviour of the API fails, or breaks its rules' },
  'schema-broken': { status: 500, title: 'A schema of the document cannot be compiled, or no value fits it' },
  'reply-invalid': { status: 500, title: 'The answer does not fit the document' },
  internal: { status: 500, title: 'The server failed' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

/** A code of the mock's own. */
export type CoreCode = keyof typeof PROBLEMS

/** What a code of the mock's own, or of an API's table, means; `internal` for any other. */
export function rowOf(code: string, own: Readonly<Record<string, ProblemRow>> = {}): ProblemRow {
  const rows: Readonly<Record<string, ProblemRow>> = PROBLEMS
  return (Object.hasOwn(own, code) ? own[code] : undefined) ?? (Object.hasOwn(rows, code) ? rows[code] : undefined) ?? PROBLEMS.internal
}

/** What a refusal is answered with, and what it means. */
export interface ProblemRow {
  readonly status: number
  readonly title: string
}

/** The database that keeps sessions cannot be reached just now, or fails. What was being written may be kept, or not. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Wrong use of the command or the library: an unknown flag, name or value. The command prints it and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * An option that cannot be as it is given. The message begins with the name that the library has for it; a command, whose callers know it
 * by a flag or an environment variable, says it `by` that.
 */
export class OptionError extends UsageError {
  readonly option: string

  /** @param reason what would do, if the value `met` is named before it; or else all that there is to say */
  constructor(option: string, reason: string, met?: string) {
    super(met === undefined ? `${option}: ${reason}` : `${option} is ${met}; ${reason}`)
    this.option = option
  }

  /** The words are those of the message as it now is: secrets may have been masked in it. */
  by(name: string): UsageError {
    return new UsageError(`${name}${this.message.slice(this.option.length)}`)
  }
}

/** A document that cannot be loaded or compiled. Names the file and, where there is one, the place in it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}

/** What an error says, whatever was thrown. */
export function messageFrom(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
