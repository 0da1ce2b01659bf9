import { isJson, type Json, type Located, partsOf, passingOver, type Reader } from './schema.ts'

/** What a discriminator says of the branches of a choice. */
export interface Choice {
  readonly property: string
  /** The branches that are told by values, each as it stands in the list. */
  readonly branches: readonly { readonly values: readonly string[]; readonly branch: unknown }[]
  /** No other value is known. */
  readonly isClosed: boolean
}

/**
 * The values of a discriminator: those of its mapping, else the name of the schema that a branch refers to. Where the branch itself says
 * which value its property has, that one. Undefined where there is no choice that a discriminator belongs to.
 */
export function choicesOf(schema: Located, reader: Reader): Choice | undefined {
  const { oneOf, anyOf } = schema.value
  const list: unknown = oneOf ?? anyOf
  if (!Array.isArray(list)) return undefined
  const discriminator = schema.value['discriminator'] ?? inheritedBy(list, schema, reader)
  if (!isJson(discriminator) || typeof discriminator['propertyName'] !== 'string') return undefined
  const property = discriminator['propertyName']
  const mapping = isJson(discriminator['mapping']) ? Object.entries(discriminator['mapping']) : []
  const told = list.filter(isJson).map((branch) => ({ values: valuesOf(branch, property, mapping, schema, reader), branch }))
  return {
    property,
    branches: told.flatMap(({ values, branch }) => (values ? [{ values, branch }] : [])),
    isClosed: told.length === list.length && told.every(({ values }) => values !== undefined),
  }
}

/**
 * The choice as conditions: where the property has a value, the branch of that value has to fit. In a row of `else`, not in parts of
 * `allOf`, which the comparator of pacts would merge into one.
 */
export function conditionOf({ property, branches, isClosed }: Choice): Json {
  const isOneOf = (values: readonly string[]): Json => ({ properties: { [property]: { enum: values } } })
  const known = branches.flatMap(({ values }) => values)
  return branches.reduceRight<Json>(
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    (others, { values, branch }) => ({ if: { required: [property], ...isOneOf(values) }, then: branch, else: others }),
    isClosed ? isOneOf(known) : {},
  )
}

/** The discriminator of what all branches are kinds of: it stands there once, for them all. */
function inheritedBy(list: readonly unknown[], schema: Located, reader: Reader): unknown {
  const found = list.map((branch) =>
    isJson(branch) && typeof branch['$ref'] === 'string'
      ? partsOf({ ...schema, value: branch }, passingOver(reader)).find(({ value }) => isJson(value['discriminator']))?.value[
          'discriminator'
        ]
      : undefined,
  )
  const [first, ...others] = found
  return others.length > 0 && others.every((one) => one === first) ? first : undefined
}

function valuesOf(
  branch: Json,
  property: string,
  mapping: readonly (readonly [value: string, schema: unknown])[],
  from: Located,
  reader: Reader,
): readonly string[] | undefined {
  const { $ref: reference } = branch
  const target = reader.target({ ...from, value: branch })
  if (typeof reference !== 'string' || !target) return undefined
  const mapped = mapping.filter(([, schema]) => {
    if (typeof schema !== 'string') return false
    const meant = /^[\w.-]+$/.test(schema) && !schema.includes('.') ? `#/components/schemas/${schema}` : schema
    const { uri, pointer } = passingOver(reader).target({ ...from, value: { $ref: meant } }) ?? from
    return uri === target.uri && pointer === target.pointer
  })
  if (mapped.length > 0) return mapped.map(([value]) => value)
  const [name = ''] = target.pointer.split('/').slice(-1)
  const pinned = pinnedTo(target, property, reader)
  if (pinned === undefined) return target.pointer.startsWith('/components/schemas/') ? [name] : undefined
  // One value tells the branch apart; of several each may be another's as well.
  if (pinned.length === 1) return pinned
  return pinned.includes(name) ? [name] : undefined
}

/** The values that a property may have, where the schema itself says so. */
function pinnedTo(schema: Located, property: string, reader: Reader): readonly string[] | undefined {
  const properties = partsOf(schema, reader).flatMap((part) => reader.schemas(part, 'properties').filter(([name]) => name === property))
  const lists = properties.flatMap(([, one]) =>
    partsOf(one, reader).flatMap(({ value }) => ('const' in value ? [[value['const']]] : 'enum' in value ? [[value['enum']].flat()] : [])),
  )
  const [first, ...others] = lists
  return first?.filter((value) => typeof value === 'string' && others.every((list) => list.includes(value))).map(String)
}
