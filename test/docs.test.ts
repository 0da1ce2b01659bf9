import { describe, expect, it, onTestFinished } from 'vitest'
import { type Block, pages } from './pages.ts'
import { Telling } from './telling.ts'

/** Commands that nothing runs, each with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm cit\n': 'it would run these tests',
  'npm run bench\n': 'it takes minutes, and says what a machine can do',
  'docker build -t allocation-mock .\ndocker run --rm -p 127.0.0.1:4010:4010 allocation-mock\n':
    'no container engine runs where the tests do; container.test.ts runs what an image would',
  'docker compose -f examples/replicas/compose.yaml up --build\n': 'the same; container.test.ts reads it, and the page has two replicas',
  'docker compose up --build --abort-on-container-exit --exit-code-from app\n': 'the same; container.test.ts runs what compose.yaml says',
}

/** Whether a block is what a command before it prints. */
function isShown({ language, words }: Block): boolean {
  return ['json', 'text'].includes(language) && words.length === 0
}

function isRun({ language, words }: Block): boolean {
  return language === 'sh' && !words.includes('no-run')
}

describe('the pages', () => {
  it.each(pages.filter(({ blocks }) => blocks.length > 0))('$name tells what is so', async ({ blocks }) => {
    const telling = new Telling()
    onTestFinished(() => telling.drop())
    for (const [index, block] of blocks.entries()) {
      const [before, behind] = [blocks[index - 1], blocks[index + 1]]
      if (before && isRun(before) && isShown(block)) continue
      expect(await telling.tell(block, behind && isShown(behind) ? behind : undefined)).toBeUndefined()
    }
    expect(await telling.end()).toEqual([])
  })

  const commands = pages.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'sh'))

  it('leave out only what cannot be run', () => {
    const left = commands.flatMap((block) => (isRun(block) ? [] : [block.text]))
    expect(left.toSorted()).toEqual(Object.keys(NOT_RUN).toSorted())
  })

  it('leave nothing in the checkout', () => {
    expect(commands.filter(({ text }) => /(-o|>) (?!\/tmp\/|\/dev\/null)/.test(text))).toEqual([])
  })
})
