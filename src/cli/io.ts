/** Where a command writes, and what it reads beside its arguments. */
export interface Outside {
  /** Results. */
  readonly out: (line: string) => void
  /** Talk. */
  readonly err: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
  /** Once all is written: why results did not get where they were sent, if they did not. */
  readonly lost?: () => Promise<string | undefined>
}

/** The same to a command: whatever it prints does nothing to a terminal or to GitHub's runner. */
export interface Io extends Outside {
  /** For colours and for commands to the runner: the writer has made it safe. */
  readonly raw: Pick<Outside, 'out' | 'err'>
}

/** Whether colours may be written: nobody has said no (https://no-color.org). */
export function isColoured({ isTerminal, env }: Outside): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === ''
}
