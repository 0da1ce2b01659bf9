import { describe, expect, it } from 'vitest'
import { type Answer, type Column, COLUMNS, type Reason, type Report, type Row } from '../../src/verification/pact/pact.ts'
import { githubAnnotations } from '../../src/verification/pact/report-github.ts'
import { junitReport } from '../../src/verification/pact/report-junit.ts'
import { markdownReport } from '../../src/verification/pact/report-markdown.ts'
import { textReport } from '../../src/verification/pact/report-text.ts'
import { createReport, explanationOf, jsonReport, verdictOf } from '../../src/verification/pact/report.ts'
import { type Element, parseXml } from './xml.ts'

const PASSED: Answer = { kind: 'passed' }
const SKIPPED: Answer = { kind: 'skipped' }
const failing = (message: string, more: Partial<Reason> = {}): Answer => ({ kind: 'failed', reasons: [{ message, ...more }] })
const FAILED = failing('response status: expected 200 but got 404')

const ANSWERS: Readonly<Record<string, Answer>> = { '+': PASSED, '!': FAILED, '-': SKIPPED }

/** By document, mock and provider: `+!-`. */
function answersOf(key: string): Row['answers'] {
  const [document = SKIPPED, mock = SKIPPED, provider = SKIPPED] = key.split('').map((letter) => ANSWERS[letter] ?? SKIPPED)
  return { document, mock, provider }
}

function row(more: Partial<Row> = {}): Row {
  const answers = more.answers ?? answersOf('++-')
  return {
    file: 'pacts/web.json',
    consumer: 'web',
    provider: 'orders',
    index: 0,
    description: 'an order',
    states: [{ name: 'it exists', params: {} }],
    pending: false,
    verdict: verdictOf(answers, more.pending ?? false),
    ...more,
    answers,
  }
}

const ASKED: readonly Column[] = ['document', 'mock']
const reportOf = (...rows: Row[]): Report => createReport(rows, ASKED)

const PLACE = { file: 'spec/orders.yaml', line: 12, pointer: '/paths/~1orders' }
const BROKEN = row({
  description: 'a cancelled order',
  answers: { document: PASSED, mock: failing('response body $.status: expected "B" but got "A"', { place: PLACE }), provider: SKIPPED },
  explanation: 'the document allows it, but the named state does not produce it',
  replay: "curl 'http://127.0.0.1:4010/orders/1/'",
  duration: 0.0123,
  line: 7,
})
const MIXED = reportOf(
  row({ duration: 1.5 }),
  BROKEN,
  row({ description: 'soon', answers: answersOf('!+-'), pending: true }),
  row({ description: 'a message', states: [], answers: answersOf('---'), explanation: 'messages are not verified', line: 3 }),
  row({ file: 'pacts/other.json', provider: 'payments', answers: answersOf('---'), verdict: 'not-ours' }),
)

describe('verdictOf', () => {
  it.each<[string, boolean, Row['verdict']]>([
    ['+++', false, 'passed'],
    ['+--', false, 'passed'],
    ['+!-', false, 'failed'],
    ['+!-', true, 'pending'],
    ['++-', true, 'passed'],
    ['---', false, 'not-verified'],
    ['---', true, 'not-verified'],
  ])('of %s, pending %s, is %s', (key, isPending, verdict) => expect(verdictOf(answersOf(key), isPending)).toBe(verdict))

  it('does not pass what was asked and not answered', () => {
    expect(verdictOf(answersOf('+--'), false, ['document', 'mock'])).toBe('not-verified')
    expect(verdictOf(answersOf('!--'), false, ['document', 'mock'])).toBe('failed')
    expect(verdictOf(answersOf('+--'), false, [])).toBe('not-verified')
  })
})

