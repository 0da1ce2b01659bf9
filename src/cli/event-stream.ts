/** One server-sent event. */
export interface ServerEvent {
  /** `message` where it has no name. */
  readonly name: string
  readonly id: string | undefined
  readonly data: string
}

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). What the stream ends in the middle of is no event.
 * @param chunks of text, cut anywhere
 */
export async function* readEvents(chunks: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = ''
  let lines: string[] = []
  for await (const chunk of chunks) {
    // The end of a line may be cut in two.
    const [, whole = '', cut = ''] = /^(.*?)([^\r\n]*\r?)$/s.exec(rest + chunk) ?? []
    rest = cut
    for (const line of whole.split(/\r\n|\r|\n/).slice(0, -1))
      if (line === '') {
        const event = eventOf(lines)
        lines = []
        if (event) yield event
      } else lines.push(line)
  }
}

/** Undefined for lines that hold no data: comments keep the line open. */
function eventOf(lines: readonly string[]): ServerEvent | undefined {
  const fields = lines.map((line) => /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []).map(([, name = '', value = '']) => ({ name, value }))
  const valuesOf = (wanted: string): string[] => fields.flatMap(({ name, value }) => (name === wanted ? [value] : []))
  const data = valuesOf('data')
  return data.length === 0 ? undefined : { name: valuesOf('event').at(-1) ?? 'message', id: valuesOf('id').at(-1), data: data.join('\n') }
}
