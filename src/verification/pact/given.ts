import type { Operation } from '../../contract/operation.ts'
import type { Json } from '../../contract/schema.ts'
import type { Message } from './message.ts'
import type { Interaction } from './pact.ts'

/**
 * The interaction as the comparator takes it without stumbling. Written as version 3, because it does not decode all bodies of version 4;
 * texts only, because it refuses a whole file for a number among the headers. The path is one that its router finds for sure: it knows
 * neither HEAD for GET, nor values above 2,048 characters, nor identifiers with an equals sign in a list.
 */
export function givenPact({ description, states, status }: Interaction, operation: Operation, request: Message, response: Message): Json {
  return {
    metadata: { pactSpecification: { version: '3.0.0' } },
    interactions: [
      {
        description,
        ...(states.length > 0 && { providerState: states.map(({ name }) => name).join(', ') }),
        request: {
          method: operation.method,
          path: operation.template.replaceAll(/\{[^{}]+\}/g, 'a-value'),
          query: listsIn(request.query),
          headers: acceptable(request.headers, response.headers),
          ...(request.body !== undefined && { body: request.body }),
        },
        response: { status, headers: response.headers, ...(response.body !== undefined && { body: response.body }) },
      },
    ],
  }
}

/** Lists of more than 20 values would be read as objects; with the commas encoded they are read as a text, which is split where a list is meant. */
function listsIn(query: string): string {
  const lists = new Map<string, string[]>()
  for (const pair of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = pair.split('=')
    lists.set(name, [...(lists.get(name) ?? []), ...value.join('=').split(',')])
  }
  return [...lists].map(([name, values]) => `${name}=${values.join(values.length > 20 ? '%2C' : ',')}`).join('&')
}

/** The comparator takes the schema of the answer by what the request accepts; where that is open, the answer's own type says which one is meant. */
function acceptable(request: Message['headers'], response: Message['headers']): Message['headers'] {
  const { accept = '*/*' } = request
  const type = response['content-type']
  return type !== undefined && accept.includes('*') ? { ...request, accept: type } : request
}
