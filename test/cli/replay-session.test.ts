import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runHere, serveHere } from './here.ts'
import { type Ended, run, Running } from './process.ts'

const ORDER = '319bba9f-71b1-4a93-8abf-67a45b8fdd5c'
const LINE = 'b84ccd3c-88f8-4050-accf-e049163052e3'
const ALLOCATION = '62ff5c0bec0aed3c86202c32'
const FOLDER = mkdtempSync(join(tmpdir(), 'replay-'))
const FILE = join(FOLDER, 'late-mugs.json')

const allocated = (allocation: object): string => JSON.stringify({ line_items: [{ line_item_uuid: LINE, allocation }] })

/** What a tester typed: the arguments of curl, for the address of a mock. */
const TYPED: readonly (readonly string[])[] = [
  ['-X', 'POST', '/__mock/sessions/late-mugs/faults', '-d', '{"operation":"getOrder","calls":2,"fault":"TRUNCATED_RESPONSE"}'],
  [
    '-X',
    'POST',
    '/__mock/sessions/late-mugs/faults',
    '-d',
    '{"operation":"cancelAllocations","calls":1,"at":"after","fault":"EMPTY_RESPONSE"}',
  ],
  [
    '-X',
    'PUT',
    `/orders/allocation/${ORDER}/`,
    '-H',
    'Authorization: Token s3cr3t-of-a-tester',
    '-d',
    allocated({ quantity_allocated: 4, quantity_backordered: 2 }),
  ],
  [`/orders/${ORDER}/`, '-H', 'Authorization: Token s3cr3t-of-a-tester'],
  [`/orders/${ORDER}/`, '-H', 'Authorization: Token s3cr3t-of-a-tester'],
  ['-X', 'POST', '/__mock/sessions/late-mugs/clock/advance', '-d', '{"by":"2d"}'],
  [
    '-X',
    'PUT',
    `/orders/allocation/${ORDER}/`,
    '-H',
    'Authorization: Token s3cr3t-of-a-tester',
    '-d',
    allocated({ quantity_allocated: 5 }),
  ],
  [
    '-X',
    'PUT',
    `/api/v2/allocation/cancel/${ALLOCATION}`,
    '-H',
    'Authorization: Bearer any',
    '-H',
    'x-site-context: {"account":"1234abcd5678efgh9ijklmno"}',
  ],
  [
    '-X',
    'PUT',
    `/api/v2/allocation/cancel/${ALLOCATION}`,
    '-H',
    'Authorization: Bearer any',
    '-H',
    'x-site-context: {"account":"1234abcd5678efgh9ijklmno"}',
  ],
  ['-I', `/orders/${ORDER}/?token=s3cr3t-of-a-tester`, '-H', 'Authorization: Token s3cr3t-of-a-tester'],
]

