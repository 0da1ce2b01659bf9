import { DocumentError } from '../base/problem.ts'
import { loadBeliever } from './believable.ts'
import { looseningOf } from './form.ts'
import { Generation, type Ground, type Purpose, TooMuch, Unfit } from './generation.ts'
import { isMadeUp, PartsReader } from './parts.ts'
import type { Located, Reader } from './schema.ts'
import type { Check } from './issues.ts'
import type { Validator } from './validator.ts'

/** The schemas of one side of a document. */
export interface Side {
  readonly reader: Reader
  readonly validator: Validator
  /** The same with choices of which any number may fit, where one would have to. */
  readonly loosened?: () => Side
}

/**
 * Makes a value that fits a schema. The same chance, the same value.
 * @throws DocumentError where none is found: it says where the schema stands, and what was wrong with the last that was tried
 */
export type Generate = (schema: Located, side: Side, purpose: Purpose) => unknown

/**
 * Loads what values are made of. They are made here and not by json-schema-faker: its version 0.6.3 follows no reference into another file,
 * lets what stands beside a reference replace what it leads to, forgets the pattern of a text whose length it changes, and writes null where a
 * schema has come back to itself too often, whether the schema allows it or not.
 */
export async function loadGenerate(): Promise<Generate> {
  const [believer, { createWords }] = await Promise.all([loadBeliever(), import('./words.ts')])
  const material = { believer, words: createWords() }
  const grounds = new WeakMap<Side, Ground>()
  const groundAt = (side: Side): Ground => {
    const ground = grounds.get(side) ?? { ...groundOf(side), material }
    grounds.set(side, ground)
    return ground
  }
  return (schema, side, purpose) => {
    try {
      return generate(schema, groundAt(side), purpose)
    } catch (error) {
      if (!(error instanceof DocumentError) || !side.loosened) throw error
      // Many a choice is meant for forms that leave out what others have, and then no value is of one form alone.
      const loosened = side.loosened()
      try {
        return generate(loosened.reader.at(schema.uri, looseningOf(schema.pointer)), groundAt(loosened), purpose)
      } catch {
        throw error
      }
    }
  }
}

/** What is read of schemas and compiled for them is kept: the same ones are met for every value. */
function groundOf({ reader, validator }: Side): Omit<Ground, 'material'> {
  const lists = new WeakMap<object, Map<string, ReturnType<Reader['schemas']>>>()
  const remembering: Reader = {
    ...reader,
    schemas(parent, key) {
      if (parent.value[key] === undefined) return []
      const known = lists.get(parent.value) ?? new Map<string, ReturnType<Reader['schemas']>>()
      lists.set(parent.value, known)
      const list = known.get(key) ?? reader.schemas(parent, key)
      known.set(key, list)
      return list
    },
  }
  const checks = new WeakMap<object, Check>()
  return {
    reader: remembering,
    parts: new PartsReader(remembering),
    checkOf(schema) {
      const check = checks.get(schema.value) ?? validator.check(schema)
      checks.set(schema.value, check)
      return check
    },
  }
}

/** How deep objects and lists that nobody requires stand in one another, at most: the first of these that does not make too much. */
const DEPTHS = [6, 4, 3, 2, 1, 0]

/** Most schemas are fitted by what is made for them; each part is looked at only where that is not so. Examples may be what does not fit. */
const WAYS = [
  { isCareful: false, usesExamples: true },
  { isCareful: false, usesExamples: false },
  { isCareful: true, usesExamples: true },
  { isCareful: true, usesExamples: false },
] as const

function generate(schema: Located, ground: Ground, purpose: Purpose): unknown {
  const check = ground.checkOf(schema)
  for (const depth of DEPTHS)
    for (const { isCareful, usesExamples } of purpose.usesExamples ? WAYS : WAYS.filter((way) => !way.usesExamples))
      try {
        const value = new Generation(ground, { ...purpose, usesExamples }, depth, isCareful).make(schema, purpose.name ?? '')
        if (check(value, '', false).length === 0) return value
      } catch (error) {
        if (error instanceof TooMuch) break
        if (error instanceof RangeError) throw impossible(schema, schema, 'it stands in itself without end', ground)
        if (!(error instanceof Unfit)) throw error
        if (isCareful && !usesExamples) throw impossible(schema, error.at, error.message, ground)
      }
  throw impossible(schema, schema, 'more values would be needed than are tried', ground)
}

function impossible(schema: Located, at: Located, why: string, { reader }: Ground): DocumentError {
  const where = isMadeUp(at) ? schema : at
  return new DocumentError(`${reader.where(where)}: no value is found that fits the schema at #${where.pointer}: ${why.trim()}`)
}