describe('createReport', () => {
  it.each<[string, readonly Row[], boolean]>([
    ['all passed', [row()], true],
    ['one failed', [row(), BROKEN], false],
    ['one failed while pending', [row({ answers: answersOf('!!-'), pending: true })], true],
    ['one not verified', [row(), row({ answers: answersOf('---') })], true],
    ['nothing verified', [row({ answers: answersOf('---') })], false],
    ['nothing ours', [row({ verdict: 'not-ours' })], false],
    ['nothing at all', [], false],
  ])('%s', (_, rows, ok) => expect(createReport(rows, ASKED)).toEqual({ rows, columns: ASKED, ok }))
})

describe('explanationOf', () => {
  const KEYS = ['+', '!', '-'].flatMap((a) => ['+', '!', '-'].flatMap((b) => ['+', '!', '-'].map((c) => a + b + c)))

  it.each(KEYS)('%s has an explanation exactly when something fails', (key) => {
    expect(explanationOf(answersOf(key)) !== undefined).toBe(key.includes('!'))
  })

  it.each([
    ['!+-', 'the document does not have what the consumer expects'],
    ['+!-', 'the document allows it, but the named state does not produce it'],
    ['+!+', 'the mock is wrong here: the document allows it and the real service does it'],
    ['+-!', 'the document allows it, but the real service does not do it'],
  ])('%s: %s', (key, text) => expect(explanationOf(answersOf(key))).toBe(text))

  it.each<[string, string | undefined]>([
    ['+!+', 'the mock is wrong here: the document allows it and the real service does it; try --assume oms.cancel.again=200'],
    [
      '+!-',
      'the document allows it, but the named state does not produce it; the mock would answer so under --assume oms.cancel.again=200',
    ],
    ['-!-', 'the mock does not do what the consumer expects; the mock would answer so under --assume oms.cancel.again=200'],
    ['+!!', 'the document allows it, but neither the mock nor the real service does it in the named state'],
    ['!!-', 'neither the document nor the mock has what the consumer expects'],
    ['+++', undefined],
  ])('%s, and another assumption: %s', (key, text) => {
    expect(explanationOf(answersOf(key), { assumption: 'oms.cancel.again=200' })).toBe(text)
  })

  it.each<[string, string]>([
    ['+!-', ''],
    ['!!-', 'the document does not have what the consumer expects; '],
    ['+!+', ''],
    ['+!!', 'the document allows it, but the real service does not do it; '],
  ])('%s, where the mock was not set up, tells nothing of its answer', (key, text) => {
    const refused = (code: string): Row['answers'] => ({ ...answersOf(key), mock: failing('provider state "x": no', { code }) })
    expect(explanationOf(refused('state-unknown'), { unknown: 'x' })).toBe(
      `${text}the mock does not know the state "x"; --print-missing-states prints a file to add it`,
    )
    expect(explanationOf(refused('state-impossible'))).toBe(`${text}the mock cannot set up the named state`)
  })
})

describe('a reason of the verifier for sending no request', () => {
  it.each<[string, string]>([
    ['+!-', 'the verifier cannot try it (mock)'],
    ['!!-', 'the document does not have what the consumer expects; the verifier cannot try it (mock)'],
    ['+!+', 'the verifier cannot try it (mock)'],
  ])('%s blames neither the mock nor its state', (key, text) => {
    const answers = { ...answersOf(key), mock: failing('the verifier cannot read it', { code: 'verifier-untried' }) }
    expect(explanationOf(answers, { assumption: 'oms.cancel.again=200' })).toBe(text)
  })

  it('blames nobody where none could be asked', () => {
    const untried = failing('the verifier ended with 3', { code: 'verifier-untried' })
    expect(explanationOf({ ...answersOf('+'), mock: untried, provider: untried })).toBe('the verifier cannot try it (mock, provider)')
  })
})

/** All passed, and yet it failed: the broker has the last word. */
const UNPUBLISHED: Report = { ...reportOf(row()), ok: false, unpublished: 'no results were published: the broker <refuses>\n"x"' }

