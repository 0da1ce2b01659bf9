import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'

/*
 * Formats of JSON Schema 2020-12 (7.3) and of OpenAPI's registry, with what is decided where ajv-formats has another opinion, or none.
 * Not checked, as nothing is known of them: `char`, `commonmark`, `html`, `decimal`, `decimal128`, `http-date`, `media-range`, `sf-…` and any
 * other name. `time` wants a zone, as RFC 3339 has it; `int64` and `uint64` know no more than doubles do.
 */

const ROWS: Readonly<Record<string, readonly [fits: readonly unknown[], refused: readonly unknown[]]>> = {
  'date-time': [
    ['2024-02-29T23:59:60Z', '2024-01-01t00:00:00.123+05:30', '2024-02-28T23:59:59.999999999Z', '2024-12-31T00:00:00Z'],
    [
      '2023-02-29T00:00:00Z',
      '2024-01-01T00:00:00',
      '2024-01-01 00:00',
      '2024-01-01T24:00:00Z',
      '2024-00-28T00:00:00Z',
      '2024-01-00T00:00:00Z',
      '2024-04-31T00:00:00Z',
      '2024-13-01T00:00:00Z',
      '2024-01-01T00:60:00Z',
      '2024-01-01T00:00:00.Z',
    ],
  ],
  date: [['2024-02-29'], ['2023-02-29', '2024-1-1', '2024-01-01T00:00:00Z', '20240101']],
  time: [
    ['23:59:59Z', '00:00:00.5+01:00'],
    ['10:30', '10:30:00', '25:00:00Z'],
  ],
  duration: [
    ['P1Y2M3DT4H5M6S', 'PT36H', 'P4W'],
    ['P', 'PT', '1D', 'P1S', 'P1W2D'],
  ],
  email: [
    ['a@b.example', 'a.b+c@example', 'root@localhost', '"a b"@b.example', 'a@[127.0.0.1]', 'a@[IPv6:::1]'],
    ['a', 'a@', '@b.example', '.a@b.example', 'a..b@b.example', 'a b@b.example', 'a@b..example', 'é@b.example', 'a@[300.0.0.1]'],
  ],
  'idn-email': [
    ['a@b.example', 'é@b.example', '실례@실례.테스트', 'a@bücher.example'],
    ['a', '@bücher.example', 'é é@b.example'],
  ],
  hostname: [
    ['localhost', 'www.example.com', 'xn--bcher-kva.example', '1.example'],
    ['', '-a.example', 'a-.example', 'a_b.example', 'a..b', 'bücher.example', `${'a'.repeat(64)}.example`],
  ],
  'idn-hostname': [
    ['localhost', 'bücher.example', '실례.테스트'],
    ['', '-bücher.example', 'a b', 'a/b', 'a:80', '\u0302a.example'],
  ],
  ipv4: [
    ['127.0.0.1', '255.255.255.255'],
    ['127.0.0', '256.0.0.1', '127.0.0.01', '0x7f.0.0.1', '127.0.0.1/8'],
  ],
  ipv6: [
    ['::1', '2001:db8::ff00:42:8329', '::ffff:192.168.0.1'],
    ['1', ':::1', '12345::', '::1/64', 'fe80::1%eth0'],
  ],
  uri: [
    ['http://localhost:3000/a?b#c', 'urn:a:b', 'mailto:a@b.example', 'http://[::1]/'],
    ['/a', 'a', '//b.example', 'http://a b', 'http://bücher.example', 'a:%zz', String.raw`http://a\b`],
  ],
  'uri-reference': [
    ['', '/a', '#a', '//b.example', 'http://b.example'],
    ['a b', '%zz', '/é', String.raw`\a`],
  ],
  'uri-template': [
    ['http://b.example/{id}{?a*,b:3}', '/a'],
    ['{', '{a', '/a b'],
  ],
  iri: [
    ['http://bücher.example/é?ü#ö', 'http://b.example'],
    ['/é', 'é', 'http://é é', '\\\\é'],
  ],
  'iri-reference': [
    ['/é', '#é', '', 'http://bücher.example'],
    ['é é', String.raw`#é\é`],
  ],
  url: [
    ['http://localhost:3000/a', 'http://10.0.0.1/', 'https://b.example'],
    ['/a', 'localhost'],
  ],
  uuid: [
    ['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380', '00000000-0000-0000-0000-000000000000'],
    ['2eb8aa08aa9811eab4aa73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d1638', 'x'],
  ],
  regex: [
    ['^a+$', String.raw`\p{L}`, ''],
    ['(', '[', '*'],
  ],
  'json-pointer': [
    ['', '/a/0', '/~0~1'],
    ['a', '/~2', '#/a'],
  ],
  'relative-json-pointer': [
    ['0', '1/a', '2#'],
    ['/a', '-1', '01'],
  ],
  byte: [
    ['', 'YQ==', 'YWI='],
    ['Y', 'YQ=', 'YQ-_', 'a b'],
  ],
  base64: [
    ['', 'YQ==', 'YWJj'],
    ['Y', 'YQ=', 'YQ-_'],
  ],
  base64url: [
    ['', 'YQ', 'YQ-_'],
    ['Y+', 'Y Q'],
  ],
  binary: [['', '\u0000ÿ'], []],
  password: [['', 'a'], []],
  int8: [
    [-128, 127],
    [128, -129],
  ],
  int16: [[-32_768, 32_767], [32_768]],
  int32: [
    [-2_147_483_648, 2_147_483_647, 1.0],
    [2_147_483_648, 1.5],
  ],
  int64: [[9_007_199_254_740_991, -9e18], [1.5]],
  uint8: [
    [0, 255],
    [-1, 256],
  ],
  uint16: [[65_535], [65_536]],
  uint32: [[4_294_967_295], [4_294_967_296]],
  uint64: [
    [0, 1e19],
    [-1, 1e20],
  ],
  float: [[1.5, 1e40], []],
  double: [[1.5, 1e300], []],
  nonsense: [['anything'], []],
}

const names = Object.keys(ROWS)
const content = {
  openapi: '3.1.0',
  paths: Object.fromEntries(
    names.map((format) => [
      `/${format}`,
      { post: { requestBody: { content: { 'application/json': { schema: { format } } } }, responses: {} } },
    ]),
  ),
}
const contract = createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] })

function isTaken(format: string, value: unknown): boolean {
  const match = contract.match('POST', `/${format}`)
  if (match.kind !== 'found') throw new Error(`there is no operation for ${format}`)
  const read = match.target.readBody({ kind: 'text', text: JSON.stringify(value) }, 'application/json')
  if (read.kind === 'refused') expect(read.problem.issues).toMatchObject([{ at: '/body', rule: 'format', wanted: format, value }])
  return read.kind === 'body'
}

describe.each(names)('the format %s', (format) => {
  const [fits = [], refused = []] = ROWS[format] ?? []
  it('takes what it means', () => {
    expect(fits.filter((value) => !isTaken(format, value))).toEqual([])
    // Of another type it says nothing.
    expect(isTaken(format, typeof fits[0] === 'number' ? 'x' : 5)).toBe(true)
  })

  it.runIf(refused.length > 0)('takes nothing else', () => {
    expect(refused.filter((value) => isTaken(format, value))).toEqual([])
  })
})
