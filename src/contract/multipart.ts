import { parametersIn } from './media-type.ts'

/** A part of a `multipart/form-data` body. Bytes that are no UTF-8 stand as characters of the same numbers. */
interface Part {
  readonly name: string
  readonly text: string
  /** As the part itself says it. */
  readonly contentType: string | undefined
  readonly isFile: boolean
}

export type Parts =
  { readonly kind: 'parts'; readonly parts: readonly Part[] } | { readonly kind: 'broken'; readonly message: string; readonly fix: string }

const FIX = 'send multipart/form-data as RFC 7578 has it; HTTP clients write it themselves, with a Content-Type that names the boundary'

/**
 * The parts of a body that is there as a whole.
 * @param text the body, where it is UTF-8; else its bytes as characters of the same numbers
 * @param decode the text of a part
 */
export function partsIn(text: string, boundary: string, decode: (part: string) => string): Parts {
  const delimiter = `--${boundary}`
  const next = `\r\n${delimiter}`
  // What stands before the first is for readers without a program (RFC 2046, 5.1.1).
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(next) + 2
  if (at === 1)
    return broken(
      text.includes(delimiter) ? 'its lines do not end with CR and LF' : `the boundary ${JSON.stringify(boundary)} does not stand in it`,
    )
  const parts: Part[] = []
  for (;;) {
    at += delimiter.length
    if (text.startsWith('--', at)) return { kind: 'parts', parts }
    const line = /[ \t]*\r\n/y
    line.lastIndex = at
    if (!line.test(text)) return broken(`behind a boundary, at character ${at}, no line ends`)
    const begin = line.lastIndex
    const isBare = text.startsWith('\r\n', begin)
    const end = isBare ? begin : text.indexOf('\r\n\r\n', begin)
    const close = text.indexOf(next, isBare ? begin : end)
    if (close === -1) return broken(`it ends before its last boundary, ${delimiter}--`)
    if (end === -1 || end > close) return broken(`the headers of part ${parts.length + 1} have no end`)
    const headers = new Map(
      decode(text.slice(begin, end))
        .split('\r\n')
        .map((header): [string, string] => [
          header.slice(0, header.indexOf(':')).trim().toLowerCase(),
          header.slice(header.indexOf(':') + 1).trim(),
        ]),
    )
    const disposition = headers.get('content-disposition') ?? ''
    const about = parametersIn(disposition)
    const name = about.get('name')
    if (!/^form-data\s*;/i.test(disposition) || name === undefined)
      return broken(`part ${parts.length + 1} has no Content-Disposition: form-data; name="…"`)
    parts.push({
      name: name.replaceAll(/%(?:22|0d|0a)/gi, decodeURIComponent),
      text: decode(text.slice(Math.min(end + (isBare ? 2 : 4), close), close)),
      contentType: headers.get('content-type'),
      isFile: about.has('filename') || about.has('filename*'),
    })
    at = close + 2
  }
}

function broken(message: string): Parts {
  return { kind: 'broken', message, fix: FIX }
}
