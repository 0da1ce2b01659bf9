import type { Format } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isObject } from '../base/values.ts'

/*
 * Formats of JSON Schema 2020-12 and of OpenAPI's registry. Most are ajv-formats'; here is what it has not, or not as the standards have it.
 * What is not known to either passes: `format` is then a remark.
 */

const known = {
  uri: testOf('uri'),
  'uri-reference': testOf('uri-reference'),
  hostname: testOf('hostname'),
  ipv4: testOf('ipv4'),
  ipv6: testOf('ipv6'),
  'date-time': testOf('date-time'),
}

/** Times as they are mostly written, of days that every month has. Others are looked at in parts, which takes five times as long. */
const PLAIN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/

const ATOM = String.raw`[a-z0-9!#$%&'*+/=?^_\`{|}~-]+`
const LOCAL = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\\\r\\n]|\\\\.)*")$`, 'i')
/** What of Unicode may stand where ASCII letters do, in addresses as RFC 3987 and RFC 6531 have them. */
const BEYOND = /[\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF]|[\u{10000}-\u{EFFFD}]/gu

/** RFC 5321, 4.1.2: quoted local parts and addresses in brackets too, which ajv-formats refuses, as well as hosts of one label. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  const domain = text.slice(at + 1)
  const [, address] = /^\[(.*)\]$/.exec(domain) ?? []
  const isHost = address === undefined ? known.hostname(domain) : known.ipv4(address) || known.ipv6(address.replace(/^IPv6:/i, ''))
  return at > 0 && isHost && LOCAL.test(text.slice(0, at))
}

/** By UTS 46, as URLs have it: what RFC 5892 says of characters beside one another is not looked at. */
function isIdnHostname(text: string): boolean {
  if (/[\s/?#@:%[\]\\<>^|]/.test(text) || !URL.canParse(`http://${text}/`)) return false
  const isMark = text.split(/[.\u3002\uFF0E\uFF61]/).some((label) => /^\p{M}|^-|-$/u.test(label))
  return !isMark && known.hostname(new URL(`http://${text}/`).hostname)
}

function isIdnEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  const domain = text.slice(at + 1)
  const plain = isIdnHostname(domain) ? new URL(`http://${domain}/`).hostname : domain
  return isEmail(`${text.slice(0, Math.max(at, 0)).replaceAll(BEYOND, 'a')}@${plain}`)
}

/** Numbers of so many bits; that they are whole is for the type to say. Those of 32 and 64 bits with a sign are ajv-formats'. */
const RANGES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  uint64: [0, 2 ** 64],
}

/** The least and the greatest number of a format; none where it is not one of so few. */
export function rangeOf(format: unknown): readonly (readonly [least: number, most: number])[] {
  const range = typeof format === 'string' && Object.hasOwn(RANGES, format) ? RANGES[format] : undefined
  return range && range[1] < 2 ** 16 ? [range] : []
}

/** All formats, by name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...fullFormats,
  'date-time': (text: string) => PLAIN_TIME.test(text) || known['date-time'](text),
  email: isEmail,
  'idn-email': isIdnEmail,
  'idn-hostname': isIdnHostname,
  iri: (text: string) => known.uri(text.replaceAll(BEYOND, 'a')),
  'iri-reference': (text: string) => known['uri-reference'](text.replaceAll(BEYOND, 'a')),
  // No standard's. That of ajv-formats knows no hosts of one's own network, which mocks are mostly asked with.
  url: known.uri,
  base64: /^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?$/i,
  base64url: /^[\w-]*={0,2}$/,
  ...Object.fromEntries(
    Object.entries(RANGES).map(([name, [least, most]]): [string, Format] => [
      name,
      { type: 'number', validate: (value: number) => value >= least && value <= most },
    ]),
  ),
}

function testOf(name: 'uri' | 'uri-reference' | 'hostname' | 'ipv4' | 'ipv6' | 'date-time'): (text: string) => boolean {
  const known: unknown = fullFormats[name]
  const format: unknown = isObject(known) && 'validate' in known ? known['validate'] : known
  if (format instanceof RegExp) return (text) => format.test(text)
  return (text) => typeof format === 'function' && Reflect.apply(format, undefined, [text]) === true
}
