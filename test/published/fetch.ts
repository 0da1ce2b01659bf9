import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Published } from './documents.ts'

/** What has been fetched is kept between runs. */
const CACHE = join(tmpdir(), 'allocation-mock-published')
const DEPENDENCIES = join(import.meta.dirname, '../../node_modules')

/**
 * The path of a published document, fetched from the npm registry where it is not there yet.
 * @throws Error that says in words what could not be fetched
 */
export function fetched(document: Published): string {
  const own = join(DEPENDENCIES, document.package, document.file)
  if (document.integrity === undefined) return own
  const folder = join(CACHE, `${document.package.replaceAll(/[@/]/g, '_')}-${document.version}`)
  const path = join(folder, 'package', document.file)
  const file = path.replace(/\.gz$/, '')
  if (existsSync(file)) return file
  extract(document, folder)
  if (path !== file) writeFileSync(file, gunzipSync(readFileSync(path)))
  return file
}

function extract({ package: name, version, integrity = '', file, beside = file }: Published, folder: string): void {
  mkdirSync(folder, { recursive: true })
  const archive = join(folder, 'package.tgz')
  if (!existsSync(archive)) {
    const part = mkdtempSync(join(folder, 'part-'))
    try {
      const isWindows = process.platform === 'win32'
      execFileSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', part], {
        cwd: part,
        shell: isWindows,
        stdio: 'pipe',
      })
      const [made = ''] = readdirSync(part)
      const found = `sha512-${createHash('sha512')
        .update(readFileSync(join(part, made)))
        .digest('base64')}`
      if (found !== integrity) throw new Error(`it is ${found}, not ${integrity}`)
      renameSync(join(part, made), archive)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`${name}@${version} could not be fetched from the npm registry, so its ${file} was not tried: ${why}`, {
        cause: error,
      })
    } finally {
      rmSync(part, { recursive: true, force: true })
    }
  }
  execFileSync('tar', ['-xzf', archive, '-C', folder, `package/${beside}`])
}
