/** Which pages may read answers: a browser names the page's origin, and obeys the CORS headers of the answer (Fetch, section 3.3). */
export interface OriginSettings {
  /** Hosts whose pages may do all. */
  readonly allowedHosts: readonly string[]
  /** Origins as browsers write them, `*` for every one; where nothing is said, every one on loopback and none beyond it. */
  readonly allowedOrigins: readonly string[] | undefined
}

/** What pages may read of an answer beside its body. */
const EXPOSED =
  'Mock-Session, Mock-Request-Id, Mock-Explain, Mock-Warning, Location, Allow, Retry-After, Preference-Applied, WWW-Authenticate'

/** Whether an origin is let in by name: only then may its pages use control routes. */
export function isNamedOrigin(origin: string, { allowedHosts, allowedOrigins = [] }: OriginSettings): boolean {
  return allowedOrigins.includes(origin) || (URL.canParse(origin) && allowedHosts.includes(new URL(origin).hostname))
}

/**
 * What lets a page of this origin read an answer; nothing where it may not. Never with credentials: nothing here needs cookies, and with
 * them a page could act as whoever looks at it.
 */
export function corsHeaders(
  origin: string | undefined,
  { isControl, isBeyond }: { readonly isControl: boolean; readonly isBeyond: boolean },
  settings: OriginSettings,
): Readonly<Record<string, string>> {
  if (origin === undefined) return {}
  const isAnybodys = settings.allowedOrigins?.includes('*') ?? !isBeyond
  if (isAnybodys && !isControl) return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': EXPOSED }
  if (!isNamedOrigin(origin, settings)) return {}
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED, Vary: 'Origin' }
}

/** What a preflight is answered beside that: whatever is asked for (Fetch, section 3.3.5). */
export function preflightHeaders(asked: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const headers = asked['access-control-request-headers']
  return {
    'Access-Control-Allow-Methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
    ...(headers !== undefined && { 'Access-Control-Allow-Headers': headers }),
    // A page from elsewhere asks whether it may reach into this network (https://wicg.github.io/private-network-access).
    ...(asked['access-control-request-private-network'] === 'true' && { 'Access-Control-Allow-Private-Network': 'true' }),
    'Access-Control-Max-Age': '600',
  }
}