describe('textReport', () => {
  it('has a line for each interaction, and under it what is wrong', () => {
    expect(textReport(MIXED, { colour: false })).toBe(
      `web → orders  pacts/web.json
  ✓ ✓ an order, given it exists
  ✓ ✗ a cancelled order, given it exists
    mock: response body $.status: expected "B" but got "A" (spec/orders.yaml:12 /paths/~1orders)
    → the document allows it, but the named state does not produce it
    $ curl 'http://127.0.0.1:4010/orders/1/'
  ✗ ✓ soon, given it exists  [pending: does not fail the run]
    document: response status: expected 200 but got 404
  – – a message  [not verified]
    → messages are not verified

web → payments  pacts/other.json
  – – an order, given it exists  [not ours]

5 interactions: 1 passed, 1 failed, 1 failed while pending, 1 not verified, 1 not ours  (columns: document, mock)
`,
    )
  })

  it.each<[string, Answer, string[]]>([
    ['passes', { kind: 'passed', warnings: [{ message: 'a is odd', place: PLACE }] }, []],
    [
      'fails',
      { kind: 'failed', reasons: [{ message: 'b is wrong' }], warnings: [{ message: 'a is\nodd', place: PLACE }] },
      ['    document: b is wrong'],
    ],
  ])('tells what is odd where an interaction %s', (_, document, reasons) => {
    const odd = row({ answers: { ...answersOf('++-'), document } })
    const text = textReport(reportOf(odd), { colour: false })
    const warning = 'document, warning: a is odd (spec/orders.yaml:12 /paths/~1orders)'
    expect(text.split('\n').slice(2, -3)).toEqual([...reasons, `    ${warning}`])
    const [, ...details] = markdownReport(reportOf(odd)).split('\n\n**')
    expect(details.join('')).toContain(`\n- \`${warning}\`\n`)
    const [{ children } = expect.fail()] = parseXml(junitReport(reportOf(odd))).children.flatMap((suite) => suite.children)
    expect(children.at(-1)).toMatchObject({ name: 'system-out', text: warning })
    expect(githubAnnotations(reportOf(odd)).split('\n').at(-2)).toMatch(
      /^::warning file=spec\/orders\.yaml,line=12,title=web → orders%2C document%3A an order%2C given it exists::a is odd$/,
    )
    expect(JSON.parse(jsonReport(reportOf(odd))).rows[0].answers.document.warnings).toHaveLength(1)
  })

  it('is coloured on wish, and says the same', () => {
    const coloured = textReport(MIXED, { colour: true })
    expect(coloured).toContain('\u001B[31m✗\u001B[39m')
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(textReport(MIXED, { colour: false }))
  })

  it('says that results did not reach the broker', () => {
    expect(textReport(UNPUBLISHED, { colour: false })).toMatch(
      /\n\n1 interaction: 1 passed {2}\(columns: document, mock\)\nno results were published: the broker <refuses> "x"\n$/,
    )
  })

  it('keeps a line a line', () => {
    const text = textReport(reportOf(row({ description: 'a\u001B[31m\nb\u2028c' })), { colour: false })
    expect(text.split('\n')[1]).toBe(String.raw`  ✓ ✓ a\u001b[31m b c, given it exists`)
  })
})

describe('jsonReport', () => {
  it('has everything, and counts', () => {
    const report: Report = { ...MIXED, notes: ['a note'], unpublished: 'no broker' }
    const { counts, ...rest } = JSON.parse(jsonReport(report))
    expect(rest).toEqual(JSON.parse(JSON.stringify(report)))
    expect(counts).toEqual({ passed: 1, failed: 1, pending: 1, 'not-verified': 1, 'not-ours': 1 })
  })
})

