import * as fc from 'fast-check'
import { METHODS } from '../../src/contract/router.ts'

const latin1 = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 30 })
const visible = latin1.map((all) => all.replaceAll(/[^\x21-\x7e\x80-\xff]/g, ''))
const PIECES = [
  '?',
  '&',
  '?limit=1&offset=0',
  '&status=',
  '&account=',
  '%',
  '%ff',
  '%2F',
  '%00',
  '..',
  '//',
  '*',
  ',',
  '/~a',
  'a'.repeat(3_000),
]
/** A piece of a target. */
export const piece = fc.oneof(fc.constantFrom(...PIECES), visible)
/** The line of a header. */
export const header = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      'Authorization: Token retailer-1234567890',
      'Authorization: Token {auth_token}',
      'Authorization: Bearer any',
      `x-site-context: {"account":"${'\u00e4'.repeat(24)}","stage":"\u00ff","channel":12}`,
      'Content-Type: application/json; charset=utf-8',
      'Content-Type: text/plain',
      'Content-Encoding: gzip',
      'Accept: application/problem+json',
      'Accept: */*;q=x, application/problem+json',
      'Origin: http://x.test',
      'Origin: null',
      'Access-Control-Request-Method: PUT',
      'Access-Control-Request-Headers: x,\u00ff',
      'Prefer: code=200',
      'Prefer: code=404, example=none',
      'Prefer: dynamic=true',
      'Mock-Scenario: one-of-each',
      'Mock-Scenario: nobody-has-it',
      'Mock-Session: a',
      'baggage: mock-session=b',
      'Expect: 100-continue',
      'Expect: something',
      'Upgrade: websocket',
    ),
  },
  fc
    .tuple(
      fc.constantFrom(
        'Authorization',
        'x-site-context',
        'Mock-Session',
        'Mock-Scenario',
        'baggage',
        'Prefer',
        'Content-Type',
        'Accept',
        'Origin',
        'Cookie',
        'X-A',
      ),
      latin1.map((all) => all.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '')),
    )
    .map(([name, value]) => `${name}: ${value}`),
)

/** Bytes that are no request, or are one by accident. */
export const noise: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
  fc
    .tuple(
      fc.oneof(fc.constantFrom(...METHODS, 'SOURCE'), fc.stringMatching(/^[ABXZ\-_!]{1,8}$/)),
      fc.array(fc.oneof(fc.constantFrom('/orders/', '/api/v2', '/__mock', '/_pact', '/health', 'http://x', 'http://['), piece), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.array(fc.oneof(header, latin1), { maxLength: 4 }),
      fc.constantFrom('', 'Content-Length: 50', 'Transfer-Encoding: chunked'),
      latin1,
    )
    .map(([verb, target, headers, length, rest]) =>
      Buffer.from(
        `${verb} ${target.join('') || '/'} HTTP/1.1\r\nHost: localhost\r\n${[...headers, length].join('\r\n')}\r\n\r\n${rest}`,
        'latin1',
      ),
    ),
)
