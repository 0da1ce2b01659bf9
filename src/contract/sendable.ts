import { isJsonType } from './media-type.ts'
import type { Side } from './generate.ts'
import type { Located } from './schema.ts'

/** Makes a value that fits a schema. @throws DocumentError where none is found */
export type Make = (schema: Located, side: Side) => unknown

/** A parameter as a client fills it in. */
interface SendableParameter {
  /** As requests are asked for it: that of a header in lower case. */
  readonly name: string
  readonly in: string
  readonly isRequired: boolean
  readonly entry: Located
}

/** What an operation can be sent: what the document says of it, as far as a value can be made from that. */
export interface Sendable {
  readonly parameters: readonly SendableParameter[]
  /** A value for a parameter; undefined where none can be made. */
  parameterOf(parameter: SendableParameter, make: Make): unknown
  /** A body in JSON; undefined where it takes none, or none can be made. */
  bodyOf(make: Make): { readonly mediaType: string; readonly value: unknown } | undefined
  /** A value for what stands at a pointer into the document, or for a member of it; undefined where no schema stands there, or none can be made. */
  valueAt(uri: string, pointer: string, member: string | undefined, make: Make): unknown
}

/** @param owners the path and the operation, whose parameters replace the path's of the same name and place */
export function readSendable(owners: readonly Located[], operation: Located, side: Side): Sendable {
  const { reader } = side
  const all = owners.flatMap((owner) =>
    reader.children(owner, 'parameters').flatMap(([, entry]): SendableParameter[] => {
      const { name, in: where, required } = entry.value
      if (typeof name !== 'string' || typeof where !== 'string') return []
      return [{ name: where === 'header' ? name.toLowerCase() : name, in: where, isRequired: required === true, entry }]
    }),
  )
  const parameters = [...new Map(all.map((one) => [`${one.in}/${one.name}`, one])).values()]
  const made = (schema: Located | undefined, make: Make): unknown => {
    if (!schema) return undefined
    try {
      return make(schema, side)
    } catch {
      // Nothing that fits is found, or the document cannot be read there.
      return undefined
    }
  }
  const schemaAt = (uri: string, pointer: string): Located | undefined => {
    try {
      return reader.at(uri, pointer)
    } catch {
      return undefined
    }
  }
  return {
    parameters,
    parameterOf: ({ entry }, make) => entry.value['example'] ?? made(reader.schema(entry, 'schema'), make),
    bodyOf(make) {
      const body = reader.child(operation, 'requestBody')
      const content = body && reader.children(body, 'content').find(([name]) => isJsonType(name))
      if (!content) return undefined
      const [mediaType, entry] = content
      const value = entry.value['example'] ?? made(reader.schema(entry, 'schema'), make)
      return value === undefined ? undefined : { mediaType: mediaType.includes('*') ? 'application/json' : mediaType, value }
    },
    valueAt(uri, pointer, member, make) {
      const at = schemaAt(uri, pointer)
      const schema = at && member !== undefined ? reader.schemas(at, 'properties').find(([name]) => name === member)?.[1] : at
      return made(schema, make)
    },
  }
}
