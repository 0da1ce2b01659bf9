import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isExponential } from '../../src/contract/backtracking.ts'

describe('a pattern that takes twice as long with each character', () => {
  it.each([
    ['loops in a loop', '^(a+)+$'],
    ['loops in a loop that may read nothing', '^(a*)*b$'],
    ['a loop beside another, in a loop', '(x+x+)+y'],
    ['a loop beside what may be left out', String.raw`^(\w+\s?)*$`],
    ['choices that are the same', '^(a|a)*$'],
    ['choices of which one begins the other', '^(?:a|aa)+$'],
    ['choices that come to the same', '^(a|b|ab)*c$'],
    ['classes that overlap', String.raw`^([a-z0-9-_ ]|[^\x00-\x1F])+\.json$`],
    ['a loop that begins as it ends', String.raw`^(\s*,\s*)*$`],
    ['nothing, in two ways', '^(?:a(?:|))*$'],
    ['many times, bounded', String.raw`^(\w{1,30}){1,30}$`],
    ['many times, of which some read nothing', '^(a?){30}a{30}$'],
    ['some times, in a loop', String.raw`^(\d{2,4})*$`],
    ['ahead', '^(?=(a+)+$)b'],
    ['not ahead', '^(?!(a+)+$)'],
    ['behind', '(?<=(a+)+b)c'],
    ['what a group had, in a loop', String.raw`^(a+)\1+$`],
    ['letters of any script', String.raw`^(\p{L}+)+$`],
    ['an address of mail, as often copied', String.raw`^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.][a-z]{2,3}$`],
  ])('is found: %s', (_, pattern) => {
    expect(isExponential(pattern)).toBe(true)
  })

  it.each([
    ['a loop', '^a+$'],
    ['a loop at the end, of which nothing can fail', '(a+)+'],
    ['words with something between', '^[a-z]+(-[a-z]+)*$'],
    ['a UUID', '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'],
    ['bytes', '^([0-9a-f]{2})*$'],
    ['Base64', '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$'],
    ['an address of mail', String.raw`^\S+@\S+\.\S+$`],
    ['a number of a version', String.raw`^(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.[0-9a-zA-Z-]+)*))?$`],
    ['a name of a host', String.raw`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`],
    ['an address of IP', String.raw`^(?:\d{1,3}\.){3}\d{1,3}$`],
    ['a password', String.raw`^(?=.*[A-Z])(?=.*\d).{8,}$`],
    ['many characters', '^.{1,2048}$'],
    ['what a group had', String.raw`^(\w+)-\1$`],
    ['many words', `^(${Array.from({ length: 1_000 }, (_, index) => `word-${index}`).join('|')})$`],
  ])('is not seen in %s', (_, pattern) => {
    expect(isExponential(pattern)).toBe(false)
  })

  it('is what is too large to be judged', () => {
    expect(isExponential(`^${'a?'.repeat(2_000)}$`)).toBe(true)
  })
})

describe('the patterns of our own documents', () => {
  const spec = join(import.meta.dirname, '../../spec')
  const patterns = globSync('*.{yaml,json}', { cwd: spec }).flatMap((file) => [
    ...patternsIn(parse(readFileSync(join(spec, file), 'utf8'))),
  ])

  it.each([...new Set(patterns)])('can be run on any text: %s', (pattern) => {
    expect(isExponential(pattern)).toBe(false)
  })
})

function patternsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === 'pattern' && typeof inner === 'string' ? [inner] : []),
    ...patternsIn(inner),
  ])
}
