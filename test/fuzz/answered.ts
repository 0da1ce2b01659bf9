import { isJson } from '../../src/contract/schema.ts'

/** A place for a value that an answer had under this name. */
export class FromAnswers {
  readonly name: string
  readonly pick: number
  /** What stands there before there was such an answer. */
  readonly otherwise: unknown
  constructor(name: string, pick: number, otherwise: unknown) {
    this.name = name
    this.pick = pick
    this.otherwise = otherwise
  }
}

/** A request that was said to succeed. */
export interface Example {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Where answers have what requests call otherwise. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  order: ['order_uuid'],
  allocation: ['allocationId'],
  allocationIds: ['allocationId'],
  line_item_uuid: ['line_items.uuid'],
  order_item_uuid: ['line_items.uuid'],
  snapshot: ['snapshots.name'],
  fault: ['faults.id'],
  requestId: ['requests.id'],
  name: ['sessions.name'],
  into: ['sessions.name'],
}
/** So many values of a name. */
export const KEPT = 30

/** What answers have told so far, by the names of members, also with the name of the list they stand in. */
export class Answered {
  readonly #values = new Map<string, unknown[]>()
  readonly #examples = new Map<string, Example>()
  readonly #isSpared: (value: unknown) => boolean
  #place = 0

  constructor(isSpared: (value: unknown) => boolean) {
    this.#isSpared = isSpared
  }

  /** `within` is the collection that the value is of. */
  learn(value: unknown, within = ''): void {
    if (Array.isArray(value)) for (const item of value.slice(0, KEPT)) this.learn(item, within)
    if (!isJson(value)) return
    if (isExample(value)) this.#examples.set(value.operation, value)
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'object') this.learn(inner, name)
      for (const one of [inner].flat()) if (typeof one !== 'object') for (const key of [name, `${within}.${name}`]) this.#keep(key, one)
    }
  }

  #keep(name: string, value: unknown): void {
    const known = this.#values.get(name) ?? []
    this.#values.set(name, known)
    if (!known.includes(value) && !this.#isSpared(value)) known[known.length < KEPT ? known.length : this.#place++ % KEPT] = value
  }

  /** The latest request of an operation that was said to succeed. */
  example(operation: string): Example | undefined {
    return this.#examples.get(operation)
  }

  find({ name, pick, otherwise }: FromAnswers): unknown {
    const known = (ELSEWHERE[name] ?? [name]).flatMap((one) => this.#values.get(one) ?? [])
    return known.length === 0 ? otherwise : known[pick % known.length]
  }

  /** The value with what was answered in its places. */
  fill(value: unknown): unknown {
    if (value instanceof FromAnswers) return this.find(value)
    if (Array.isArray(value)) return value.map((item) => this.fill(item))
    return isJson(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.fill(inner)])) : value
  }
}

function isExample(value: object): value is Example & { readonly operation: string } {
  return 'operation' in value && typeof value.operation === 'string' && 'path' in value && 'curl' in value
}
