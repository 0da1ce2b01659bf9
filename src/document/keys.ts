import { pointerPart } from '../base/http.ts'

/** Examples and defaults are data: what looks like a reference or a schema in them is neither. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const'])
/** Below these stand names that somebody chose: there `default` is a name, not a default. */
const NAMES = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
  'paths',
  'pathItems',
  'webhooks',
  'responses',
  'content',
  'schemas',
  'parameters',
  'headers',
  'requestBodies',
  'securitySchemes',
  'securityDefinitions',
  'links',
  'callbacks',
  'encoding',
  'variables',
  'mapping',
])

/** What the value under a key of a document is: data, an object whose names somebody chose, or a part of the document. */
export function kindOf(key: string, isNamed: boolean): 'data' | 'names' | 'part' {
  // A name that somebody chose says nothing of what it stands for.
  if (isNamed) return 'part'
  return DATA.has(key) ? 'data' : NAMES.has(key) ? 'names' : 'part'
}

const words = new WeakMap<object, ReadonlySet<string>>()

/** The names that stand anywhere in a value, and the texts in its lists. What is not among them need not be looked for; they are looked for once. */
export function wordsIn(value: unknown): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return NONE
  const known = words.get(value)
  if (known) return known
  const found = new Set<string>()
  collect(value, found)
  words.set(value, found)
  return found
}

const NONE: ReadonlySet<string> = new Set()

/** Says that there are the same in a value that is made of another. */
export function hasWordsOf(value: object, other: unknown): void {
  words.set(value, wordsIn(other))
}

/** Names of their own for schemas, and references to them. */
const NAMING: ReadonlySet<string> = new Set(['$id', '$anchor', '$dynamicAnchor', '$dynamicRef'])

/** Whether schemas in a file may have given themselves names. */
export function mayName(content: unknown): boolean {
  return !NAMING.isDisjointFrom(wordsIn(content))
}

function collect(value: object, found: Set<string>): void {
  const isList = Array.isArray(value)
  for (const key in value) {
    const inner: unknown = Reflect.get(value, key)
    if (!isList) found.add(key)
    else if (typeof inner === 'string') found.add(inner)
    if (typeof inner === 'object' && inner !== null) collect(inner, found)
  }
}

/** The schemas of a file that have given themselves names: `https://…` by `$id`, `#name` by `$anchor`. */
export function* namedIn(value: unknown, pointer = '', isNamed = false): Generator<[name: string, pointer: string]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const kind = kindOf(key, isNamed)
    if (!isNamed && typeof inner === 'string') {
      if (key === '$id') yield [inner.replace(/#$/, ''), pointer]
      if (key === '$anchor' || key === '$dynamicAnchor') yield [`#${inner}`, pointer]
    }
    if (kind !== 'data') yield* namedIn(inner, `${pointer}/${pointerPart(key)}`, kind === 'names')
  }
}
