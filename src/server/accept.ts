/** Whether `Accept` ranks problem details above plain JSON. */
export function prefersProblem(accept: string | undefined): boolean {
  return ranksAboveJson('application/problem+json', accept)
}

/** Whether `Accept` names a media type, and ranks it above JSON (RFC 9110, 12.5.1): by weight, else by which stands first. */
export function ranksAboveJson(mediaType: string, accept: string | undefined): boolean {
  if (accept?.toLowerCase().includes(mediaType) !== true) return false
  const ranges = accept.split(',').map((range, place) => {
    const [type = '', ...parameters] = range
      .toLowerCase()
      .split(';')
      .map((part) => part.trim())
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
    return { type, weight: Number.isNaN(weight) ? 0 : weight, place }
  })
  const wanted = ranges.find(({ type }) => type === mediaType)
  // The most particular range that a type fits says its weight.
  const json = ['application/json', 'application/*', '*/*']
    .map((type) => ranges.find((range) => range.type === type))
    .find((range) => range !== undefined)
  if (!wanted || wanted.weight === 0) return false
  if (!json || json.weight !== wanted.weight) return wanted.weight > (json?.weight ?? 0)
  return json.type !== 'application/json' || wanted.place < json.place
}
