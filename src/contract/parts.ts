import { choicesOf } from './discriminator.ts'
import { isOfNull, typesOf } from './rules.ts'
import { isJson, type Located, passingOver, type Reader } from './schema.ts'

/** Schemas that all speak of one value, branches chosen. */
export interface Parts {
  readonly all: readonly Located[]
  /** The types that the value may have; where the schemas say none, the likely one first. */
  readonly types: readonly string[]
  readonly isOpen: boolean
  /** In how many ways branches and types could have been chosen. */
  readonly ways: number
}

/** A schema that was put together here, and stands in no file. */
export function madeUp(value: Located['value']): Located {
  return { value, uri: '', pointer: '' }
}

export function isMadeUp({ uri }: Located): boolean {
  return uri === ''
}

/** Reads which schemas speak of one value. What needs no choice is found once. */
export class PartsReader {
  readonly #reader: Reader
  readonly #known = new WeakMap<object, Parts>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /**
   * The schemas, what they refer to, parts of their `allOf`, and of each choice one branch.
   * @param attempt counts from 0: with each another way is gone
   * @param drawAt what a choice hangs on
   */
  read(schemas: readonly Located[], attempt: number, drawAt: (choice: number) => () => number, before?: Parts): Parts {
    const [only, other] = schemas
    const isAlone = only !== undefined && !other && !before
    const known = isAlone ? this.#known.get(only.value) : undefined
    if (known) return known
    const all = new Map((before?.all ?? []).map((part) => [part.value, part]))
    let choices = 1
    const collect = (schema: Located): void => {
      if (all.has(schema.value)) return
      all.set(schema.value, schema)
      const target = this.#reader.target(schema)
      if (target) collect(target)
      for (const [, part] of this.#reader.schemas(schema, 'allOf')) collect(part)
      for (const key of ['oneOf', 'anyOf', 'discriminator']) {
        if (schema.value[key] === undefined) continue
        const draw = drawAt(all.size)
        const branches = key === 'discriminator' ? this.#kindsOf(schema, all, draw) : this.#branchesOf(schema, key, draw)
        if (branches.length === 0) continue
        // Of several choices each is combined with each, in time.
        const turn = choices === 1 ? attempt : attempt + Math.floor(attempt / choices)
        choices *= branches.length
        for (const part of branches[turn % branches.length] ?? []) collect(part)
      }
    }
    for (const schema of schemas) collect(schema)
    const parts = [...all.values()]
    const { types, isOpen } = typesOf(parts)
    const read = { all: parts, types, isOpen, ways: Math.max(choices, types.length) }
    if (isAlone && choices === 1) this.#known.set(only.value, read)
    return read
  }

  /** What each branch of a choice says, in a random order but for those that allow only null: they are the last, as an answer looks whole. */
  #branchesOf(schema: Located, key: string, draw: () => number): readonly (readonly Located[])[] {
    const choice = choicesOf(schema, this.#reader)
    if (choice && choice.branches.length > 0) {
      const told = choice.branches.map(({ values, branch }) => [
        madeUp({ type: 'object', required: [choice.property], properties: { [choice.property]: { enum: values } } }),
        { ...schema, value: isJson(branch) ? branch : {} },
      ])
      return turned(told, draw)
    }
    const branches = this.#reader.schemas(schema, key).map(([, branch]) => branch)
    const others = branches.filter((branch) => !isOfNull(branch))
    return [...turned(others, draw), ...branches.filter(isOfNull)].map((branch) => [branch])
  }

  /** What a schema says that names its kinds without a choice: they refer to it in their `allOf`, and a value that is of one is told to be. */
  #kindsOf(schema: Located, all: ReadonlyMap<object, Located>, draw: () => number): readonly (readonly Located[])[] {
    const { discriminator, oneOf, anyOf } = schema.value
    if (!isJson(discriminator) || oneOf !== undefined || anyOf !== undefined) return []
    const { propertyName, mapping } = discriminator
    if (typeof propertyName !== 'string') return []
    const says = (value: string): Located => madeUp({ properties: { [propertyName]: { enum: [value] } } })
    const kinds = (isJson(mapping) ? Object.entries(mapping) : []).flatMap(([name, reference]) => {
      const meant = typeof reference === 'string' && !/^[\w.-]+$/.test(reference) ? reference : `#/components/schemas/${String(reference)}`
      const target = passingOver(this.#reader).target({ ...schema, value: { $ref: meant } })
      return target ? [{ name, target }] : []
    })
    const kind = kinds.find(({ target }) => all.has(target.value) && target.value !== schema.value)
    if (kind) return [[says(kind.name)], []]
    if (kinds.length > 0) return [...turned(kinds, draw).map(({ name, target }) => [says(name), target]), []]
    // What only refers to another has a name that nobody else knows.
    const named = [...all.values()].find(
      ({ value, pointer }) => value['$ref'] === undefined && /^\/(components\/schemas|definitions)\/[^/]+$/.test(pointer),
    )
    return named ? [[says(named.pointer.slice(named.pointer.lastIndexOf('/') + 1))], []] : []
  }
}

/** The list from a random element on, and then from its beginning. */
export function turned<T>(list: readonly T[], draw: () => number): T[] {
  const start = Math.floor(draw() * list.length)
  return [...list.slice(start), ...list.slice(0, start)]
}
