import { below, inLine, listOf, membersOf, resolved, textOf } from './json.ts'

/* What an OpenAPI document, or one of Swagger 2.0, says of its operations; nothing in it is believed to be as it should. */

export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string | undefined
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly isDeprecated: boolean
  readonly basis: unknown
  /** The ways in which a client may say who it is, by the names of the schemes. */
  readonly security: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  readonly answers: readonly Answer[]
}

export interface Parameter {
  readonly name: string
  readonly place: string
  readonly isRequired: boolean
  readonly isDeprecated: boolean
  readonly description: string | undefined
  readonly basis: unknown
  readonly schema: unknown
  readonly examples: readonly Example[]
}

interface Body {
  readonly isRequired: boolean
  readonly description: string | undefined
  readonly basis: unknown
  readonly contents: readonly Content[]
}

export interface Answer extends Omit<Body, 'isRequired'> {
  readonly status: string
  readonly headers: readonly Omit<Parameter, 'place'>[]
}

/** What a body is made of in one of its media types. */
export interface Content {
  readonly mediaType: string
  readonly schema: unknown
  readonly examples: readonly Example[]
}

export interface Example {
  readonly name: string
  readonly summary: string | undefined
  readonly value: unknown
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

export function operationsOf(document: unknown): readonly Operation[] {
  return Object.entries(membersOf(below(document, 'paths'))).flatMap(([path, written]) => {
    const item = resolved(document, written)
    return METHODS.flatMap((method): Operation[] => {
      const operation = below(item, method)
      if (operation === undefined) return []
      const parameters = [...listOf(below(item, 'parameters')), ...listOf(below(operation, 'parameters'))].map((one) =>
        parameterOf(document, one),
      )
      return [
        {
          id: inLine(below(operation, 'operationId')),
          method: method.toUpperCase(),
          path,
          tag: textOf(listOf(below(operation, 'tags'))[0]),
          summary: textOf(below(operation, 'summary')),
          description: textOf(below(operation, 'description')),
          isDeprecated: below(operation, 'deprecated') === true,
          basis: below(operation, BASIS),
          security: listOf(below(operation, 'security') ?? below(document, 'security')).map(
            (way) => Object.keys(membersOf(way)).join(' and ') || 'none',
          ),
          // The operation's own replace those of its path (OpenAPI 3.1, 4.8.9).
          parameters: parameters.filter(
            ({ name, place }, at) => !parameters.slice(at + 1).some((later) => later.name === name && later.place === place),
          ),
          body: bodyOf(document, below(operation, 'requestBody')),
          answers: Object.entries(membersOf(below(operation, 'responses')))
            .filter(([status]) => !status.startsWith('x-'))
            .map(([status, answer]) => answerOf(document, status, answer)),
        },
      ]
    })
  })
}

const BASIS = 'x-basis'

function parameterOf(document: unknown, written: unknown): Parameter {
  const parameter = resolved(document, written)
  const [content] = contentsOf(document, parameter)
  return {
    name: inLine(below(parameter, 'name')),
    place: inLine(below(parameter, 'in')),
    isRequired: below(parameter, 'required') === true,
    isDeprecated: below(parameter, 'deprecated') === true,
    description: textOf(below(parameter, 'description')),
    basis: below(parameter, BASIS),
    // In Swagger 2.0 a parameter is its own schema.
    schema: below(parameter, 'schema') ?? content?.schema ?? (below(parameter, 'type') === undefined ? undefined : parameter),
    examples: [...examplesOf(document, parameter), ...(content?.examples ?? [])],
  }
}

function bodyOf(document: unknown, written: unknown): Body | undefined {
  const body = resolved(document, written)
  if (body === undefined) return undefined
  return {
    isRequired: below(body, 'required') === true,
    description: textOf(below(body, 'description')),
    basis: below(body, BASIS),
    contents: contentsOf(document, body),
  }
}

function answerOf(document: unknown, status: string, written: unknown): Answer {
  const answer = resolved(document, written)
  return {
    status,
    description: textOf(below(answer, 'description')),
    basis: below(answer, BASIS),
    headers: Object.entries(membersOf(below(answer, 'headers'))).map(([name, header]) => ({ ...parameterOf(document, header), name })),
    contents: contentsOf(document, answer),
  }
}

function contentsOf(document: unknown, holder: unknown): readonly Content[] {
  const contents = Object.entries(membersOf(below(holder, 'content'))).map(([mediaType, media]) => ({
    mediaType,
    schema: below(media, 'schema'),
    examples: examplesOf(document, media),
  }))
  // Swagger 2.0 has the schema in the answer itself, and an example by media type.
  const schema = contents.length === 0 && below(holder, 'in') === undefined ? below(holder, 'schema') : undefined
  if (schema === undefined) return contents
  const examples = Object.entries(membersOf(below(holder, 'examples'))).map(([name, value]) => ({ name, summary: undefined, value }))
  return [{ mediaType: '', schema, examples }]
}

function examplesOf(document: unknown, holder: unknown): readonly Example[] {
  const one = below(holder, 'example')
  const named = Object.entries(membersOf(below(holder, 'examples'))).map(([name, written]) => {
    const example = resolved(document, written)
    const value = below(example, 'value') ?? below(example, 'dataValue') ?? below(example, 'serializedValue')
    return { name, summary: textOf(below(example, 'summary')), value: value ?? below(example, 'externalValue') }
  })
  return one === undefined ? named : [{ name: 'example', summary: undefined, value: one }, ...named]
}