describe('junitReport', () => {
  const suites = (...rows: Row[]): Element => parseXml(junitReport(reportOf(...rows)))

  it('has a suite for each pact and a test case for each interaction', () => {
    const root = suites(...MIXED.rows)
    expect(root.name).toBe('testsuites')
    expect(root.attributes).toEqual({ name: 'pacts', tests: '5', failures: '1', errors: '0', skipped: '3', time: '1.512' })
    expect(root.children.map(({ name, attributes }) => ({ name, ...attributes }))).toEqual([
      { name: 'web → orders (pacts/web.json)', tests: '4', failures: '1', errors: '0', skipped: '2', time: '1.512' },
      { name: 'web → payments (pacts/other.json)', tests: '1', failures: '0', errors: '0', skipped: '1', time: '0.000' },
    ])
    const cases = root.children.flatMap(({ children }) => children)
    expect(
      cases.map(({ name, attributes, children }) => [name, attributes['classname'], attributes['name'], children.map(({ name }) => name)]),
    ).toEqual([
      ['testcase', 'web.orders', 'an order, given it exists', []],
      ['testcase', 'web.orders', 'a cancelled order, given it exists', ['failure']],
      ['testcase', 'web.orders', 'soon, given it exists', ['skipped']],
      ['testcase', 'web.orders', 'a message', ['skipped']],
      ['testcase', 'web.payments', 'an order, given it exists', ['skipped']],
    ])
    expect(cases[1]?.attributes['time']).toBe('0.012')
    expect(cases[1]?.children[0]).toMatchObject({
      attributes: { type: 'mock', message: 'the document allows it, but the named state does not produce it' },
      text: expect.stringContaining('mock: response body $.status: expected "B" but got "A"'),
    })
    expect(cases[3]?.children[0]?.attributes).toEqual({ message: 'not verified: → messages are not verified' })
  })

  it('has an error where results did not reach the broker', () => {
    const root = parseXml(junitReport(UNPUBLISHED))
    expect(root.attributes).toMatchObject({ tests: '2', failures: '0', errors: '1' })
    expect(root.children[1]).toMatchObject({
      attributes: { tests: '1', failures: '0', errors: '1' },
      children: [{ name: 'testcase', children: [{ name: 'error', attributes: { message: UNPUBLISHED.unpublished } }] }],
    })
  })

  it('makes repeated names distinct, also from names that look so already', () => {
    const names = ['a', 'a (2)', 'a', 'a', 'b'].map((description) => row({ description, states: [] }))
    expect(suites(...names).children[0]?.children.map(({ attributes }) => attributes['name'])).toEqual([
      'a',
      'a (2)',
      'a (3)',
      'a (4)',
      'b',
    ])
  })

  it('is well-formed whatever a pact holds', () => {
    const text = 'a]]>b <c> & "d" \' \u0000\u0008\u001B[31m \uFFFE \uD800 😀\tz'
    const root = suites(row({ description: text, consumer: text, file: text, answers: { ...answersOf('+--'), mock: failing(text) } }))
    const failure = root.children[0]?.children[0]?.children[0]
    expect(failure?.text).toBe(String.raw`mock: a]]>b <c> & "d" ' \u0000\u0008\u001b[31m \ufffe \ud800 😀 z`)
    expect(failure?.attributes['message']).toBe(failure?.text)
  })
})

