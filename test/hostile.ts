import { type Arbitrary, array, constantFrom } from 'fast-check'
import { expect } from 'vitest'

/** Texts that are commands to something that shows them. */
export const HOSTILE: Readonly<Record<string, string>> = {
  'a workflow command': '::stop-commands::zz',
  'a workflow command on a line of its own': 'a\n::add-mask::e\r\nb\r::error file=x::y',
  'a workflow command behind blanks': ' \t\u00A0::error::x\n  ::add-path::/tmp',
  'a workflow command behind what has no weight': '\u034F::error::x\n:\u200D:error::x',
  'a workflow command of old': 'a ##[add-mask]b ###[group]c #\u200D#[error]d',
  'escapes of a terminal': '\u001B[2J\u001B]0;title\u0007\u009B31m\u0008\u007F\u0000',
  'a line written over': 'failed\rpassed',
  'other ends of lines': 'a\u2028::error::x\u2029b\u0085c\vd\fe',
  'writing turned round': 'a\u202Eb\u2066c\u2069\u200Fd\u061C',
  'halves of characters and none': '\uD800a\uDC00 \uFFFE \u{E0041}',
  'links of Markdown': '![x](http://evil.example/x.png) [a](http://evil.example) <http://evil.example> www.evil.example @octocat #1',
  'blocks of Markdown': 'a\n\n# heading\n\n```\ncode\n```\n- list\n***\n| a | b |',
  HTML: '<img src=x onerror=alert(1)><!-- & --><details>',
  'fences of Markdown': '` `` ``` \\` <b> `',
  'cells of a table': 'a | b \\| c \\\\| [x](http://evil.example) |',
  'the ends of XML': ']]> </failure> "/> &amp; &#0; <![CDATA[ \' "',
  blanks: ' \t ',
  nothing: '',
}

const PIECES = [':', '::', '::error::', '#', '[', '##[error]', ' ', '\t', '\n', '\r', '\u001B[2J', '\u009B', '\u202E', '\u2028', '\u034F']
const MARKS = ['`', '``', '|', '\\', '<b>', '&', '"', ']]>', '](x)', '@a', '*', '%0A', '%', ',', '\uD800', '\u200D', 'a']

/** Texts of what is dangerous, in any order. */
export const hostile: Arbitrary<string> = array(constantFrom(...PIECES, ...MARKS), { maxLength: 12 }).map((all) => all.join(''))

/** Nothing in the text acts on a terminal, or on the runner but for commands with these beginnings. The rules are the runner's own. */
export function expectHarmless(text: string, ours = /^::(error|warning|notice) (file|title)=/): void {
  expect(text).not.toMatch(ACTING)
  for (const line of text.split('\n')) {
    const weighty = line.replaceAll(/[\p{M}\p{DI}]/gu, '')
    if (ours.test(line)) continue
    expect(weighty.trimStart()).not.toMatch(/^::/)
    expect(weighty).not.toContain('##[')
  }
}

const ACTING = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** As CommonMark has it: code reaches from a fence to the next of its length. */
export function outsideOfCode(line: string): string {
  return line.replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '⟨⟩')
}
