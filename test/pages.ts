import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './cli/process.ts'

/** A fenced block: ```LANGUAGE WORDS. */
export interface Block {
  readonly language: string
  readonly words: readonly string[]
  readonly text: string
  /** Where it stands, for messages. */
  readonly at: string
}

export interface Page {
  /** Below the project's root. */
  readonly name: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** The text without its blocks. */
  readonly prose: string
}

/** The README and the pages of docs/, those that are made included. */
export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`)
    .toSorted(),
].map(readPage)

/** @throws Error where a fence is not one at the beginning of a line, with a language, and closed: its block would not be seen */
export function readPage(name: string): Page {
  const text = readFileSync(join(ROOT, name), 'utf8')
  const blocks: Block[] = []
  const prose: string[] = []
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const at = `${name}:${index + 1}`
    if (open && line === '```') {
      const [language = '', ...words] = open.info.split(' ')
      blocks.push({ language, words, text: open.lines.map((one) => `${one}\n`).join(''), at: `${name}:${open.line}` })
      open = undefined
    } else if (open) open.lines.push(line)
    else if (/^\s*(```|~~~)/.test(line)) {
      const [, info] = /^```([a-z].*)$/.exec(line) ?? []
      if (info === undefined) throw new Error(`${at}: "${line}" begins no block; write \`\`\`LANGUAGE`)
      open = { info, line: index + 1, lines: [] }
    } else prose.push(line)
  }
  if (open) throw new Error(`${name}:${open.line}: the block does not end`)
  return { name, text, blocks, prose: prose.join('\n') }
}
