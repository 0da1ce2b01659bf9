/** A media type as a document or a request names it: `application/json; charset=utf-8`. Names in lower case. */
export interface MediaType {
  /** Without parameters. */
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()
const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^;\s]*)/g

export function mediaTypeOf(text: string): MediaType {
  const end = text.indexOf(';')
  return end === -1
    ? { name: text.trim().toLowerCase(), parameters: NO_PARAMETERS }
    : { name: text.slice(0, end).trim().toLowerCase(), parameters: parametersIn(text) }
}

/** What stands behind a header's value: `; name="a"; filename=b`. The first of a name counts. */
export function parametersIn(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1') : value)
  }
  return found
}

export function isJsonType(name: string): boolean {
  return name === 'application/json' || name === 'text/json' || name.endsWith('+json')
}

/** How closely a declared type fits one that was sent: the greater, the closer; undefined where it does not. */
export function closeness(declared: MediaType, sent: MediaType): number | undefined {
  if (declared.name === '*/*') return 0
  if (declared.name.endsWith('/*')) return sent.name.startsWith(declared.name.slice(0, -1)) ? 1 : undefined
  // A suffix stands for all types that are written so: `application/*+json`.
  const suffix = declared.name.indexOf('*+')
  if (suffix > 0) {
    const [before, behind] = [declared.name.slice(0, suffix), declared.name.slice(suffix + 1)]
    return sent.name.startsWith(before) && sent.name.length > before.length + behind.length && sent.name.endsWith(behind) ? 1.5 : undefined
  }
  if (declared.name !== sent.name) return undefined
  let shared = 0
  for (const [name, value] of declared.parameters) {
    const other = sent.parameters.get(name)
    if (other?.toLowerCase() === value.toLowerCase()) shared++
    // Which version of a type it is has to be right where it is said; how its text is encoded is another matter.
    else if (other !== undefined && name !== 'charset') return undefined
  }
  return 2 + shared
}
