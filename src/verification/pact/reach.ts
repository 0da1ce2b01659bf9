import { readFileSync } from 'node:fs'
import { connect, isIP } from 'node:net'
import { connect as connectSecurely, getCACertificates, rootCertificates, TLSSocket } from 'node:tls'

/** Whether a service can be asked at all. One that cannot has refused nothing, and is never taken to have. */

type Environment = Readonly<Record<string, string | undefined>>

/** Who would send: the verifier has proxies and certificates of its own, by the environment. */
type Sender = { readonly kind: 'node' } | { readonly kind: 'verifier'; readonly env: Environment }

/**
 * Why nothing can be sent to a URL, and what would do; undefined where a connection, with TLS where the URL wants it, is made.
 * @param timeout milliseconds that a request may take; a connection is given more where that is little
 */
async function whyUnreachable(url: string, timeout: number, sender: Sender): Promise<string | undefined> {
  const proxy = sender.kind === 'verifier' ? proxyFor(url, sender.env) : undefined
  try {
    await connectTo(new URL(proxy ?? url), Math.max(timeout, LEAST), sender)
    return undefined
  } catch (error) {
    return proxy === undefined ? wordsOf(error) : `the proxy ${new URL(proxy).origin}: ${wordsOf(error)}`
  }
}

/** Why the verifier can ask nothing of a provider. */
export async function providerUnreached(url: string, timeout: number): Promise<string | undefined> {
  const reason = await whyUnreachable(url, timeout, { kind: 'verifier', env: process.env })
  return reason === undefined ? undefined : `the provider cannot be reached at ${new URL(url).origin}: ${reason}`
}

/** Why nobody can be asked to set up provider states. It is Node that asks, for the verifier. */
export async function statesUnreached(url: string, timeout: number): Promise<string | undefined> {
  const reason = await whyUnreachable(url, timeout, { kind: 'node' })
  return reason === undefined ? undefined : `nobody sets up provider states at ${new URL(url).origin}, which cannot be reached: ${reason}`
}

/**
 * The certificates by which a service is trusted, as PEM. The verifier reads `SSL_CERT_FILE` or the machine's own, and nothing of
 * `NODE_EXTRA_CA_CERTS`, which is what the rest of this command, as any program of Node, goes by: here they are one.
 */
export function trustedCertificates(env: Environment): readonly string[] {
  const named = env['SSL_CERT_FILE'] ?? ''
  const machine = named === '' ? getCACertificates('system') : [readCertificates(named)]
  return [...(machine.length === 0 ? rootCertificates : machine), ...getCACertificates('extra')]
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Nobody is trusted then, and that is what is said.
    return ''
  }
}

async function connectTo({ protocol, hostname, port }: URL, timeout: number, sender: Sender): Promise<void> {
  const host = hostname.replaceAll(/[[\]]/g, '')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onConnected = (): void => resolve()
  const socket =
    protocol === 'https:'
      ? connectSecurely({
          host,
          port: Number(port) || 443,
          // An address cannot be asked for by SNI.
          ...(isIP(host) === 0 && { servername: host }),
          ...(sender.kind === 'verifier' && { ca: [...trustedCertificates(sender.env)] }),
        }).once('secureConnect', onConnected)
      : connect({ host, port: Number(port) || 80 }, onConnected)
  socket
    .once('error', reject)
    .once('close', () => reject(new Error('it closes connections at once')))
    .setTimeout(timeout, () => reject(new Error(`no connection within ${timeout} ms`)))
  try {
    await promise
    if (sender.kind === 'verifier' && socket instanceof TLSSocket) refuseAuthority(socket)
  } finally {
    socket.destroy()
  }
}

/** What `openssl req -x509` makes unless told otherwise: Node takes it for a server's, the verifier does not. */
function refuseAuthority(socket: TLSSocket): void {
  if (socket.getPeerX509Certificate()?.ca === true)
    throw new Error('its certificate is that of an authority (CA:TRUE), which the verifier does not take for that of a server')
}

const TRUST = 'NODE_EXTRA_CA_CERTS names a PEM file of certificates to trust'

/** By the codes of Node and of OpenSSL. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  EHOSTUNREACH: 'no way leads to the host',
  ENETUNREACH: 'no way leads to its network',
  ETIMEDOUT: 'no connection is made in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is self-signed, and not trusted; ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `its certificate is of an authority that is not trusted; ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `its certificate is of an authority that is not known; ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `its certificate is of an authority that is not known; ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `its certificate is of an authority that is not known; ${TRUST}`,
  CERT_HAS_EXPIRED: 'its certificate has expired; it needs a new one',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host; give the URL by a name that the certificate has',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; does its URL begin with http: ?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS; does its URL begin with http: ?',
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === undefined) return error.message
  const words = WORDS[code]
  return words === undefined ? code : `${words} (${code})`
}

/** The proxy by which the verifier asks a URL. */
function proxyFor(url: string, env: Environment): string | undefined {
  const { protocol, hostname } = new URL(url)
  const name = `${protocol.slice(0, -1)}_proxy`
  const proxy = env[name.toUpperCase()] ?? env[name] ?? env['ALL_PROXY'] ?? env['all_proxy'] ?? ''
  const direct = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((one) => one.trim().replace(/^\*?\./, ''))
  const isDirect = isLoopback(hostname) || direct.some((one) => one === '*' || (one !== '' && `.${hostname}`.endsWith(`.${one}`)))
  return isDirect || !URL.canParse(proxy) ? undefined : proxy
}

/** A machine that is busy takes its time, in milliseconds. */
const LEAST = 5_000

/** Also in the brackets of a URL. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^\[?::1\]?$/.test(host) || host.startsWith('127.')
}
