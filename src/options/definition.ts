import { OptionError, UsageError } from '../base/problem.ts'
import { isObject } from '../base/values.ts'
import type { Api } from '../core/api.ts'

/** An API, or the name of a bundled one. @throws OptionError that names what of the API cannot be */
export function checkApi(value: unknown): Api | string {
  if (typeof value === 'string') return value
  if (!isApi(value)) throw new UsageError('give what defineApi returns, or the name of a bundled API')
  const wrong = wrongWith(value)
  if (wrong !== undefined) throw new OptionError('apis', `${value.file ?? value.name}: ${wrong}`)
  return value
}

/** Whichever copy of the package has made it. */
export function isApi(value: unknown): value is Api {
  return isObject(value) && 'document' in value && 'name' in value && TABLES.every(([table]) => table in value)
}

/** The first thing that cannot be in an API, as one that is written in JavaScript may have it; undefined where all can. */
export function wrongWith(api: Api): string | undefined {
  const { name, document, dialect, callers } = api
  const named: unknown = name
  if (typeof named !== 'string' || !/^[^:/\s]+$/.test(named))
    return `the name ${JSON.stringify(named)} cannot be; give one without spaces, colons and slashes, as in defineApi({ name: 'parcels', … })`
  if (!isObject(document) && typeof document !== 'string') return 'the document is missing; give a file, its URL or an object'
  if (document instanceof URL && document.protocol !== 'file:')
    return `the document ${document.href} is not a file; save it beside the module, as in new URL('./parcels.yaml', import.meta.url)`
  for (const [table, one, fits, fix] of TABLES) {
    const rows: unknown = api[table]
    if (!isObject(rows) || Array.isArray(rows)) return `${table} is not an object; give a row for each ${one}, by its name`
    for (const [row, value] of Object.entries(rows)) {
      if (table !== 'behaviours' && !/^[a-z][\w.-]*$/i.test(row))
        return `"${row}" cannot be the name of a ${one}; take letters, digits, dots, underscores and hyphens, a letter first`
      if (!fits(value)) return `the ${one} "${row}" is not valid; ${fix}`
    }
  }
  for (const [table, rows] of Object.entries({ dialect, callers })) if (!isObject(rows)) return `${table} is not an object; leave it out`
  const odd = dialect.order?.find((check) => !CHECKS.includes(check))
  if (odd !== undefined) return `the dialect's order has a check "${odd}"; there are ${CHECKS.join(', ')}`
  return undefined
}

type Row = Readonly<Record<string, unknown>>

const has =
  (...wanted: readonly string[]) =>
  (value: unknown): boolean =>
    isObject(value) && wanted.every((name) => typeof new Map<string, unknown>(Object.entries(value)).get(name) === 'function')

const members = (value: unknown): Row => (isObject(value) ? Object.fromEntries(Object.entries(value)) : {})

/** The tables of an API: what a row is called, whether one can be, and what would do. */
const TABLES: readonly (readonly [keyof Api & Table, string, (value: unknown) => boolean, string])[] = [
  ['behaviours', 'behaviour', has('run'), 'give a function, or an object with a function run'],
  [
    'kinds',
    'kind',
    (value) => {
      const { schema, word, lifeCycle } = members(value)
      const { states, moves } = members(lifeCycle)
      const isLife = lifeCycle === undefined || (Array.isArray(states) && isObject(moves) && has('stateOf')(lifeCycle))
      const isNamed = word === undefined || (typeof word === 'string' && /^[a-z][\w.-]*$/i.test(word))
      return isObject(value) && isNamed && isLife && (schema === undefined || typeof schema === 'string' || isObject(schema))
    },
    'give kind({ … }), with a word of letters and digits, with a schema or the name of one, and with a lifeCycle of states, moves and a function stateOf, where it has them',
  ],
  [
    'assumptions',
    'assumption',
    (value) => {
      const { values } = members(value)
      return Array.isArray(values) && values.length > 0 && values.every((one) => typeof one === 'string')
    },
    'give its values, texts of which the first is the default, a question, a reason and a source',
  ],
  [
    'problems',
    'problem',
    (value) => {
      const { status, title } = members(value)
      return typeof status === 'number' && Number.isInteger(status) && status >= 300 && status < 600 && typeof title === 'string'
    },
    'give a status from 300 to 599 and a title',
  ],
  [
    'words',
    'word',
    (value) => has('place')(value) && isObject(members(value)['schema']) && Array.isArray(members(value)['shows']),
    'give a schema, what it shows, and a function place',
  ],
  ['steps', 'step', has('waits', 'take'), 'give a text, the kind that it moves, and the functions waits and take'],
  ['settings', 'setting', has('check'), 'give a help and a function check, or take countSetting'],
]

type Table = 'behaviours' | 'kinds' | 'assumptions' | 'problems' | 'words' | 'steps' | 'settings'

const CHECKS: readonly string[] = [
  'method',
  'credentials',
  'caller',
  'admitted',
  'permitted',
  'parameters',
  'resource',
  'body',
] satisfies NonNullable<Api['dialect']['order']>
