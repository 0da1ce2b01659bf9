import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { isLoopback, trustedCertificates } from './reach.ts'

/** The verifier is configured by the variables and files of its process. */

/**
 * The verifier reads certificates again for each interaction, 30 ms of work for those of a machine. For targets without TLS one
 * certificate does; none at all is an error to it.
 */
export async function writeTrustStores(folder: string, targets: readonly { readonly baseUrl: string }[]): Promise<void> {
  await mkdir(join(folder, 'certificates'))
  await writeFile(join(folder, 'http.pem'), `${rootCertificates[0] ?? ''}\n`)
  if (targets.some(({ baseUrl }) => new URL(baseUrl).protocol === 'https:'))
    await writeFile(join(folder, 'https.pem'), trustedCertificates(process.env).join('\n'))
}

/**
 * Without the variables of Pact: with them the core would fetch pacts from a broker, filter interactions or publish results by itself.
 * @param folder where `writeTrustStores` wrote
 */
export function environmentFor(baseUrl: string, folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PACT_') && name !== 'FORCE_COLOR')
  const { protocol, hostname } = new URL(baseUrl)
  // The proxy of a company does not reach this machine's loopback, where the states are relayed as well.
  const direct = [
    process.env['NO_PROXY'] ?? process.env['no_proxy'],
    '127.0.0.1',
    isLoopback(hostname) ? hostname.replaceAll(/[[\]]/g, '') : undefined,
  ]
  const noProxy = direct.filter((host) => host !== undefined).join(',')
  return {
    ...Object.fromEntries(own),
    PACT_DO_NOT_TRACK: 'true',
    NO_COLOR: '1',
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    SSL_CERT_FILE: join(folder, `${protocol.slice(0, -1)}.pem`),
    ...((protocol === 'http:' || (process.env['SSL_CERT_DIR'] ?? '') === '') && { SSL_CERT_DIR: join(folder, 'certificates') }),
  }
}
