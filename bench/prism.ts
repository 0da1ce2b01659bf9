import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const PRISM = '5.16.0'

/** The command that serves a document with Prism, up to port and file; undefined where it cannot be installed. @param place a folder for it */
export function prismIn(place: string): readonly string[] | undefined {
  try {
    execFileSync('npm', ['i', '--prefix', place, '--no-audit', '--no-fund', '--ignore-scripts', `@stoplight/prism-cli@${PRISM}`], {
      stdio: 'ignore',
    })
    return [process.execPath, join(place, 'node_modules/@stoplight/prism-cli/dist/index.js'), 'mock', '-m', 'false', '-v', 'silent', '-p']
  } catch {
    process.stderr.write('Prism cannot be installed here\n')
    return undefined
  }
}
