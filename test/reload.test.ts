import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { defineApi, type Input, kind, reply } from '../src/api.ts'
import { createMock } from '../src/index.ts'

/*
 * A document, or what an API does, is changed while its sessions go on.
 */

const folder = mkdtempSync(join(tmpdir(), 'reload-'))
const file = join(folder, 'notes.yaml')

/** A document of notes with as many more operations as there are names. */
function document(...more: readonly string[]): string {
  const get = '{ responses: { 200: { description: ok, content: { application/json: { schema: {} } } } } }'
  return [
    'openapi: 3.1.0',
    'info: { title: Notes, version: "1" }',
    'paths:',
    '  /notes/{id}:',
    '    parameters: [{ name: id, in: path, required: true, schema: { type: string } }]',
    `    get: { operationId: getNote, ${get.slice(1)}`,
    `    put: { operationId: putNote, ${get.slice(1)}`,
    ...more.map((name) => `  /${name}: { get: { operationId: ${name}, ${get.slice(1)} }`),
    '',
  ].join('\n')
}

type ById = Input<{ path: { id: string } }>
interface Note {
  readonly id: string
  readonly text: string
}

/** Notes that are written in some voice. */
function notes(voice: string, settings = {}) {
  return defineApi({
    document: file,
    kinds: { note: kind<Note>() },
    settings,
    behaviours: {
      putNote: ({ path }: ById, scene) => reply(200, scene.put('note', { id: path.id, text: voice })),
      getNote: ({ path }: ById, scene) => reply(200, { ...scene.get('note', path.id), voice, loud: scene.session.settings }),
    },
  })
}

describe('a mock', async () => {
  writeFileSync(file, document())
  const mock = await createMock({ apis: [notes('soft')] })
  afterAll(() => mock.close())
  const ask = async (path: string, init?: RequestInit): Promise<unknown> => JSON.parse(await (await mock.fetch(path, init)).text())
  await mock.createSession({ name: 'kept' })
  await ask('/~kept/notes/1', { method: 'PUT' })
  await mock.session('kept').bind({ token: 'mine' })

  it('serves its document as it is now, and its sessions go on', async () => {
    expect((await mock.fetch('/more')).status).toBe(404)
    writeFileSync(file, document('more'))
    await mock.reload()
    expect((await mock.fetch('/more')).status).toBe(200)
    expect(await ask('/notes/1', { headers: { Authorization: 'Bearer mine' } })).toMatchObject({ id: '1', text: 'soft' })
    expect(await ask('/__mock/requests?session=kept&operation=putNote')).toMatchObject({ requests: [{ method: 'PUT' }] })
    expect(mock.files).toEqual([file])
  })

  it('does what its API does now; sessions are set to what is new', async () => {
    const settings = { volume: { help: 'how loud', default: 3, check: Number } }
    await mock.reload([notes('loud', settings)])
    expect(await ask('/~kept/notes/1')).toEqual({ id: '1', text: 'soft', voice: 'loud', loud: { volume: 3 } })
    expect(await ask('/~kept/notes/2', { method: 'PUT' })).toEqual({ id: '2', text: 'loud' })
  })

  it.each([
    ['does not parse', 'openapi: {', /^notes\.yaml:\d+: /],
    [
      'leads nowhere',
      "openapi: 3.1.0\npaths:\n  /a: { $ref: '#/b' }\n",
      /^notes: there is a behaviour for the operation "putNote", which notes does not have/,
    ],
    ['lacks an operation that its API does', document().replace('operationId: putNote', 'operationId: other'), /putNote/],
  ])('stays as it was where the document %s', async (_what, text, message) => {
    writeFileSync(file, text)
    await expect(mock.reload()).rejects.toThrow(message)
    expect(await ask('/~kept/notes/1')).toMatchObject({ text: 'soft', voice: 'loud' })
    expect((await mock.fetch('/more')).status).toBe(200)
  })

  it('finishes with what it was before whatever it was asked before', async () => {
    writeFileSync(file, document('more'))
    const asked = ask('/~kept/notes/1')
    const [answer] = await Promise.all([asked, mock.reload([notes('late')])])
    expect(answer).toMatchObject({ voice: 'loud' })
    expect(await ask('/~kept/notes/1')).toMatchObject({ voice: 'late' })
  })
})
