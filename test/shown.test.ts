import { assert, jsonValue, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inLine, inLines, inMarkdown, inTable, inXml, workflowCommand } from '../src/base/shown.ts'
import { expectHarmless, hostile, HOSTILE, outsideOfCode } from './hostile.ts'
import { parseXml } from './pact/xml.ts'

const each = Object.entries(HOSTILE)

describe('inLine', () => {
  it.each([
    ['an order, given it is "open": 5 × 🧑‍🚀', 'an order, given it is "open": 5 × 🧑‍🚀'],
    ['  two\r\nlines\t', 'two lines'],
    ['a\u001B[31mb\u009B', String.raw`a\u001b[31mb\u009b`],
    ['\u202Eabc\u{E0041}', String.raw`\u202eabc\udb40\udc41`],
    ['::error::x', String.raw`\u003a:error::x`],
    ['a ##[error]', String.raw`a #\u0023[error]`],
    ['a::b # ## [c]', 'a::b # ## [c]'],
  ])('%j is %j', (text, shown) => expect(inLine(text)).toBe(shown))

  it.each(each)('of %s is one harmless line', (_, text) => {
    expectHarmless(inLine(text))
    expect(inLine(text)).not.toContain('\n')
  })

  it('is one harmless line of any text, and the same when it is asked twice', () => {
    assert(
      property(hostile, (text) => {
        const line = inLine(text)
        expectHarmless(line)
        expect(line).not.toContain('\n')
        expect(inLine(line)).toBe(line)
      }),
    )
  })
})

describe('inLines', () => {
  it('keeps lines and what they begin with', () => expect(inLines('a:\n  b\r\n\tc\n')).toBe('a:\n  b\n c\n'))

  it('is harmless, of any text', () => assert(property(hostile, (text) => expectHarmless(inLines(text)))))

  it('leaves the value of a JSON text', () => {
    assert(
      property(jsonValue({ maxDepth: 2 }), hostile, (value, text) => {
        const whole = { [text]: [value, text] }
        expect(JSON.parse(inLines(JSON.stringify(whole, undefined, 2)))).toEqual(JSON.parse(JSON.stringify(whole)))
      }),
    )
  })
})

describe.each([
  ['inMarkdown', inMarkdown],
  ['inTable', inTable],
] as const)('%s', (name, place) => {
  it.each(each)('has %s as code', (_, text) => expect(outsideOfCode(`- ${place(text)}`)).toBe(inLine(text) === '' ? '- ' : '- ⟨⟩'))

  it('has any text as code, of one line', () => {
    assert(
      property(hostile, (text) => {
        expect(outsideOfCode(`| ${place(text)} |`)).toBe(inLine(text) === '' ? '|  |' : '| ⟨⟩ |')
        if (name === 'inTable') expect(place(text)).not.toContain('|')
        expectHarmless(`- ${place(text)}`)
      }),
    )
  })
})

describe('inXml', () => {
  it.each(each)('is well-formed with %s', (_, text) => expect(() => parseXml(`<a b="${inXml(text)}">${inXml(text)}</a>`)).not.toThrow())

  it('is the same to a parser, but for what is not to be seen', () => {
    assert(
      property(hostile, (text) => {
        const { attributes, text: content } = parseXml(`<a b="${inXml(text)}">${inXml(text)}</a>`)
        expect(attributes['b']).toBe(content)
        const isSeen = !/(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text.replaceAll('\u200D', ''))
        if (isSeen) expect(content).toBe(text)
        expectHarmless(inXml(text))
      }),
    )
  })
})

describe('workflowCommand', () => {
  it('is a line that the runner reads', () => {
    expect(workflowCommand('error', { file: 'a,b:c.json', line: 3, column: undefined, title: '100%' }, 'one\ntwo: 5 %')).toBe(
      '::error file=a%2Cb%3Ac.json,line=3,title=100%25::one%0Atwo: 5 %25',
    )
  })

  it('is one command, whatever it says', () => {
    assert(
      property(hostile, hostile, (title, message) => {
        const line = workflowCommand('notice', { title, file: 'x' }, message)
        expectHarmless(line, /^::notice title=[^:,]*,file=x::/)
        expect(line).not.toContain('\n')
      }),
    )
  })
})
