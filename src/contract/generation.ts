import { DocumentError } from '../base/problem.ts'
import { expressionsOf } from './expressions.ts'
import { DYNAMIC } from './form.ts'
import { madeUp, isMadeUp, type Parts, type PartsReader, turned } from './parts.ts'
import { exampleIn, isNothing, isOf, isOnlySent, isSaying, listedIn, namesIn, numbersOf, told } from './rules.ts'
import { type Material, type Named, numberOf, textOf } from './scalar.ts'
import { isJson, type Json, type Located, type Reader } from './schema.ts'
import type { Check } from './issues.ts'

/** An endless series of numbers from 0 up to 1 for each place: what is drawn at one hangs on no other, nor on the order in which they are asked for. */
type Chance = (place: string) => () => number

/** What a generated value is for. */
export interface Purpose {
  readonly chance: Chance
  /** What it is called where it has a name, as a header has. */
  readonly name?: string
  /** Whether what schemas themselves give as an example or as default counts. */
  readonly usesExamples: boolean
  /** Whether what a map holds is made though nothing asks for it; so it is unless said otherwise. */
  readonly fillsMaps?: boolean
}

/** What all values of a document are made from. */
export interface Ground {
  readonly reader: Reader
  readonly parts: PartsReader
  readonly material: Material
  checkOf(schema: Located): Check
}

/** No value was found for a schema; there may be one for the schema around it. */
export class Unfit extends Error {
  readonly at: Located

  constructor(at: Located, message: string) {
    super(message)
    this.at = at
  }
}

/** What is made gets larger than it need be. */
export class TooMuch extends Error {}

/** How many values a body has, where it need not have more; and how many are tried for one. */
const ENOUGH = 1_500
const MOST = 20_000
/** How many characters its texts have, all that are tried together. */
const MOST_CHARACTERS = 2_000_000
/** How often a part is made anew: at least, and where there are many ways to go on. The last times it has as little as it may. */
const TRIES = 12
const MOST_TRIES = 40
const LAST = 3
/** How often a schema may stand in itself. */
const TURNS = 2
const ITEMS = 3
/** How long names are asked to be where shorter ones are taken. */
const LONG_NAME = 16

/** Where a value stands. */
interface Spot extends Named {
  /** What its chance hangs on: names and numbers on the way to it, and how often it was made before. */
  readonly place: string
  readonly depth: number
  /** The schemas that are being made on the way to it. */
  readonly open: Open | undefined
  /** Nothing is missing without it. */
  readonly isOptional: boolean
  /** Values, as JSON, that stand in the same list, from which it has to differ. */
  readonly taken?: ReadonlySet<string> | undefined
}

interface Open {
  readonly value: object
  readonly around: Open | undefined
}

const ANYTHING = madeUp({})

/** Makes one value. */
export class Generation {
  readonly #ground: Ground
  readonly #reader: Reader
  readonly #purpose: Purpose
  readonly #depth: number
  readonly #isCareful: boolean
  #made = 0
  #characters = 0

  /**
   * @param depth how deep objects and lists stand in one another that nobody requires
   * @param isCareful checks each part, and makes it anew where it does not fit
   */
  constructor(ground: Ground, purpose: Purpose, depth: number, isCareful: boolean) {
    this.#ground = ground
    this.#reader = ground.reader
    this.#purpose = purpose
    this.#depth = depth
    this.#isCareful = isCareful
  }

  /** @throws Unfit, TooMuch, DocumentError */
  make(schema: Located, name: string): unknown {
    return this.#value([schema], { place: '', name, owner: '', depth: 0, open: undefined, isOptional: false })
  }

