import { pointerPart } from '../../base/http.ts'
import type { Claim, Schema } from '../api.ts'
import type { Registry } from '../registry.ts'
import type { Data } from './written.ts'

type Words = Pick<Registry, 'words'>

/** All that the data name, by JSON pointers into them. */
export function claimsOf(data: Data, { words }: Words): readonly Claim[] {
  return [...words].flatMap(([word, { row }]) =>
    (row.claims?.((Object.hasOwn(data, word) ? data[word] : undefined) ?? []) ?? []).map((claim) => ({
      ...claim,
      at: `/${pointerPart(word)}${claim.at}`,
    })),
  )
}

/** What two sets of data both speak of, and not with the same words; undefined where they stand beside one another. */
export function clashOf(one: Data, other: Data, registry: Words): string | undefined {
  const said = new Map<string, Set<string | undefined>>()
  for (const claim of claimsOf(other, registry)) said.set(claim.name, (said.get(claim.name) ?? new Set()).add(claim.said))
  return claimsOf(one, registry).find((claim) => {
    const before = said.get(claim.name)
    return before !== undefined && (claim.said === undefined || !before.has(claim.said))
  })?.what
}

/** The members of own data that are numbers, by their names. */
export function numbersIn({ words }: Words): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { row } of words.values()) collect(row.schema, row.schema, found, new Set())
  return found
}

function collect(schema: unknown, root: Schema, found: Set<string>, seen: Set<unknown>): void {
  if (!isSchema(schema) || seen.has(schema)) return
  seen.add(schema)
  for (const [name, member] of Object.entries(isSchema(schema['properties']) ? schema['properties'] : {}))
    if (isNumber(member, root)) found.add(name)
  for (const inner of Object.values(schema)) collect(inner, root, found, seen)
}

function isNumber(schema: unknown, root: Schema): boolean {
  if (!isSchema(schema)) return false
  const { $ref: reference, type } = schema
  if (typeof reference === 'string' && reference.startsWith('#/$defs/')) {
    const defs = root['$defs']
    return isNumber(isSchema(defs) ? defs[reference.slice('#/$defs/'.length)] : undefined, root)
  }
  return type === 'integer' || type === 'number'
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}
