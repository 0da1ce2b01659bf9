/** What a scrape says: the value of each series, by its name with its labels in their order: `a_total{b="c"}`. */
export interface Scraped {
  readonly values: ReadonlyMap<string, number>
  readonly types: ReadonlyMap<string, string>
}

/**
 * Reads Prometheus' text format 0.0.4, and takes nothing that a scraper may refuse.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @throws Error that names the line
 */
export function readExposition(text: string): Scraped {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  const helps = new Set<string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`)
    }
    const [, word = '', name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? []
    if (line.startsWith('#')) {
      if (word === '') fail('it is neither help nor type')
      if (word === 'HELP' && (helps.has(name) || types.has(name))) fail('help comes once, and first')
      if (word === 'TYPE' && (types.has(name) || !helps.has(name))) fail('a type comes once, behind its help')
      if (word === 'TYPE' && !/^(counter|gauge|histogram)$/.test(rest)) fail('there is no such type')
      if (word === 'HELP' && /\\(?![\\n])/.test(rest)) fail('help escapes only what it has to')
      if (word === 'HELP') helps.add(name)
      else types.set((family = name), rest)
      continue
    }
    const [, series = '', labels = '', value = ''] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?[\d.]+(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.exec(line) ?? fail('it is no sample')
    const type = types.get(family)
    const own = type === 'histogram' ? [`${family}_bucket`, `${family}_sum`, `${family}_count`] : [family]
    if (!own.includes(series)) fail(`it is not of ${family}`)
    if (type === 'counter' && !series.endsWith('_total')) fail('counters end so')
    if (labels !== '' && !/^[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*")*$/.test(labels)) fail('labels')
    const key = labels === '' ? series : `${series}{${labels}}`
    if (values.has(key)) fail('it comes twice')
    values.set(key, Number(value.replace('Inf', 'Infinity')))
  }
  for (const [name, type] of types) if (type === 'histogram') checkBuckets(name, values)
  return { values, types }
}

/** Buckets grow, the last one is for all, and says what the count says. */
function checkBuckets(name: string, values: Scraped['values']): void {
  const upTo = new Map<string, { readonly bounds: number[]; readonly counts: number[] }>()
  for (const [key, count] of values) {
    const [, others = '', bound = ''] = new RegExp(`^${name}_bucket\\{(.*?),?le="([^"]+)"\\}$`).exec(key) ?? []
    if (bound === '') continue
    const one = upTo.get(others) ?? { bounds: [], counts: [] }
    one.bounds.push(Number(bound.replace('Inf', 'Infinity')))
    one.counts.push(count)
    upTo.set(others, one)
  }
  if (upTo.size === 0) throw new Error(`${name} has no buckets`)
  for (const [others, { bounds, counts }] of upTo) {
    const labels = others === '' ? '' : `{${others}}`
    if (bounds.at(-1) !== Infinity || counts.at(-1) !== values.get(`${name}_count${labels}`)) throw new Error(`${name}${labels}: not all`)
    if (!values.has(`${name}_sum${labels}`)) throw new Error(`${name}${labels}: there is no sum`)
    const grows = (list: readonly number[]): boolean => list.every((one, place) => place === 0 || one >= (list[place - 1] ?? 0))
    if (!grows(bounds) || !grows(counts)) throw new Error(`${name}${labels}: a bucket holds less than the one before`)
  }
}
