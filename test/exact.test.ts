import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseExact, plain } from '../src/base/exact.ts'
import { loadJson } from '../src/document/load.ts'

const NUMBERS = ['1', '1.0', '-0', '-0.0', '1e3', '1.50E+2', '0.10', '9007199254740993', '0.1000000000000000055511151231257827', '1e400']

describe('a number', () => {
  it.each(NUMBERS)('%s is written as it was read, wherever it stands', (number) => {
    const text = `{"a":[${number},{"b":${number}}],"c":"${number}"}`
    expect(JSON.stringify(parseExact(text))).toBe(text)
  })

  it.each(NUMBERS)('%s is plain where it is judged', (number) => {
    expect(plain(parseExact(`{"a":[${number}]}`))).toEqual({ a: [Number(number)] })
  })

  it('is a plain one from the start where a double says the same', () => {
    const value = parseExact('{"a":[1,0.5,-3],"b":null}')
    expect(value).toEqual({ a: [1, 0.5, -3], b: null })
    expect(plain(value)).toBe(value)
  })
})

describe('loadJson', () => {
  const read = (text: string): unknown => load(text)?.content
  const load = (text: string): ReturnType<typeof loadJson>['sources'][number] | undefined => {
    const folder = mkdtempSync(join(tmpdir(), 'exact-'))
    try {
      writeFileSync(join(folder, 'a.json'), text)
      return loadJson(join(folder, 'a.json')).sources[0]
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  it('keeps the form of numbers', () => expect(JSON.stringify(read('{"a": 1.0}'))).toBe('{"a":1.0}'))
  it.each(['\n', '\r\n'])('knows the line of each element of a list, and of what lies in it', (end) => {
    const lines = ['{', '"a/b": [', '{ "x": {', '"y": [1, {}] } }, 2,', '{ "x": "a\\n\\u0022{" }', '],', '"m":', '{ "n": 1,', '"o": [] } }']
    const source = load(lines.join(end))
    const found = ['', '/a~1b', '/a~1b/0', '/a~1b/0/x/y', '/a~1b/1', '/a~1b/2', '/a~1b/2/x', '/a~1b/3', '/m', '/m/n', '/m/o', '/z']
    expect(found.map((pointer) => source?.lineOf(pointer))).toEqual([1, 2, 3, 4, 4, 5, 5, 2, 7, 8, 9, 1])
  })
  it('refuses what is nested too deep to be read', () => {
    expect(() => read('['.repeat(1_000_000))).toThrow(/it is not valid JSON|nested too deep/)
    expect(() => read('['.repeat(100_000) + ']'.repeat(100_000))).toThrow('a.json: it is nested too deep to be read')
  })
})
