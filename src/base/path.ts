/** Whether a path is a base path, or lies below it. Every path lies below the empty one. */
export function isBelow(base: string, path: string): boolean {
  return path.startsWith(base) && (base === '' || path.length === base.length || path.charAt(base.length) === '/')
}

/** The path without the base path, if it has it. */
export function belowBase(path: string, base: string): string {
  return base !== '' && isBelow(base, path) ? path.slice(base.length) || '/' : path
}

/** A path, or a URL that ends with one, without slashes at its end. */
export function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}
