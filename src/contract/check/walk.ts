import { DocumentError } from '../../base/problem.ts'
import { pointerPart } from '../../base/http.ts'
import { METHODS } from '../router.ts'
import { isJson, type Json, type Located, type Reader } from '../schema.ts'

/** What an object of a document is. */
export type Kind =
  | 'document'
  | 'components'
  | 'item'
  | 'operation'
  | 'callback'
  | 'parameter'
  | 'header'
  | 'body'
  | 'response'
  | 'media'
  | 'encoding'
  | 'schema'

/** An object of a document, and what stands in it or is referred to by it. */
export interface Node {
  readonly kind: Kind
  readonly located: Located
  /** The key that it stands under. */
  readonly name: string
  readonly inside: readonly Node[]
  /** What its reference leads to. */
  readonly target: Node | undefined
}

type Form = 'one' | 'map' | 'list'
type Row = readonly [kind: Kind, form: Form]

const rowsOf = (keys: string, form: Form): Readonly<Record<string, Row>> =>
  Object.fromEntries(keys.split(' ').map((key): [string, Row] => [key, ['schema', form]]))

const SCHEMA_ROWS: Readonly<Record<string, Row>> = {
  ...rowsOf('properties patternProperties dependentSchemas $defs definitions', 'map'),
  ...rowsOf('allOf anyOf oneOf prefixItems', 'list'),
  ...rowsOf('items additionalItems additionalProperties unevaluatedProperties unevaluatedItems', 'one'),
  ...rowsOf('propertyNames contains not if then else contentSchema', 'one'),
}

/** What stands under the keys of each kind; of Swagger 2.0 as well. */
const ROWS: Readonly<Record<Kind, Readonly<Record<string, Row>>>> = {
  document: {
    paths: ['item', 'map'],
    webhooks: ['item', 'map'],
    components: ['components', 'one'],
    definitions: ['schema', 'map'],
    parameters: ['parameter', 'map'],
    responses: ['response', 'map'],
  },
  components: {
    schemas: ['schema', 'map'],
    responses: ['response', 'map'],
    parameters: ['parameter', 'map'],
    headers: ['header', 'map'],
    requestBodies: ['body', 'map'],
    callbacks: ['callback', 'map'],
    pathItems: ['item', 'map'],
    mediaTypes: ['media', 'map'],
  },
  item: {
    ...Object.fromEntries(METHODS.map((method): [string, Row] => [method.toLowerCase(), ['operation', 'one']])),
    parameters: ['parameter', 'list'],
    additionalOperations: ['operation', 'map'],
  },
  operation: {
    parameters: ['parameter', 'list'],
    requestBody: ['body', 'one'],
    responses: ['response', 'map'],
    callbacks: ['callback', 'map'],
  },
  callback: {},
  parameter: { schema: ['schema', 'one'], content: ['media', 'map'] },
  header: { schema: ['schema', 'one'], content: ['media', 'map'] },
  body: { content: ['media', 'map'] },
  response: { content: ['media', 'map'], headers: ['header', 'map'], schema: ['schema', 'one'] },
  media: { schema: ['schema', 'one'], itemSchema: ['schema', 'one'], encoding: ['encoding', 'map'] },
  encoding: { headers: ['header', 'map'] },
  schema: SCHEMA_ROWS,
}

/** Reads the objects of a document, each once as each kind that it stands for. What leads nowhere is told. */
export class Walk {
  /** In the order in which they are met. */
  readonly all: Node[] = []
  readonly broken: { readonly node: Node; readonly error: DocumentError }[] = []
  readonly root: Node
  /** What stands around a node, or refers to it. */
  readonly around = new Map<Node, Node[]>()
  readonly #reader: Reader
  readonly #known = new Map<string, Node>()
  readonly #waiting: (() => void)[] = []

  constructor(reader: Reader, root: Located) {
    this.#reader = reader
    this.root = this.#node('document', root, '', undefined)
    // A list of its own, not the stack: documents can be deep.
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) next()
  }

  #node(kind: Kind, located: Located, name: string, around: Node | undefined): Node {
    const key = `${kind} ${located.uri}#${located.pointer}`
    const known = this.#known.get(key)
    if (known) {
      if (around) this.around.get(known)?.push(around)
      return known
    }
    const inside: Node[] = []
    const node: { -readonly [Key in keyof Node]: Node[Key] } & { inside: Node[] } = { kind, located, name, inside, target: undefined }
    this.#known.set(key, node)
    this.around.set(node, around ? [around] : [])
    this.all.push(node)
    this.#waiting.push(() => {
      const { value, uri, pointer } = located
      if (typeof value['$ref'] === 'string') node.target = this.#target(node, value['$ref'])
      if (kind === 'schema')
        for (const reference of mappedIn(value)) {
          const other = this.#target(node, reference)
          if (other) inside.push(other)
        }
      const rows =
        kind === 'callback' ? Object.fromEntries(Object.keys(value).map((key): [string, Row] => [key, ['item', 'one']])) : ROWS[kind]
      for (const key of Object.keys(value)) {
        const row = Object.hasOwn(rows, key) ? rows[key] : undefined
        if (!row) continue
        const [inner, form] = row
        const below = `${pointer}/${pointerPart(key)}`
        const given = value[key]
        // `items` of older drafts may be a list.
        if (form === 'one' && !Array.isArray(given)) {
          if (isJson(given)) inside.push(this.#node(inner, { value: given, uri, pointer: below }, key, node))
        } else if (typeof given === 'object' && given !== null)
          for (const [one, item] of Object.entries(given))
            if (
              isJson(item) &&
              !(kind !== 'schema' && one.startsWith('x-') && form === 'map' && (inner === 'item' || inner === 'response'))
            )
              inside.push(this.#node(inner, { value: item, uri, pointer: `${below}/${pointerPart(one)}` }, one, node))
      }
    })
    return node
  }

  #target(node: Node, reference: string): Node | undefined {
    try {
      const target = this.#reader.target({ ...node.located, value: { $ref: reference } })
      return target && this.#node(node.kind, target, node.name, node)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      this.broken.push({ node, error })
      return undefined
    }
  }

  /** All that can be come to from some nodes, themselves included, but for what callbacks have: nobody is called. */
  reached(from: readonly Node[]): ReadonlySet<Node> {
    const found = new Set<Node>()
    const waiting = [...from]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (found.has(next) || next.kind === 'callback') continue
      found.add(next)
      for (const one of next.inside) waiting.push(one)
      if (next.target) waiting.push(next.target)
    }
    return found
  }

  /** All that comes to some nodes. */
  comingTo(to: Iterable<Node>): ReadonlySet<Node> {
    const found = new Set<Node>()
    const waiting = [...to]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (found.has(next)) continue
      found.add(next)
      for (const one of this.around.get(next) ?? []) if (one.kind !== 'callback') waiting.push(one)
    }
    return found
  }
}

/** What a discriminator's values stand for. */
function mappedIn({ discriminator }: Json): string[] {
  const mapping = isJson(discriminator) && isJson(discriminator['mapping']) ? Object.values(discriminator['mapping']) : []
  return mapping
    .filter((one) => typeof one === 'string')
    .map((one) => (/^[\w.-]+$/.test(one) && !/\.(json|ya?ml)$/.test(one) ? `#/components/schemas/${one}` : one))
}

/** The node itself, or what its references lead to in the end. */
export function meant(node: Node): Node {
  const seen = new Set<Node>()
  for (let one = node; ; one = one.target) {
    if (!one.target || seen.has(one)) return one
    seen.add(one)
  }
}
