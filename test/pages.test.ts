import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './cli/process.ts'
import { pages, readPage } from './pages.ts'

/** Pages for who works on the project; they have no blocks. */
const others = ['CONTRIBUTING.md', 'CHANGELOG.md', 'test/README.md'].map(readPage)
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const FLAGS = firstOf('options.md', /^\| (?:`-\w`, )?`(--[\w-]+)/gm)
/** Of curl, Docker, Node and Prism. */
const FLAGS_OF_OTHERS = [
  '--ignoreExamples',
  '--multiprocess',
  '--verboseLevel',
  '--retry',
  '--rm',
  '--build',
  '--abort-on-container-exit',
  '--exit-code-from',
  '--max-old-space-size',
  '--max-semi-space-size',
]
/** Control requests as the reference has them; what stands in braces is any part of a path. */
const ROUTES = firstOf('control-api.md', /^## (.+)$/gm).map((route) => {
  const parts = route.split(/\{\w+\}/).map(RegExp.escape)
  return new RegExp(`^${parts.join('[^/]+')}$`)
})

/** What a page of the reference has of something. */
function firstOf(page: string, pattern: RegExp): string[] {
  return [...readPage(`docs/reference/${page}`).prose.matchAll(pattern)].map(([, found = '']) => found)
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(prose: string): string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe.each([...pages, ...others])('$name', ({ name, text, prose }) => {
  it('leads to files and headings that are there', () => {
    for (const [, file = '', anchor] of prose.replaceAll(/`[^`]*`/g, '').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const target = file === '' ? name : normalize(join(dirname(name), file))
      const isThere = existsSync(join(ROOT, target))
      expect({ target, isThere }).toEqual({ target, isThere: true })
      if (anchor !== undefined) expect(anchorsOf(readPage(target).prose)).toContain(anchor)
    }
  })

  it('names options, scripts and control routes that there are', () => {
    for (const [, flag = ''] of text.matchAll(/(?<![\w-])(--[a-z][a-zA-Z-]+)/g)) expect([...FLAGS, ...FLAGS_OF_OTHERS]).toContain(flag)
    for (const [, script = ''] of text.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([script])
    for (const [, request = ''] of prose.matchAll(/`([A-Z]+ \/(?:__mock|_pact)\/[^`?]*)[^`]*`/g))
      expect({ request, isThere: ROUTES.some((route) => route.test(request)) }).toEqual({ request, isThere: true })
  })
})

it.each(others)('$name shows nothing, for nothing of it would be run', ({ blocks }) => expect(blocks).toEqual([]))
