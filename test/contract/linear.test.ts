import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expressionOf } from '../../src/contract/expressions.ts'
import { degreeOf, linearTest } from '../../src/contract/linear.ts'
import { cpuTime } from '../time.ts'

const LONG = process.env['LONG'] === '1'

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\.', 'é', '😀')
const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  part: fc.oneof(
    { weight: 4, arbitrary: atom },
    { weight: 2, arbitrary: fc.tuple(atom, fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?')).map((all) => all.join('')) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{0,2}')).map(([inner, often]) => `(?:${inner})${often}`),
    },
  ),
  pattern: fc
    .tuple(
      fc.constantFrom('', '', '^'),
      fc.array(tie('part'), { maxLength: 4 }),
      fc.constantFrom('', '', '$', '|b', '|^a$'),
      fc.constantFrom('', '', '', '(?=.*b)', '(?!aa)'),
    )
    .map(([begin, parts, end, condition]) => begin + (begin === '' ? '' : condition) + parts.join('') + end),
}))
const text = fc.array(fc.constantFrom('a', 'b', '0', '.', 'é', '😀', '\n'), { maxLength: 6 }).map((all) => all.join(''))

describe('a test by an automaton', () => {
  it('says what the engine says, of every text', () => {
    let judged = 0
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), fc.constantFrom('', 'u', 'iu'), (source, texts, flags) => {
        const linear = linearTest(source, flags)
        if (!linear) return
        judged++
        for (const one of texts) expect([source, one, linear(one)]).toEqual([source, one, new RegExp(source, flags).test(one)])
      }),
      { numRuns: LONG ? 20_000 : 500, seed: 1 },
    )
    expect(judged).toBeGreaterThan(LONG ? 12_000 : 300)
  })

  it.each(['^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,}$', '^(a|b)*$', '(^a|b)$', 'a+$', '^(?!.*\\.\\.)[a-z.]+$'])('is there for %s', (source) => {
    expect(linearTest(source, 'u')).toBeDefined()
  })

  it.each(['(a*)\\1', '\\bfoo\\b', 'a(?<=b)c', '(^a)+$'])('is not there for %s', (source) => {
    expect(linearTest(source, 'u')).toBeUndefined()
  })

  it.each([
    ['^a$', 0],
    ['^a+$', 1],
    ['a+$', 2],
    ['^(a+b)+$', 2],
    ['^(a*|b*)c*$', 2],
    ['^[a-z]{2,200}$', 1],
    ['^[a-z]{2,8}$', 0],
  ])('of %s is known how it grows', (source, degree) => expect(degreeOf(source, 'u')).toBe(degree))
})

describe('a pattern', () => {
  const mebi = 1_048_576
  it.each<[string, string, boolean]>([
    ['^(a+)+$', `${'a'.repeat(mebi)}!`, false],
    ['^(a|a)*$', 'a'.repeat(mebi), true],
    ['^(.*)(.*)(.*)(.*)x$', 'a'.repeat(mebi), false],
    ['a+$', `${'a'.repeat(mebi)}!`, false],
    ['^(?=.*[A-Z])(?=.*\\d)[A-Za-z\\d]{8,}$', 'a'.repeat(mebi), false],
    ['^\\s+|\\s+$', `a${' '.repeat(mebi)}a`, false],
    // Nobody can tell in time: it passes.
    ['(a*)*\\1b', 'a'.repeat(mebi), true],
    ['\\b(a+)+b\\b', 'a'.repeat(mebi), true],
  ])('%s is tested by a text of a mebibyte without keeping anybody waiting', async (source, value, matches) => {
    let found: boolean | undefined
    expect(await cpuTime(() => (found = expressionOf(source)?.test(value)))).toBeLessThan(1_500)
    expect(found).toBe(matches)
  })

  it('is tested by short texts as ever', () => {
    expect(['a', 'aaa', 'aab'].map((one) => expressionOf('^(a+)+$')?.test(one))).toEqual([true, true, false])
    expect(['fo', 'foo'].map((one) => expressionOf('\\bfoo\\b')?.test(one))).toEqual([false, true])
  })
})
