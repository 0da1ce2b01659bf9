/** 1 to 64 of letters, digits, dot, underscore and hyphen. */
export type SessionName = string & { readonly __brand: 'SessionName' }

export function isSessionName(text: string): text is SessionName {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text)
}

/** What requests that name no session belong to. */
export const DEFAULT_SESSION = 'default'