  #value(given: readonly Located[], spot: Spot): unknown {
    const schemas = given.some(({ value }) => value[DYNAMIC] !== undefined) ? given.map((schema) => this.#bound(schema, spot)) : given
    let failure: Unfit | undefined
    for (let attempt = 0, most = TRIES; attempt < most; attempt++) {
      this.#count()
      const parts = this.#parts(schemas, spot, attempt)
      most = Math.max(most, Math.min(parts.ways + 2, MOST_TRIES))
      try {
        const made = this.#conditioned(parts, attempt === 0 ? spot : { ...spot, place: `${spot.place}~${attempt}` }, attempt)
        failure = this.#isCareful ? this.#misfit(made, schemas) : undefined
        if (!failure) return made
      } catch (error) {
        if (!(error instanceof Unfit)) throw error
        failure = error
        // What is inside was tried there; only another way could help.
        if (parts.ways < 2) break
      }
    }
    throw failure ?? new Unfit(ANYTHING, 'nothing was tried')
  }

  /** What a `$dynamicRef` means here: the schema of that name that the outermost of those around has. */
  #bound(schema: Located, { open }: Spot): Located {
    const { [DYNAMIC]: reference } = schema.value
    if (typeof reference !== 'string') return schema
    const name = reference.slice(reference.indexOf('#') + 1)
    let outermost: Located | undefined
    for (let one = open; one; one = one.around) {
      const place = this.#reader.placeOf(one.value)
      if (!place || !isJson(one.value)) continue
      const own = this.#reader.schemas({ value: one.value, uri: place.file, pointer: place.pointer }, '$defs')
      outermost = own.find(([, { value }]) => value['$dynamicAnchor'] === name)?.[1] ?? outermost
    }
    return outermost ?? this.#reader.target({ ...schema, value: { $ref: reference } }) ?? schema
  }

  #count(): void {
    const most = this.#depth === 0 ? MOST : this.#isCareful ? ENOUGH * TRIES : ENOUGH
    if (++this.#made > most) throw new TooMuch()
  }

  #counted(text: string): string {
    this.#characters += text.length
    if (this.#characters > MOST_CHARACTERS) throw new TooMuch()
    return text
  }

  #parts(schemas: readonly Located[], { place }: Spot, attempt: number, before?: Parts): Parts {
    return this.#ground.parts.read(schemas, attempt, (choice) => this.#purpose.chance(`${place}?${choice}`), before)
  }

  #misfit(made: unknown, schemas: readonly Located[]): Unfit | undefined {
    for (const schema of schemas) {
      // What is made up holds for what stands around it, too.
      const [issue] = isMadeUp(schema) ? [] : this.#ground.checkOf(schema)(made, '', false)
      if (issue) return new Unfit(schema, `${issue.at} ${issue.message}`)
    }
    return undefined
  }

  /** A value, and one more where what it is brings other schemas with it. */
  #conditioned(first: Parts, spot: Spot, attempt: number): unknown {
    for (let parts = first; ;) {
      const made = this.#typed(parts, spot, attempt)
      const known = new Set(parts.all.map(({ value }) => value))
      const more = parts.all.flatMap((part) => this.#broughtBy(made, part)).filter(({ value }) => !known.has(value))
      if (more.length === 0) return made
      parts = this.#parts(more, spot, attempt, parts)
    }
  }

  #broughtBy(value: unknown, part: Located): readonly Located[] {
    const dependent = isJson(value)
      ? this.#reader.schemas(part, 'dependentSchemas').flatMap(([name, schema]) => (Object.hasOwn(value, name) ? [schema] : []))
      : []
    const condition = this.#reader.schema(part, 'if')
    if (!condition) return dependent
    const holds = this.#ground.checkOf(condition)(value, '', false).length === 0
    const then = this.#reader.schema(part, holds ? 'then' : 'else')
    return then ? [...dependent, then] : dependent
  }

  #typed({ all, types, isOpen }: Parts, spot: Spot, attempt: number): unknown {
    const [first = ANYTHING] = all
    if (types.length === 0) throw new Unfit(first, 'its parts ask for different types')
    const open = opened(all, spot.open)
    const rules = all.map(({ value }) => value)
    const draw = this.#purpose.chance(spot.place)

    const listed = listedIn(rules)?.filter((value) => types.some((type) => isOf(value, type)))
    if (listed) {
      const others = listed.filter((value) => value !== null)
      const candidates = turned(others.length > 0 ? others : listed, draw)
      if (candidates.length === 0) throw new Unfit(first, 'its parts allow different values')
      const { taken } = spot
      return (taken && candidates.find((value) => !taken.has(JSON.stringify(value)))) ?? candidates[attempt % candidates.length]
    }
    const asking = all.find(({ value }) => value['x-faker'] !== undefined)
    if (asking) return this.#asked(asking, types, draw)
    const given = this.#purpose.usesExamples && attempt === 0 ? exampleIn(rules, draw) : undefined
    if (given !== undefined) return isJson(given) ? this.#answered(given, all) : given

    const nonNull = types.filter((type) => type !== 'null')
    const order = isOpen ? types : [...turned(nonNull, draw), ...types.slice(nonNull.length)]
    return this.#ofType(order[attempt % order.length] ?? 'null', all, { ...spot, open }, attempt, draw)
  }

  #ofType(type: string, parts: readonly Located[], spot: Spot, attempt: number, draw: () => number): unknown {
    const [first = ANYTHING] = parts
    const rules = parts.map(({ value }) => value)
    if ((type === 'object' || type === 'array') && spot.isOptional && spot.depth > this.#depth) throw new Unfit(first, 'it stands too deep')
    switch (type) {
      case 'object':
        return this.#object(parts, spot, attempt)
      case 'array':
        return this.#array(parts, spot, attempt)
      case 'boolean':
        return draw() < 0.5
      case 'null':
        return null
      case 'string': {
        const text = textOf(rules, spot, this.#ground.material, draw)
        if (text !== undefined) return this.#counted(text)
        throw new Unfit(first, `no text is found for ${told(rules, ['format', 'pattern', 'minLength', 'maxLength'])}`)
      }
      default: {
        const number = numberOf(rules, type === 'integer', spot, this.#ground.material, draw)
        if (number !== undefined) return number
        const keys = ['type', 'minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf']
        throw new Unfit(first, `no number is found for ${told(rules, keys)}`)
      }
    }
  }

  /** What faker is asked for by name, in the type that the schema has. */
  #asked(schema: Located, types: readonly string[], draw: () => number): unknown {
    try {
      const made = this.#ground.material.believer.asked(schema.value['x-faker'], draw)
      if (types.some((type) => isOf(made, type))) return made
      if (types.includes('string')) return String(made)
      return types.includes('integer') ? Math.round(Number(made)) : types.includes('number') ? Number(made) : made
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new DocumentError(`${this.#reader.where(schema)}: x-faker at #${schema.pointer} ${reason}`)
    }
  }

  /** An example of an object may have what is only ever sent. */
  #answered(example: Json, parts: readonly Located[]): Json {
    return Object.fromEntries(Object.entries(example).filter(([name]) => !this.#member(parts, name)?.some(isOnlySent)))
  }

  #object(parts: readonly Located[], spot: Spot, attempt: number): Json {
    const rules = parts.map(({ value }) => value)
    const required = new Set(rules.flatMap((rule) => namesIn(rule['required'])))
    const declared = parts.flatMap((part) => this.#reader.schemas(part, 'properties').map(([name]) => name))
    const most = Math.min(...numbersOf(rules, 'maxProperties'))
    const owner = spot.name || ownerOf(parts)
    const made = new Map<string, unknown>()
    const make: Maker = (name, isOptional) => {
      const schemas = this.#member(parts, name)
      if (isOptional && (!schemas || schemas.some(isOnlySent))) return
      if (!schemas)
        throw new Unfit(parts.find(({ value }) => namesIn(value['required']).includes(name)) ?? ANYTHING, `it does not allow "${name}"`)
      try {
        const inside = { place: `${spot.place}/${name}`, name, owner, depth: spot.depth + 1, open: spot.open, isOptional }
        made.set(name, this.#value(schemas, inside))
      } catch (error) {
        if (!isOptional || !(error instanceof Unfit)) throw error
      }
    }
    const isLast = attempt >= TRIES - LAST
    const isWanted = (name: string): boolean =>
      attempt === 0 || (!isLast && this.#purpose.chance(`${spot.place}!${name}`)() < (attempt < TRIES / 3 ? 0.8 : 0.5))
    for (const name of new Set([...declared, ...required])) {
      const missing = [...required].filter((one) => !made.has(one)).length
      if (required.has(name)) make(name, false)
      else if (made.size + missing < most && isWanted(name)) make(name, true)
    }
    makeDependents(rules, made, make)
    const isMap =
      declared.length === 0 && rules.some((rule) => isSaying(rule['additionalProperties']) || isSaying(rule['patternProperties']))
    const usual = isMap && !isLast && this.#purpose.fillsMaps !== false ? Math.min(ITEMS - 1, most) : 0
    this.#makeMore(parts, made, make, Math.max(usual, ...numbersOf(rules, 'minProperties')), spot)
    return Object.fromEntries(made)
  }

  /** Members with names that the schema leaves open, until there are so many. */
  #makeMore(parts: readonly Located[], made: ReadonlyMap<string, unknown>, make: Maker, many: number, spot: Spot): void {
    if (many > MOST) throw new TooMuch()
    const patterns = parts.flatMap((part) => this.#reader.schemas(part, 'patternProperties').map(([pattern]) => pattern))
    const ruled = parts.flatMap((part) => this.#reader.schema(part, 'propertyNames') ?? [])
    for (let attempt = 0; made.size < many && attempt < many * TRIES; attempt++) {
      const place = `${spot.place}+${attempt}`
      const draw = this.#purpose.chance(place)
      const [pattern] = turned(patterns, draw)
      // What was the only name so far may have others that are longer.
      const least = attempt > many ? { minLength: attempt % LONG_NAME } : {}
      const schema = madeUp({ type: 'string', ...(pattern !== undefined && { pattern }), ...least })
      const name =
        pattern === undefined && ruled.length === 0
          ? this.#ground.material.believer.key(draw)
          : this.#nameOf([...ruled, schema], { place, name: '', owner: '', depth: spot.depth, open: spot.open, isOptional: false })
      if (typeof name === 'string' && !made.has(name)) make(name, true)
    }
  }

  #nameOf(schemas: readonly Located[], spot: Spot): unknown {
    try {
      return this.#value(schemas, spot)
    } catch (error) {
      if (error instanceof Unfit) return undefined
      throw error
    }
  }

  /** The schemas of a member; undefined where it must not be there. */
  #member(parts: readonly Located[], name: string): readonly Located[] | undefined {
    const schemas = parts.flatMap((part) => {
      const named = this.#reader.schemas(part, 'properties').filter(([one]) => one === name)
      const patterned = this.#reader
        .schemas(part, 'patternProperties')
        .filter(([pattern]) => expressionsOf([pattern]).some((one) => one.test(name)))
      const own = [...named, ...patterned].map(([, schema]) => schema)
      return own.length > 0 ? own : (this.#reader.schema(part, 'additionalProperties') ?? [])
    })
    if (schemas.some(({ value }) => isNothing(value))) return undefined
    return schemas.length > 0 ? schemas : [ANYTHING]
  }

  #array(parts: readonly Located[], spot: Spot, attempt: number): unknown[] {
    const rules = parts.map(({ value }) => value)
    const prefixes = parts.map((part) => this.#reader.schemas(part, 'prefixItems').map(([, schema]) => schema))
    const items = parts.map((part) => this.#reader.schema(part, 'items'))
    // What stands at a place of its own, or for which another part speaks, is evaluated.
    const others = items.some((one) => one) ? [] : parts.flatMap((part) => this.#reader.schema(part, 'unevaluatedItems') ?? [])
    const contained = parts.flatMap((part) => this.#reader.schema(part, 'contains') ?? [])
    const fixed = Math.max(0, ...prefixes.map(({ length }) => length))
    // After what stands at fixed places comes what the list has to contain.
    const known = contained.length > 0 ? fixed + Math.max(...rules.map(({ minContains: least = 1 }) => Number(least))) : fixed
    const least = Math.max(contained.length > 0 ? known : 0, ...numbersOf(rules, 'minItems'))
    if (least > MOST) throw new TooMuch()
    const most = Math.min(...numbersOf(rules, 'maxItems'))
    const isOfSomething = [...items, ...others].some((schema) => schema && !isNothing(schema.value))
    const usual = fixed > 0 ? fixed : isOfSomething ? (spot.depth < 2 ? ITEMS : ITEMS - 1) : 0
    const isUnique = rules.some(({ uniqueItems }) => uniqueItems === true)
    const isLimited = rules.some(({ maxContains }) => maxContains !== undefined)
    const texts = new Set<string>()
    const fits = (item: unknown, index: number): boolean =>
      !(isUnique && texts.has(JSON.stringify(item))) &&
      !(isLimited && index >= known && contained.every((schema) => this.#ground.checkOf(schema)(item, '', false).length === 0))
    const itemAt = (index: number): unknown => {
      const own = [...parts.flatMap((_, part) => prefixes[part]?.[index] ?? items[part] ?? []), ...(index >= fixed ? others : [])]
      const schemas = index >= fixed && index < known ? [...own, ...contained] : own
      for (let again = 0; again < TRIES * (isLimited ? 10 : 2); again++) {
        const place = `${spot.place}/${index}${again > 0 ? `^${again}` : ''}`
        const inside = { ...spot, place, depth: spot.depth + 1, isOptional: index >= least, taken: isUnique ? texts : undefined }
        const item = this.#value(schemas.length > 0 ? schemas : [ANYTHING], inside)
        if (fits(item, index)) return item
      }
      throw new Unfit(parts[0] ?? ANYTHING, `only ${index} items are found for it`)
    }
    const made: unknown[] = []
    const many = Math.min(most, Math.max(least, attempt >= TRIES - LAST ? least : usual))
    for (let index = 0; index < many; index++)
      try {
        const item = itemAt(index)
        texts.add(JSON.stringify(item))
        made.push(item)
      } catch (error) {
        if (index < least || !(error instanceof Unfit)) throw error
        break
      }
    return made
  }
}

type Maker = (name: string, isOptional: boolean) => void

/** What other names require. */
function makeDependents(rules: readonly Json[], made: ReadonlyMap<string, unknown>, make: Maker): void {
  const wanted = rules.flatMap(({ dependentRequired }) => (isJson(dependentRequired) ? Object.entries(dependentRequired) : []))
  for (let size = -1; size !== made.size;) {
    size = made.size
    for (const [name, others] of wanted) if (made.has(name)) for (const other of namesIn(others)) if (!made.has(other)) make(other, false)
  }
}

/** @throws Unfit where one of them has come back to itself too often, or allows nothing */
function opened(parts: readonly Located[], around: Open | undefined): Open | undefined {
  let open = around
  for (const part of parts) {
    if (isNothing(part.value)) throw new Unfit(part, 'it allows nothing')
    let turns = 0
    for (let one = around; one; one = one.around) if (one.value === part.value) turns++
    if (turns >= TURNS) throw new Unfit(part, 'it has to stand in itself without end')
    open = { value: part.value, around: open }
  }
  return open
}

/** The name of the schema that a reference led to, for what has no other: it tells whose name a `name` is. */
function ownerOf(parts: readonly Located[]): string {
  const named = parts.find(({ pointer }) => /\/(schemas|definitions|\$defs)\/[^/]+$/.test(pointer))
  return named?.pointer.slice(named.pointer.lastIndexOf('/') + 1) ?? ''
}
