import { expect, it } from 'vitest'
import { readEvents } from '../../src/cli/event-stream.ts'

async function read(text: string, size: number): Promise<object[]> {
  async function* chunks(): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  }
  const events: object[] = []
  for await (const event of readEvents(chunks())) events.push(event)
  return events
}

it.each<[string, string, readonly object[]]>([
  ['a name, an id and data', 'event: exchange\nid: a-1\ndata: {"a":1}\n\n', [{ name: 'exchange', id: 'a-1', data: '{"a":1}' }]],
  ['data alone', 'data:x\n\n', [{ name: 'message', id: undefined, data: 'x' }]],
  ['data in several lines', 'data: x\ndata:  y\ndata\n\n', [{ name: 'message', id: undefined, data: 'x\n y\n' }]],
  ['a colon in data', 'data: a: b\n\n', [{ name: 'message', id: undefined, data: 'a: b' }]],
  ['comments, and nothing else', ': hello\n\n:\n\n', []],
  ['an id without data', 'id: a-1\n\n', []],
  [
    'two',
    'data: x\n\ndata: y\n\n',
    [
      { name: 'message', id: undefined, data: 'x' },
      { name: 'message', id: undefined, data: 'y' },
    ],
  ],
  ['what ends in the middle', 'data: x\n\ndata: y\n', [{ name: 'message', id: undefined, data: 'x' }]],
])('reads %s, wherever it is cut and however lines end', async (_what, text, events) => {
  for (const end of ['\n', '\r\n', '\r'])
    for (const size of [1, 2, 3, 1_000]) {
      // Whether a lone return ends a line shows what comes behind it.
      const sent = `${text.replaceAll('\n', end)}${end === '\r' ? ':' : ''}`
      expect({ end, size, events: await read(sent, size) }).toEqual({ end, size, events })
    }
})
