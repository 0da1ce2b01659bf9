import { defineApi } from '../../src/api.ts'
import type { Api } from '../../src/core/api.ts'

const THING = {
  type: 'object',
  required: ['n'],
  properties: { id: { type: 'string' }, n: { type: 'integer' } },
}

const answer = (schema: object) => ({
  description: 'as it is',
  content: { 'application/json': { schema } },
})

/** A document of things: `listThings`, `addThing` and `getThing`. */
function documentOf(title: string, base = '', paths: object = {}): Readonly<Record<string, unknown>> {
  return {
    openapi: '3.1.0',
    info: { title, version: '1' },
    ...(base !== '' && { servers: [{ url: base }] }),
    paths: {
      '/things': {
        get: { operationId: 'listThings', responses: { 200: answer({ type: 'array', items: THING }) } },
        post: {
          operationId: 'addThing',
          requestBody: { content: { 'application/json': { schema: THING } } },
          responses: { 201: answer(THING), 404: { description: 'there is none', headers: { 'X-Why': { required: true } } } },
        },
      },
      '/things/{id}': {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        get: { operationId: 'getThing', responses: { 200: answer(THING), 404: { description: 'there is none' } } },
      },
      ...paths,
    },
    components: { schemas: { Thing: THING } },
  }
}

/** An API as a program in JavaScript writes it: whatever it likes. */
export function apiOf(definition: object): Api {
  return defineApi({ document: documentOf('Things'), ...definition })
}
