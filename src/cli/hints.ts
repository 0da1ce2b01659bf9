/** What other tools call what this one does otherwise, or does not do: whoever asks for it is told that, not of the option that is spelt most like it. */

const SAVED = 'save a session with GET /__mock/sessions/{name}/state, and begin from the file with serve --session FILE'
const SPECS =
  'an OpenAPI document of your own is served without state by serve FILE, or --spec FILE; init --spec FILE writes a module that --api takes, for state'
const SENT_ON =
  'allocation-mock proxy openapi.yaml https://api.example.com sends everything on to the real service and checks both ways; serve --pass OPERATION=URL sends on single operations'
const ONE_PROCESS = 'it is one process; several that share sessions are started with --store postgres://…'
const LOGGED = '--log text, json or none says how requests are logged; allocation-mock requests lists what was asked, and explain tells why'
const RECORDED =
  'what a session was asked is recorded anyway: GET /__mock/sessions/{name}/export gives it, and allocation-mock replay FILE repeats it. Of a real service nothing is recorded; WireMock and mitmproxy do that'
const IMPORTED = `data come in by --scenario FILE, by --session FILE, or into a running session by POST /__mock/sessions/{name}/exists; an export is repeated by allocation-mock replay FILE`
const KEPT = `--store file:PATH keeps sessions when the server stops. To keep a single one, ${SAVED}`

const HINTS: ReadonlyMap<string, string> = new Map([
  ...['persist', 'persistence', 'save', 'db', 'database', 'state'].map((word) => [word, KEPT] as const),
  ...['proxy', 'proxy-all', 'proxy-to', 'upstream', 'forward', 'target'].map((word) => [word, SENT_ON] as const),
  ...['multiprocess', 'm', 'cluster', 'workers'].map((word) => [word, ONE_PROCESS] as const),
  ...['verboseLevel', 'v', 'verbose', 'log-level'].map((word) => [word.toLowerCase(), LOGGED] as const),
  ...['record', 'recording', 'record-mappings'].map((word) => [word, RECORDED] as const),
  ...['import', 'load', 'restore', 'data', 'data-file', 'fixtures'].map((word) => [word, IMPORTED] as const),
  ...['export', 'dump'].map((word) => [word, `a running server exports: GET /__mock/sessions/{name}/export, or /state; ${SAVED}`] as const),
  ...['openapi', 'document', 'file', 'swagger', 'url'].map((word) => [word, SPECS] as const),
])

/** A complaint of the command line's reader, with what there is in place of what was asked for. */
export function withHint(complaint: string): string {
  const [, word = ''] = /^error: unknown (?:option|command) '-*([\w-]+)/.exec(complaint) ?? []
  const hint = HINTS.get(word.toLowerCase())
  if (hint === undefined) return complaint
  // The first line says what was met; the others guess by the spelling.
  const [met = ''] = complaint.split('\n')
  return `${met}\n${hint.charAt(0).toUpperCase()}${hint.slice(1)}.\n`
}
