import type { MockSession } from '../client/client.ts'

/** The mock as far as contracts need it. Whoever verifies them gives it: this room makes none itself. */
export interface MockAccess {
  /** A mock of its own that listens on this machine. Options are those of `createMock`. */
  open(options: OpenOptions): Promise<OpenedMock>
  /** Which of these provider states are known: the bundled ones, and those of a file. */
  findStates(wanted: readonly WantedState[], file: string | undefined): Promise<readonly FoundState[]>
  /** The same of mocks that have nothing but these documents. */
  ofDocuments(files: readonly string[]): MockAccess
  /** What can be assumed beside these choices. */
  assumptions(choices: Readonly<Record<string, string>> | undefined): Promise<readonly Assumption[]>
}

interface OpenOptions {
  readonly states?: string
  readonly assume?: Readonly<Record<string, string>>
  readonly now?: Date
  readonly maxSessions?: number
  readonly journalBytes?: number
  readonly onFailure?: () => void
}

interface OpenedMock extends AsyncDisposable {
  readonly url: string
  session(name: string): MockSession
}

interface WantedState {
  readonly state: string
  readonly params: Readonly<Record<string, unknown>>
}

/** `known` holds the nearest texts where nobody knows the state. */
interface FoundState extends WantedState {
  readonly known: readonly string[] | undefined
}

interface Assumption {
  readonly name: string
  readonly alternatives: readonly string[]
}
