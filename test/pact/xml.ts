import { expect } from 'vitest'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code === undefined ? (ENTITIES[name] ?? '?') : String.fromCodePoint(Number(code)),
  )

/** Parses the XML that we write, and refuses all else. */
export function parseXml(text: string): Element {
  expect(text).not.toMatch(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u)
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  const token = /<\?xml version="1\.0" encoding="UTF-8"\?>|<\/([\w-]+)>|<([\w-]+)((?: \w+="[^"<>]*")*)(\/?)>|([^<>]+)/y
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (!found) throw new Error(`not well-formed at ${at}: ${text.slice(at, at + 40)}`)
    const [, close, name, attributes = '', empty, content] = found
    expect(found[0].replaceAll(/&(#\d+|amp|lt|gt|quot);/g, '')).not.toContain('&')
    if (close !== undefined) expect(open.pop()?.name).toBe(close)
    if (content !== undefined) open.at(-1)!.text += unescaped(content)
    if (name === undefined) continue
    const pairs = [...attributes.matchAll(/ (\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescaped(value)] as const)
    expect(new Set(pairs.map(([key]) => key)).size).toBe(pairs.length)
    const element: Element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' }
    open.at(-1)!.children.push(element)
    if (empty === '') open.push(element)
  }
  expect(open).toEqual([root])
  expect(root.children).toHaveLength(1)
  return root.children[0]!
}
