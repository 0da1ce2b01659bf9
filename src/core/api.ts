import type { Input } from '../base/http.ts'
import type { Behaviour, Dialect } from './behaviour.ts'
import type { Kinds } from './world.ts'

/** An API as it is written: what its behaviours keep in a session are kinds of its own. */
interface ApiOf<Of extends object> {
  /** The name of its document. */
  readonly document: string
  /** What each operation of the document does. */
  readonly behaviours: Readonly<Record<string, Behaviour<Input, Of>>>
  readonly dialect: Dialect<Of>
  /** The scheme of its `Authorization` header: `Token`, `Bearer`. */
  readonly scheme: string
}

/** An API as everything else sees it: of any kinds. */
export type Api = ApiOf<Kinds>

/** An API, so that it can stand beside others. */
export function defineApi<Of extends object>(api: ApiOf<Of>): Api {
  // A session holds of an API's kinds what its behaviours have put there, so they find there what they expect.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return api as unknown as Api
}
