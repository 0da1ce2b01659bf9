import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { explanation } from '../../src/cli/explanation.ts'
import { createMock } from '../../src/index.ts'
import { expectHarmless, HOSTILE } from '../hostile.ts'
import { ORDER, quantities, SUPPLIER } from '../support.ts'
import { runHere } from './here.ts'
import { ROOT, Running } from './process.ts'

/** Five requests: well, refused by a rule, refused by the document, unknown, disturbed by a fault. */
async function asked(): Promise<string> {
  const mock = await createMock()
  onTestFinished(() => mock.close())
  const ask = async (path: string, session: string, body?: object): Promise<void> => {
    const headers = { Authorization: SUPPLIER, 'Mock-Session': session, 'Content-Type': 'application/json' }
    const init = { headers, ...(body && { method: 'PUT', body: JSON.stringify(body) }) }
    await mock.fetch(new Request(`http://localhost${path}`, init))
  }
  const write = `/orders/allocation/${ORDER}/`
  await ask(write, 'a', quantities(4, 2, 0))
  await ask(write, 'a', quantities(5, 0, 0))
  await ask(write, 'a', { line_items: [{ line_item_uuid: 'x', allocation: { quantity_allocated: 5 } }] })
  await ask('/order', 'a')
  await mock.session('b').addFault({ operation: 'getOrder', status: 503 })
  await ask(`/orders/${ORDER}/`, 'b')
  const server = createServer(mock.app)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('allocation-mock explain', () => {
  it.each<[string, string, readonly (string | RegExp)[]]>([
    [
      'what was changed',
      'a-1',
      [
        `a-1: PUT /orders/allocation/${ORDER}/`,
        /^ {2}answered 200 after [\d.]+ ms, at 20\S+Z$/,
        '  session a, operation allocateOrder',
        'Changed:',
        `  order ${ORDER}`,
        '    /line_items/0/allocation/quantity_allocated: 0 → 4',
        '    /line_items/0/status: "Unallocated" → "Allocated"',
      ],
    ],
    [
      'a rule that is broken, and what is assumed',
      'a-2',
      [
        'Refused: 5 allocated + 0 backordered + 0 rejected is 5, not the 6 ordered',
        '  The quantities do not add up to what was ordered (quantities-differ)',
        '  what would do: make them add up to 6',
        'Assumed: supplier.allocate.sum',
        '  values: enforced (the default), as here; off',
        /^ {2}another value: serve --assume supplier\.allocate\.sum=VALUE, or /,
      ],
    ],
    [
      'what does not fit the document, and where that says so',
      'a-3',
      [
        'At /body/line_items/0/line_item_uuid: is "x"; it must be a uuid',
        '  met: "x"',
        '  wanted: "uuid"',
        /^ {2}rule: format, supplier-orders\.yaml:\d+ \/components\/schemas\/.*\/line_item_uuid\/format$/,
      ],
    ],
    ['what may have been meant', 'a-4', ['  session a, no operation', /^Nearest: \S+ \/\S+ \(\w+\); differs in /]],
    ['a fault', 'b-1', [/^ {2}answered 503 /, /^ {2}met the fault /]],
  ])('tells %s', async (_what, id, lines) => {
    const url = await asked()
    const { code, out, err } = await runHere(['explain', id, '--url', url])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const told = out.split('\n')
    for (const line of lines) expect(told).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line))
  })

  it('takes the address that stands at the end of a log line', async () => {
    const url = await asked()
    expect(await runHere(['explain', `${url}/__mock/requests/a-3`])).toMatchObject({ code: 0, out: expect.stringMatching(/^a-3: /) })
  })

  it('tells of the last that was refused, unless one is named', async () => {
    const url = await asked()
    expect(await runHere(['explain', '--url', url])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^a-4: GET \/order\n[^]*\n(What would do|Nothing would do now):/),
    })
    expect(await runHere(['explain', '--url', url, '--session', 'b'])).toMatchObject({
      code: 0,
      out: 'The session b has refused no request that the journal still holds.\n',
    })
  })

  it.each(['a-99', 'a/b', '%', 'http://127.0.0.1:1/elsewhere'])('names the latest in place of one that is not there: %s', async (id) => {
    const url = await asked()
    const { code, out, err } = await runHere(['explain', id, '--url', url])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(
      `error: the journal of ${url} holds no request "${id}"; the latest are b-1 (503 GET /orders/${ORDER}/), a-4 (404 GET /order), a-3 (`,
    )
  })
})

const REQUEST = {
  id: 'a-1',
  session: 'a',
  origin: 'request',
  time: '2026-01-01T00:00:00.000Z',
  received: '2026-01-01T00:00:00.000Z',
  method: 'PUT',
  path: '/a',
  status: 400,
  duration: 1,
  replyHeaders: {},
} as const
const HEAD = ['a-1: PUT /a', '  answered 400 after 1.0 ms, at 2026-01-01T00:00:00.000Z', '  session a, no operation']

