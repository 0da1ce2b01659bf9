/** An event of a stream of server-sent events. */
export interface ServerSent {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

/** Reads a stream that comes in pieces, cut anywhere; what is no event, such as a comment, is passed over (WHATWG HTML, 9.2.6). */
export function createReader(): (piece: string) => readonly ServerSent[] {
  let rest = ''
  return (piece) => {
    const blocks = (rest + piece).split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => {
      const fields = new Map(
        block.split('\n').flatMap((line) => {
          const [, name = '', value = ''] = /^(\w+): ?(.*)$/s.exec(line) ?? []
          return name === '' ? [] : [[name, value] as const]
        }),
      )
      const data = fields.get('data')
      return data === undefined ? [] : [{ event: fields.get('event') ?? 'message', id: fields.get('id'), data }]
    })
  }
}

/** How long to wait before the next try to connect, in milliseconds: longer each time, to a quarter of a minute. */
export function waitBefore(tries: number): number {
  return Math.min(15_000, 500 * 2 ** tries)
}
