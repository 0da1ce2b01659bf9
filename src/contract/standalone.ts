import { nearestAre } from '../base/nearest.ts'
import { DocumentError } from '../base/problem.ts'
import type { LoadedDocument } from '../document/load.ts'
import { formOf } from './form.ts'
import { createReader, isJson, type Json, type Located, namedSchemas } from './schema.ts'

/**
 * A schema of `components/schemas` (of `definitions`, in Swagger 2.0) with all that it refers to, as one JSON Schema of draft 2020-12.
 * @param asked who asks for it, for the message
 * @throws DocumentError where the document has no schema of this name
 */
export function standalone(loaded: LoadedDocument, name: string, asked: string): Json {
  const document = formOf(loaded, 'request')
  const reader = createReader(document)
  const uri = document.sources[0]?.uri ?? ''
  const schemas = namedSchemas(reader, uri)
  const found = schemas.find(([one]) => one === name)?.[1]
  if (!found) {
    const names = schemas.map(([one]) => one)
    throw new DocumentError(`${asked} has the schema "${name}", which ${uri} does not have; ${nearestAre(name, names)}`)
  }
  const names = new Map<string, string>()
  const defs: Record<string, Json> = {}
  const nameOf = (target: Located): string => {
    const key = `${target.uri}#${target.pointer}`
    const known = names.get(key)
    if (known !== undefined) return known
    const last = target.pointer.slice(target.pointer.lastIndexOf('/') + 1).replaceAll(/[^\w-]/g, '-')
    const taken = new Set(names.values())
    let own = last
    for (let number = 2; taken.has(own); number++) own = `${last}-${number}`
    names.set(key, own)
    defs[own] = copied(target)
    return own
  }
  const copied = (located: Located): Json => {
    const target = typeof located.value['$ref'] === 'string' ? reader.target(located) : undefined
    const entries = Object.entries(located.value).map(([key, value]) => {
      if (key === '$ref' && target) return [key, `#/$defs/${nameOf(target)}`]
      return [key, inner(value, located, key)]
    })
    return Object.fromEntries(entries)
  }
  const inner = (value: unknown, parent: Located, key: string): unknown => {
    const pointer = `${parent.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (Array.isArray(value))
      return value.map((element: unknown, place) => inner(element, { ...parent, value: {}, pointer }, String(place)))
    return isJson(value) ? copied({ value, uri: parent.uri, pointer }) : value
  }
  const { $defs: _own, ...schema } = copied(found)
  return Object.keys(defs).length === 0 ? schema : { ...schema, $defs: defs }
}
