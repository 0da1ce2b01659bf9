/** Paths into a message as a pact writes them. */

/** `$.response.body.items[0].sku`. */
export function pathOf(parts: readonly string[]): string {
  return parts.reduce((path, part) => path + (/^\d+$/.test(part) ? `[${part}]` : /^[\w-]+$/.test(part) ? `.${part}` : `['${part}']`), '$')
}

/** The parts of a path like `$.items[0]['id']`, or of a name like `ids[0]`. */
export function partsOf(path: string): string[] {
  return [...path.replace(/^\$/, '').matchAll(/\['([^']*)'\]|\[([^\]]*)\]|\.?([^.[]+)/g)].map(
    ([, quoted, bracketed, bare]) => quoted ?? bracketed ?? bare ?? '',
  )
}