describe('an explanation', () => {
  it.each<[string, Partial<Parameters<typeof explanation>[0]>, readonly string[]]>([
    ['nothing that there is not', {}, []],
    [
      'a request that would do',
      {
        repair: {
          kind: 'repaired',
          request: { method: 'GET', path: '/a', headers: {} },
          changes: [
            { at: '/body/a', from: 5, to: 6 },
            { at: '/body/b', to: 'x' },
            { at: '/body/c', from: null },
          ],
          curl: "curl -sS 'http://127.0.0.1:1/a'",
        },
      },
      [
        '',
        'What would do:',
        '  /body/a: 5 → 6',
        '  /body/b: nothing → "x"',
        '  /body/c: null → nothing',
        "  curl -sS 'http://127.0.0.1:1/a'",
      ],
    ],
    [
      'that none is known',
      { repair: { kind: 'none', reason: 'the order is not there' } },
      ['', 'Nothing would do now: the order is not there'],
    ],
    [
      'an assumption that the session has otherwise, and what the document bases the answer on',
      {
        basis: 'hearsay',
        assumed: {
          name: 'depot:is.it',
          value: 'always',
          values: ['never', 'always'],
          question: 'Is it?',
          reason: 'So it is.',
          source: 'Nobody.',
          switches: ['--assume depot:is.it=never'],
        },
      },
      [
        '',
        'Based on: "hearsay"',
        '',
        'Assumed: depot:is.it',
        '  Is it?',
        '  values: never (the default); always, as here',
        '  another value: serve --assume depot:is.it=VALUE, or for one session {"assume":{"depot:is.it":"VALUE"}} when it begins',
      ],
    ],
    [
      'what is new and what is gone',
      {
        changes: [
          { kind: 'order', id: 'x', to: { a: 1 } },
          { kind: 'order', id: 'y', from: { long: 'y'.repeat(400) } },
        ],
      },
      ['', 'Changed:', '  order x is new: {"a":1}', `  order y is gone: {"long":"${'y'.repeat(291)}…`],
    ],
    [
      'what is let pass, and what breaks the rules on the way to the real service',
      {
        upstream: 'https://api.test',
        warnings: [{ at: '/query/x', rule: 'undeclared', message: 'is not declared' }],
        violations: [{ location: ['response', 'body', 'a'], severity: 'Error', code: 'type', message: 'must be a text' }],
      },
      [
        '  sent on to https://api.test',
        '',
        'Let pass at /query/x: is not declared',
        '  rule: undeclared',
        '',
        'Error at response/body/a: must be a text',
      ],
    ],
  ])('tells %s', (_what, more, lines) => expect(explanation({ ...REQUEST, ...more })).toEqual([...HEAD, ...lines]))

  it.each(Object.entries(HOSTILE))('stays lines of ours with %s', (_, text) => {
    const issue = { at: text, rule: text, message: text, value: text, wanted: text, fix: text, place: { file: text, pointer: text } }
    const member = { at: text, from: text, to: text }
    const lines = explanation({
      ...REQUEST,
      path: text,
      operation: text,
      fault: text,
      problem: { code: text, title: text, detail: text, fix: text, issues: [issue] },
      warnings: [issue],
      assumed: { name: text, value: text, values: [text], question: text, reason: text, source: text, switches: [text] },
      basis: text,
      changes: [{ kind: text, id: text, members: [member] }],
      repair: { kind: 'repaired', request: { method: text, path: text, headers: {} }, changes: [member], curl: text },
    })
    expect(lines.filter((line) => line.includes('\n'))).toEqual([])
    expectHarmless(lines.join('\n'))
  })
})

it.each(['requests', 'explain'])('%s loads no mock', async (command) => {
  const input = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { main } = await import(${JSON.stringify(`${ROOT}/src/cli/main.ts`)})
    const code = await main([${JSON.stringify(command)}, '--url', 'http://127.0.0.1:1'])
    console.log(JSON.stringify({ code, loaded }))
  `
  const { out } = await new Running(process.execPath, ['--input-type=module', '--no-warnings'], { input }).ended
  const { code, loaded }: { code: number; loaded: string[] } = JSON.parse(out)
  expect(code).toBe(2)
  expect(loaded.some((file) => file.endsWith(`/src/cli/${command}.ts`))).toBe(true)
  expect(
    loaded.filter((file) => /\/src\/(index|mock|serving|engine\/respond|server\/|store\/)|\/node_modules\/(?!commander\/)/.test(file)),
  ).toEqual([])
})
