import { decoded } from '../base/decode.ts'

/** Which view an address shows. All of it stands behind the #, so that a link opens a view and the server sees none of it. */
export type Route =
  | { readonly view: 'requests'; readonly filters: Filters }
  | { readonly view: 'request'; readonly id: string }
  | { readonly view: 'sessions' }
  | { readonly view: 'session'; readonly name: string }
  | { readonly view: 'state'; readonly name: string; readonly kind: string | undefined; readonly offset: number }
  | { readonly view: 'timeline'; readonly name: string; readonly before: string | undefined }
  | { readonly view: 'documents' }
  | { readonly view: 'document'; readonly name: string; readonly session: string }
  | { readonly view: 'contracts'; readonly session: string }
  | { readonly view: 'assumptions'; readonly name: string | undefined }
  | { readonly view: 'nowhere' }

/** What the list of requests can be asked for, by the names that the control API has. */
const FILTERS = ['session', 'operation', 'status', 'text', 'origin', 'unmatched', 'refused', 'fault', 'changed', 'before'] as const
export type FilterName = (typeof FILTERS)[number]
export type Filters = Readonly<Partial<Record<FilterName, string>>>

export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  const asked = new URLSearchParams(query)
  const [view = '', name, below, ...more] = path.split('/').slice(1).map(decoded)
  if (more.length > 0) return { view: 'nowhere' }
  if (view === '' || (view === 'requests' && name === undefined)) return { view: 'requests', filters: readFilters(asked) }
  if (view === 'requests' && name !== undefined && below === undefined) return { view: 'request', id: name }
  if (view === 'sessions' && name === undefined) return { view: 'sessions' }
  if (view === 'sessions' && name !== undefined && below === undefined) return { view: 'session', name }
  if (view === 'sessions' && name !== undefined && below === 'state')
    return { view: 'state', name, kind: asked.get('kind') ?? undefined, offset: wholeOf(asked.get('offset')) }
  if (view === 'sessions' && name !== undefined && below === 'timeline')
    return { view: 'timeline', name, before: asked.get('before') ?? undefined }
  if (view === 'documents' && name === undefined) return { view: 'documents' }
  if (view === 'documents' && name !== undefined && below === undefined)
    return { view: 'document', name, session: asked.get('session') ?? 'default' }
  if (view === 'contracts' && name === undefined) return { view: 'contracts', session: asked.get('session') ?? 'default' }
  if (view === 'assumptions' && below === undefined) return { view: 'assumptions', name }
  return { view: 'nowhere' }
}

/** The address of a view: `#/sessions/tess/state?kind=order`. Parts that are undefined, or empty, are left out of what stands behind `?`. */
export function addressOf(parts: readonly string[], asked: Readonly<Record<string, string | number | undefined>> = {}): string {
  const query = queryOf(asked)
  return `#/${parts.map(encodeURIComponent).join('/')}${query === '' ? '' : `?${query}`}`
}

/** What stands behind a `?`. */
export function queryOf(asked: Readonly<Record<string, string | number | undefined>>): string {
  return new URLSearchParams(
    Object.entries(asked).flatMap(([name, value]): [string, string][] =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  ).toString()
}

function readFilters(asked: URLSearchParams): Filters {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = asked.get(name)
      return value === null || value === '' ? [] : [[name, value]]
    }),
  )
}

function wholeOf(text: string | null): number {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0
}
