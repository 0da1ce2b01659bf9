/** Where a command writes, and what it reads beside its arguments. */
export interface Outside {
  /** Results. */
  readonly out: (line: string) => void
  /** Talk. */
  readonly err: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Which of the two are terminals. */
  readonly terminals?: { readonly out?: Terminal; readonly err?: Terminal }
  /** Milliseconds, from whenever; the time that passes unless said otherwise. */
  readonly now?: () => number
  /** Once all is written: why results did not get where they were sent, if they did not. */
  readonly lost?: () => Promise<string | undefined>
  /** Called once a server listens. */
  readonly listens?: () => void
  /** Aborted once nobody reads results any more. */
  readonly unread?: AbortSignal
}

/** What shows text at once, so that a line can be written over. */
export interface Terminal {
  readonly columns: number
  write(text: string): unknown
}

/** The same to a command: whatever it prints does nothing to a terminal or to GitHub's runner. */
export interface Io extends Outside {
  /** For colours and for commands to the runner: the writer has made it safe. */
  readonly raw: Pick<Outside, 'out' | 'err'>
}

/** Whether colours may be written there: nobody has said no (https://no-color.org). */
export function isColoured({ terminals, env }: Outside, to: 'out' | 'err'): boolean {
  return terminals?.[to] !== undefined && (env['NO_COLOR'] ?? '') === ''
}

/** The terminal that somebody looks at; in CI there may be one all the same, whose text is kept and read later. */
export function watched({ terminals, env }: Outside, to: 'out' | 'err'): Terminal | undefined {
  return ['', '0', 'false'].includes(env['CI'] ?? '') ? terminals?.[to] : undefined
}
