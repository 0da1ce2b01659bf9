import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { defineApi, kind, reply } from '../src/api.ts'
import type { Input } from '../src/api.ts'
import { createMock } from '../src/index.ts'

interface Note {
  readonly id: string
  readonly status?: string
}

const NOTE = { type: 'object', required: ['id'], properties: { id: { type: 'string' }, status: { type: 'string' } } }
const path = { name: 'id', in: 'path', required: true, type: 'string' }

/** As little as an API can be that keeps something: no dialect, no steps; its document is of Swagger 2.0. */
const notes = defineApi({
  document: {
    swagger: '2.0',
    info: { title: 'Notes', version: '1' },
    basePath: '/v1',
    paths: {
      '/notes/{id}': {
        parameters: [path],
        put: {
          operationId: 'changeNote',
          parameters: [{ name: 'note', in: 'body', required: true, schema: { type: 'object' } }],
          responses: { 200: { description: 'It', schema: { $ref: '#/definitions/Note' } } },
        },
      },
    },
    definitions: { Note: NOTE },
  },
  kinds: { note: kind<Note>({ schema: 'Note', word: 'notes' }) },
  problems: { 'note-unknown': { status: 404, title: 'There is no such note' } },
  behaviours: {
    changeNote: ({ path, body }: Input<{ path: { id: string }; body: object }>, scene) => {
      const found = scene.get('note', path.id)
      return found ? reply(200, scene.put('note', { ...found, ...body })) : scene.refuse('note-unknown')
    },
  },
})

describe('an API of which as little is said as can be', () => {
  it('has a document of Swagger 2.0, whose schemas its kinds can name', async () => {
    await using mock = await createMock({ apis: [notes] })
    const session = await mock.createSession({ scenario: { notes: [{ id: 'a' }] } })
    const put = () => request(mock.app).put('/v1/notes/a').set(session.headers)
    await put().send({ status: 'read' }).expect(200, { id: 'a', status: 'read' })
    await put().expect(422)
    await expect(mock.createSession({ scenario: { notes: [{ id: 1 }] } })).rejects.toThrow(/\/notes\/0\/id/)
  })

  it('refuses with what the problem says, whatever the client has sent', async () => {
    await using mock = await createMock({ apis: [notes] })
    const { body, headers } = await request(mock.app)
      .put('/v1/notes/b')
      .send({ status: 'read', headers: { 'X-Sent': 'yes' } })
      .expect(404)
    expect(body).toMatchObject({ status: 404, code: 'note-unknown' })
    expect(headers).not.toHaveProperty('x-sent')
  })

  it('has examples with the credentials that its document wants', async () => {
    const get = (security: object[]): object => ({ get: { security, responses: { 200: { description: 'It' } } } })
    const secured = defineApi({
      document: {
        openapi: '3.1.0',
        info: { title: 'Secured', version: '1' },
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer' },
            key: { type: 'apiKey', in: 'query', name: 'the key' },
            cookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
            header: { type: 'apiKey', in: 'header', name: 'X-Key' },
          },
        },
        paths: {
          '/a': get([{ bearer: [] }]),
          '/b': get([{ key: [], cookie: [] }]),
          '/c': get([{ header: [] }, {}]),
          '/d': get([{ header: [] }, { bearer: [] }]),
        },
      },
      behaviours: Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`GET /${name}`, () => reply(200)])),
    })
    await using mock = await createMock({ apis: [secured] })
    const session = await mock.createSession()
    const examples = await session.examples()
    const statuses = await Promise.all(
      examples.map(async ({ path, headers }) => (await request(mock.app).get(path).set(headers).set(session.headers)).status),
    )
    expect(statuses).toEqual([200, 200, 200, 200])
  })

  it('has sessions though it has no steps', async () => {
    await using mock = await createMock({ apis: [notes] })
    const { headers } = await mock.createSession({ name: 'a', scenario: { notes: [{ id: 'a' }] } })
    await request(mock.app)
      .get('/__mock/sessions/a')
      .expect(200, /"progress":"manual"/)
    await request(mock.app).put('/v1/notes/b').set(headers).send({}).expect(404)
    const { body } = await request(mock.app).post('/__mock/sessions/a/steps').send({ note: 'a' }).expect(422)
    expect(body.fix).toBe('no API that is served has steps; add them with `steps` of defineApi')
  })
})