describe('markdownReport', () => {
  it('has a table of the interactions, and what is wrong under it', () => {
    expect(markdownReport(reportOf(row(), BROKEN))).toBe(
      `## ❌ Contracts

2 interactions: 1 passed, 1 failed

| Pact | Interaction | document | mock | verdict |
| --- | --- | --- | --- | --- |
| \`web → orders\` | \`an order, given it exists\` | ✅ | ✅ | passed |
| \`web → orders\` | \`a cancelled order, given it exists\` | ✅ | ❌ | failed |

**\`web → orders: a cancelled order, given it exists\`**

- \`mock: response body $.status: expected "B" but got "A" (spec/orders.yaml:12 /paths/~1orders)\`
- \`→ the document allows it, but the named state does not produce it\`
- \`$ curl 'http://127.0.0.1:4010/orders/1/'\`
`,
    )
  })

  it('says that results did not reach the broker', () => {
    expect(markdownReport(UNPUBLISHED)).toMatch(
      /^## ❌ Contracts\n\n1 interaction: 1 passed\n\n❌ `no results were published: the broker <refuses> "x"`\n\n\| Pact/,
    )
  })

  it('takes nothing in a description for Markdown', () => {
    const text = markdownReport(reportOf(row({ description: 'a | b \\| *c* <img> `d`\n| e', states: [] })))
    expect(text).toContain('| `web → orders` | `` a \\u007c b \\\\u007c *c* <img> `d` \\u007c e `` | ✅ | ✅ | passed |')
  })

  it('puts code with fences in a longer one', () => {
    const text = markdownReport(reportOf(row({ answers: { ...answersOf('+--'), mock: failing('a ``b`` c') } })))
    expect(text).toContain('- ``` mock: a ``b`` c ```')
  })

  it('leaves out what passed when there is too much', () => {
    const many = Array.from({ length: 600 }, () => row())
    const text = markdownReport(reportOf(...many, BROKEN))
    expect(text.split('\n').filter((line) => line.startsWith('| `web'))).toHaveLength(1)
    expect(text).toContain('…and 600 more.')
    expect(text).toContain('601 interactions: 600 passed, 1 failed')
  })
})

describe('an interaction that cannot be read', () => {
  const UNREAD = row({ answers: answersOf('---'), verdict: 'failed', explanation: 'it cannot be read: it has no request', line: 9 })

  it('is an error of its pact on GitHub', () => {
    const title = 'web → orders%3A an order%2C given it exists'
    expect(githubAnnotations(reportOf(UNREAD))).toBe(
      `::error file=pacts/web.json,line=9,title=${title}::it cannot be read: it has no request\n`,
    )
  })

  it('is a failure of its pact in JUnit', () => {
    const failure = parseXml(junitReport(reportOf(UNREAD))).children[0]?.children[0]?.children[0]
    expect(failure).toMatchObject({ name: 'failure', attributes: { message: 'it cannot be read: it has no request', type: 'pact' } })
  })
})

describe('githubAnnotations', () => {
  const annotations = (...rows: Row[]): string[] =>
    githubAnnotations(reportOf(...rows))
      .split('\n')
      .slice(0, -1)

  it('points at the document where a reason has a place there, else at the pact', () => {
    expect(annotations(...MIXED.rows)).toEqual([
      '::error file=spec/orders.yaml,line=12,title=web → orders%2C mock%3A a cancelled order%2C given it exists::response body $.status: expected "B" but got "A"%0Athe document allows it, but the named state does not produce it',
      '::warning file=pacts/web.json,title=web → orders%2C document%3A soon%2C given it exists::response status: expected 200 but got 404',
      '::notice file=pacts/web.json,line=3,title=web → orders%3A a message::messages are not verified',
    ])
  })

  it('has one for each column that fails, in that order', () => {
    const lines = annotations(row({ answers: answersOf('!!!'), line: 4 }))
    expect(lines.map((line) => /title=.*?%2C (\w+)/.exec(line)?.[1])).toEqual([...COLUMNS])
    expect(lines.every((line) => line.startsWith('::error file=pacts/web.json,line=4,'))).toBe(true)
  })

  it('has an error where results did not reach the broker', () => {
    expect(githubAnnotations(UNPUBLISHED)).toBe(
      '::error title=results for the broker::no results were published: the broker <refuses>%0A"x"\n',
    )
  })

  it('cannot be broken out of', () => {
    const text = '100%\r\n::error file=x::y'
    const [line, ...others] = annotations(
      row({ file: 'a,b:c.json', description: text, states: [], answers: { ...answersOf('+--'), mock: failing(text) } }),
    )
    expect(others).toEqual([])
    expect(line).toBe(
      '::error file=a%2Cb%3Ac.json,title=web → orders%2C mock%3A 100%25 %3A%3Aerror file=x%3A%3Ay::100%25 ::error file=x::y',
    )
  })
})
