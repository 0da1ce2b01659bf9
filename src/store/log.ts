import type { Change, WholeWorld } from '../core/world.ts'
import { Entities } from '../core/world.ts'
import { decode, encode } from './exact-json.ts'
import type { Notes } from './store.ts'

/** A session as its log makes it. */
export interface Logged {
  entities: Entities
  notes: Notes
}

/** One piece of a session's log. A log that was written anew, shorter, begins with a piece that says where the old one stood. */
interface Piece {
  readonly changes: readonly (readonly [kind: string, id: string, to?: object])[]
  readonly notes?: Partial<Notes>
  /** What of the notes is no more. */
  readonly gone?: readonly string[]
  readonly stood?: { readonly kinds: readonly string[]; readonly version: number }
}

/** Without notes nothing is noted. */
export const BLANK: Notes = { apis: '', snapshots: [], bindings: [] }

/** Changes of a session, and of its notes, as a text. */
export function pieceOf(changes: readonly Change[], notes: Partial<Notes> | undefined): string {
  const gone = Object.entries(notes ?? {}).flatMap(([name, value]) => (value === undefined ? [name] : []))
  return encode({ changes: changes.map(written), notes, ...(gone.length > 0 && { gone }) })
}

/** Adds pieces to what there was before them. */
export function addTo(logged: Logged, pieces: readonly string[]): void {
  for (const text of pieces) {
    const { changes, notes, gone = [], stood } = read(text)
    if (stood) logged.entities.goOnFrom(stood.kinds, stood.version)
    for (const [kind, id, to] of changes) logged.entities.apply({ kind, id, to: frozen(kind, to) })
    if (notes || gone.length > 0) logged.notes = { ...logged.notes, ...notes, ...Object.fromEntries(gone.map((name) => [name, undefined])) }
  }
}

/** How many entities are written at a time: others are served in between. */
const SLICE = 500

/**
 * The same session by fewer pieces: what it holds, and none of how that came about.
 * @param pause is waited for between slices; what happens to the session meanwhile is not in them
 */
export async function rewritten({ entities, notes }: Logged, pause: () => Promise<void>): Promise<readonly string[]> {
  const { kinds, version } = entities
  const contents = entities.contents()
  // Putting what it holds counts as so many changes again.
  const stood = { kinds, version: version - contents.length }
  const texts = [encode({ changes: [], notes, stood })]
  for (let from = 0; from < contents.length; from += SLICE) {
    if (from > 0) await pause()
    texts.push(pieceOf(contents.slice(from, from + SLICE), undefined))
  }
  return texts
}

/** What a snapshot keeps, as texts, and back. */
export function textsOf(contents: readonly Change[]): readonly string[] {
  return [pieceOf(contents, undefined)]
}

export function contentsOf(texts: readonly string[]): readonly Change[] {
  const logged: Logged = { entities: new Entities(), notes: BLANK }
  addTo(logged, texts)
  const world: WholeWorld = logged.entities
  return world.contents()
}

function written({ kind, id, to }: Change): readonly unknown[] {
  return to === undefined ? [kind, id] : [kind, id, to]
}

/** @throws Error for a text that is none of ours */
function read(text: string): Piece {
  const piece = decode(text)
  if (!isPiece(piece)) throw new Error('the store holds what is no piece of a session')
  return piece
}

function isPiece(value: unknown): value is Piece {
  return typeof value === 'object' && value !== null && 'changes' in value && Array.isArray(value.changes)
}

/** Behaviours are given what a session is set to as it is kept, so that none can change it. */
function frozen(kind: string, to: object | undefined): object | undefined {
  if (kind !== 'session' || to === undefined) return to
  for (const part of Object.values(to)) Object.freeze(part)
  return Object.freeze(to)
}
