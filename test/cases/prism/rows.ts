/** A row of `requests.yaml`: a request, and where the mock's answer is not Prism's, how, and why. */
export interface Row extends Partial<Readonly<Record<Method, string>>> {
  readonly name: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly text?: string
  /** Of the body only its names are the same: values are generated. */
  readonly shape?: boolean
  /** Why the answer is another on purpose. */
  readonly differs?: string
  readonly instead?: { readonly status?: number; readonly headers?: Readonly<Record<string, string | null>>; readonly body?: unknown }
}

const METHODS = ['get', 'head', 'put', 'post', 'delete', 'options', 'patch'] as const
type Method = (typeof METHODS)[number]

/** The request of a row. */
export function askedBy(row: Row): {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
} {
  const method = METHODS.find((one) => row[one] !== undefined) ?? 'get'
  const headers = { ...(row.body !== undefined && { 'Content-Type': 'application/json' }), ...row.headers }
  const body = row.text ?? (row.body === undefined ? undefined : JSON.stringify(row.body))
  return { method: method.toUpperCase(), path: row[method] ?? '/', headers, body }
}