describe('allocation-mock replay', () => {
  let mock: Awaited<ReturnType<typeof serveHere>>
  let typed: readonly Ended[]
  beforeAll(async () => {
    mock = await serveHere(['--log', 'none', '--seed', '7', '--assume', 'oms.cancel.again=200'])
    const ended: Ended[] = []
    for (const args of TYPED) {
      const all = args.map((one) => (one.startsWith('/') ? mock.url + one : one))
      ended.push(await new Running('curl', ['-sS', '-H', 'Mock-Session: late-mugs', '-H', 'Content-Type: application/json', ...all]).ended)
    }
    typed = ended
    await new Running('curl', ['-sSf', '-o', FILE, `${mock.url}/__mock/sessions/late-mugs/export`]).ended
    await mock.server.stop()
  })
  afterAll(() => void mock.server.stop())

  const written = (name: string, text: string): string => {
    const file = join(FOLDER, name)
    writeFileSync(file, text)
    return file
  }

  it('repeats what curl recorded byte for byte, in another process', async () => {
    expect(typed.map(({ code }) => code)).toEqual([0, 0, 0, 0, 18, 0, 0, 52, 0, 0])
    const { code, out, err } = await run(['replay', FILE]).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(
      /^\S+late-mugs\.json: session "late-mugs" of \d{4}-\S+Z: all 7 answers are the same, 3 control requests between them\n$/,
    )
    expect(readFileSync(FILE, 'utf8')).not.toContain('s3cr3t')
  })

  it('shows what one changed byte in a request makes of the answers', async () => {
    const text = readFileSync(FILE, 'utf8')
    const changed = text.replace(String.raw`\"quantity_allocated\":5`, String.raw`\"quantity_allocated\":6`)
    expect(Array.from(changed).filter((letter, index) => letter !== text[index])).toEqual(['6'])
    const file = written('changed.json', changed)
    const { code, out } = await runHere(['replay', file])
    expect(code).toBe(1)
    const [title, ...lines] = out.trimEnd().split('\n')
    expect(title).toMatch(/^\S+changed\.json: session "late-mugs" of \S+: 6 of 7 answers are the same, 3 control requests between them$/)
    expect(lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'HOST'))).toEqual([
      '',
      `  7. PUT /orders/allocation/${ORDER}/ (late-mugs-4)`,
      '     status: 400, now 200',
      '     header Mock-Explain: "http://HOST/__mock/requests/late-mugs-4", now nothing',
      '     body /line_items/0/allocation: {"non_field_errors":["5 allocated + 0 backordered + 0 rejected is 5, not the 6 ordered."]}, now nothing',
      `     body /line_items/0/line_item_uuid: nothing, now "${LINE}"`,
      '     body /line_items/0/quantity_shipped: nothing, now 0',
      '     body /line_items/0/supplier_provided_sku_cost: nothing, now 66.05',
    ])
  })

  it('prints the same as JSON, of several files', async () => {
    const changed = written('status.json', readFileSync(FILE, 'utf8').replace('"status":400', '"status":422'))
    const { code, out, err } = await runHere(['replay', FILE, changed, '--format', 'json'])
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(JSON.parse(out)).toMatchObject([
      { file: FILE, session: 'late-mugs', requests: 7, controls: 3, same: 7, different: [], notRepeated: [], notes: [] },
      {
        file: changed,
        same: 6,
        different: [{ number: 7, id: 'late-mugs-4', method: 'PUT', differences: [{ what: 'status', recorded: '422', now: '400' }] }],
      },
    ])
  })

  it('shows some of very many differences', async () => {
    const text = readFileSync(FILE, 'utf8').replace(String.raw`\"quantity_allocated\":4`, String.raw`\"quantity_allocated\":9`)
    const file = JSON.parse(text)
    file.exchanges = Array.from({ length: 30 }, () => file.exchanges[3])
    file.exchanges[0].answer.body = JSON.stringify({
      many: Object.fromEntries(Array.from({ length: 30 }, (_, index) => [index, '\u0007'.repeat(500)])),
    })
    const { code, out } = await runHere(['replay', written('many.json', JSON.stringify(file))])
    expect(code).toBe(1)
    const lines = out.split('\n')
    expect(lines.filter((line) => /^ {2}\d+\. GET/.test(line))).toHaveLength(20)
    expect(out).toMatch(/\n {5}and \d+ more differences\n/)
    expect(out).toMatch(/\n {2}and 10 more requests\n$/)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400)
  })

  const good = (): string => readFileSync(FILE, 'utf8')
  const bad: readonly [string, () => string, string][] = [
    ['nothing', () => '', 'it is empty; export the session again'],
    ['no JSON', () => '# a report', 'it is not valid JSON (Unexpected token'],
    ['half of it', () => good().slice(0, good().length / 2), 'it ends in the middle: it was cut off after'],
    [
      'another JSON',
      () => '{"swagger":"2.0"}',
      'it is not a valid export: it has no format; give a file that GET /__mock/sessions/{name}/export has answered',
    ],
    [
      'a format of the future',
      () => good().replace('"format":2', '"format":9'),
      'its format is 9, and only 2 is read; replay it with allocation-mock',
    ],
    ['other data', () => good().replace('"dataVersion":1', '"dataVersion":99'), 'it has the data version 99, and this is 1'],
    [
      'an impossible scenario',
      () => good().replace('"oms.cancel.again":"200"', '"oms.cancel.again":"418"'),
      'what it started from cannot be: ',
    ],
  ]

  it('ends in 2 for files that are no sessions, says so of each, and repeats the others', async () => {
    const files = bad.map(([what, text, complaint]) => ({ file: written(`${what.replaceAll(' ', '-')}.json`, text()), complaint }))
    const { code, out, err } = await runHere(['replay', ...files.map(({ file }) => file), FILE])
    expect(code).toBe(2)
    for (const { file, complaint } of files) expect(err).toContain(`error: ${file}: ${complaint}`)
    expect(out).toContain('all 7 answers are the same')
  })

  it.each([
    [['replay'], "missing required argument 'files'"],
    [['replay', join(FOLDER, 'nowhere.json')], 'nowhere.json: it cannot be read (ENOENT'],
    [['replay', FOLDER], 'it cannot be read (EISDIR'],
    [['replay', FILE, '--format', 'xml'], '--format is "xml"; give text or json'],
  ])('is called wrongly: %s', async (args, complaint) => {
    expect(await runHere(args)).toMatchObject({ code: 2, err: expect.stringContaining(complaint) })
  })
})
