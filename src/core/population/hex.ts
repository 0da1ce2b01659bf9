const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/**
 * What writes words of 32 bits as lower-case hexadecimal digits, in place of each x of the shape. All characters at once: a text that is put together
 * of parts is a tree, which takes five times as long, and ten times the memory.
 */
function writing(shape: string): (first: number, second?: number, third?: number, fourth?: number) => string {
  const codes = Array.from(shape, (character) => character.charCodeAt(0))
  const places = Uint8Array.from([...shape.matchAll(/x/g)], ({ index }) => index)
  const put = (word: number, from: number): void => {
    for (let place = 0; place < 8; place++) codes[places[from + place] ?? 0] = DIGITS[(word >>> (28 - 4 * place)) & 15] ?? 0
  }
  return (first, second = 0, third = 0, fourth = 0) => {
    put(first, 0)
    if (places.length > 8) put(second, 8)
    if (places.length > 16) put(third, 16)
    if (places.length > 24) put(fourth, 24)
    return String.fromCharCode(...codes)
  }
}

/** 24 digits of three words. */
export const hexWords = writing('x'.repeat(24))

const digits = writing('xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx')

/** The UUID of version 4 (RFC 9562) of four words, of which six bits say that it is one. */
export function uuidOf(first: number, second: number, third: number, fourth: number): string {
  return digits(first, (second & 0xffff_0fff) | 0x4000, (third & 0x3fff_ffff) | 0x8000_0000, fourth)
}
