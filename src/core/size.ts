/**
 * What plain data take in memory, in bytes: by their structure, without writing them out. Measured on V8, and rather too much than too
 * little; only objects each with names of its own may take twice as much.
 */
export function bytesOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return TEXT + 2 * value.length
    case 'number':
      // A small whole number stands in the slot that refers to it.
      return (value | 0) === value ? 0 : NUMBER
    case 'object':
      return value === null ? 0 : (measured.get(value) ?? measure(value))
    default:
      return 0
  }
}

const TEXT = 16
const NUMBER = 16
const SLOT = 8
const LIST = 48
const OBJECT = 56
/** A member's slot, and its share of what says which members there are. */
const MEMBER = 32
/** V8 keeps an object with so many members as a table of its own. */
const MANY = 100
const MEMBER_OF_MANY = 80

/** Data never change, and what changes shares with what it was: what is large is measured once. */
const measured = new WeakMap<object, number>()
/** Remembering what is smaller, in bytes, costs more than measuring it again: V8 goes through what a WeakMap knows of young objects, time and again. */
const LARGE = 16_384

function measure(value: object): number {
  let bytes = 0
  if (Array.isArray(value)) {
    bytes = LIST + SLOT * value.length
    for (const element of value) bytes += bytesOf(element)
  } else if (isRecord(value)) {
    let members = 0
    bytes = OBJECT
    for (const name in value) {
      members++
      bytes += name.length + bytesOf(value[name])
    }
    bytes += members * (members > MANY ? MEMBER_OF_MANY : MEMBER)
  }
  if (bytes >= LARGE) measured.set(value, bytes)
  return bytes
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  return !Array.isArray(value)
}

/** Marks what the server holds anyway, whoever refers to it: to them it is nothing. */
export function takesNothing(value: object): void {
  measured.set(value, 0)
}

/** What an entity takes beside its data: its place in a table. */
const ENTRY = 100

const NONE: unknown = {}

/** What was weighed last: an entity is weighed several times on its way into a session. To remember each for good would cost more than it saves. */
const recent = Array.from({ length: 16 }, () => ({ entity: NONE, bytes: 0 }))
let oldest = 0

/** What a session takes for an entity; nothing, where there is none. */
export function weightOf(id: string, entity: unknown): number {
  if (entity === undefined) return 0
  const known = recent.find((one) => one.entity === entity)
  if (known) return ENTRY + id.length + known.bytes
  const bytes = bytesOf(entity)
  recent[oldest] = { entity, bytes }
  oldest = (oldest + 1) % recent.length
  return ENTRY + id.length + bytes
}
