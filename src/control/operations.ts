import type { Input, Issue } from '../base/http.ts'
import { nearest } from '../base/nearest.ts'
import type { Behaviour, Command, ExchangeFilter, Outcome, Resent } from '../core/behaviour.ts'
import { refused, reply } from '../core/behaviour.ts'
import type { Registry } from '../core/registry.ts'
import type { Known } from '../core/scenario/known.ts'
import { listDue } from './due.ts'
import { entityBehaviours } from './entities.ts'
import { listExamples, type ServedApi } from './examples.ts'
import { sessionBehaviours } from './sessions.ts'
import { settingBehaviours } from './settings.ts'

interface RequestsInput extends Input {
  readonly query: Readonly<ExchangeFilter> & { readonly limit?: number; readonly before?: string }
}

interface CountInput extends Input {
  readonly query: Readonly<ExchangeFilter>
}

interface FollowInput extends CountInput {
  readonly header: { readonly 'last-event-id'?: string }
}

interface RequestInput extends Input {
  readonly path: { readonly requestId: string }
  readonly header: { readonly host?: string; readonly 'x-forwarded-proto'?: string }
}

interface ResendInput extends Input {
  readonly path: { readonly requestId: string }
  readonly body: Resent | undefined
}

interface DocumentInput extends Input {
  readonly path: { readonly document: string }
}

/** The control API's behaviours, over the APIs that are served. @param known the operations that faults may name */
export function controlBehaviours(
  apis: readonly ServedApi[],
  known: Pick<Known, 'operations' | 'registry'>,
): Readonly<Record<string, Behaviour>> {
  const { registry } = known
  const own = {
    ...FIXED,
    ...sessionBehaviours(registry),
    ...entityBehaviours(registry, apis),
    ...settingBehaviours(known),
    listDue: listDue(registry),
    listExamples: listExamples(apis),
    listAssumptions: listAssumptions(registry),
  }
  const names = [...known.operations.keys(), ...Object.keys(own), ...registry.steps.keys(), 'exists']
  return { ...own, ...journalBehaviours(names) }
}

/** @param names what exchanges are told by: a name that none has would find nothing, which a test may take for the truth */
function journalBehaviours(names: readonly string[]): Readonly<Record<string, Behaviour>> {
  const asking = <I extends CountInput>(make: (input: I) => Command): Behaviour<I> => ({
    run(input) {
      const { operation } = input.query
      if (operation === undefined || names.includes(operation)) return { kind: 'command', command: make(input) }
      const issue: Issue = {
        at: '/query/operation',
        rule: 'enum',
        message: `is not an operation: "${operation}"`,
        fix: `the nearest are ${nearest(operation, names).slice(0, 3).join(', ')}`,
      }
      return refused({ code: 'parameters-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue] })
    },
  })
  return {
    listRequests: asking<RequestsInput>(({ query: { limit = 100, before, ...filter } }) => ({
      kind: 'list-requests',
      filter,
      limit,
      ...(before !== undefined && { before }),
    })),
    // What is counted is what clients asked for, which is what tests claim something of.
    countRequests: asking<CountInput>(({ query }) => ({ kind: 'count-requests', filter: { origin: 'request', ...query } })),
    followRequests: asking<FollowInput>(({ query, header }) => ({
      kind: 'follow-requests',
      filter: query,
      after: header['last-event-id'],
    })),
  }
}

const command = (make: (input: Input) => Command): Behaviour => ({
  run: (input): Outcome => ({ kind: 'command', command: make(input) }),
})

const getRequest: Behaviour<RequestInput> = {
  run: ({ path, header }) => ({
    kind: 'command',
    command: {
      kind: 'show-request',
      id: path.requestId,
      origin: `${header['x-forwarded-proto'] ?? 'http'}://${header.host ?? 'localhost'}`,
    },
  }),
}
const resendRequest: Behaviour<ResendInput> = {
  run: ({ path, body }) => ({ kind: 'command', command: { kind: 'resend-request', id: path.requestId, wanted: body ?? {} } }),
}
const getDocument: Behaviour<DocumentInput> = {
  run: ({ path }) => ({ kind: 'command', command: { kind: 'show-document', name: path.document.replace(/\.json$/, '') } }),
}

interface StateInput extends Input {
  readonly body: {
    readonly state: string | null
    readonly params?: Readonly<Record<string, unknown>>
    readonly action?: 'setup' | 'teardown'
  }
}

/** What the verifiers of Pact call before and after an interaction. */
export const stateBehaviours: Readonly<Record<string, Behaviour>> = {
  setProviderState: {
    run: ({ body }: StateInput): Outcome => ({
      kind: 'command',
      command: { kind: 'provider-state', state: body.state ?? '', params: body.params ?? {}, action: body.action ?? 'setup' },
    }),
  } satisfies Behaviour<StateInput>,
}

/** What is assumed where the documents are silent: the values that a session begins with here. */
const listAssumptions = (registry: Registry): Behaviour => ({
  run: (_input, { session }) =>
    reply(200, {
      assumptions: Object.entries(registry.assumptions).map(([name, { values, ...row }]) => ({
        name,
        value: session.assumptions[name] ?? values[0],
        values,
        ...row,
      })),
    }),
})

const FIXED = {
  getHealth: command(() => ({ kind: 'health' })),
  getReadiness: command(() => ({ kind: 'readiness' })),
  getMetrics: command(() => ({ kind: 'metrics' })),
  listDocuments: command(() => ({ kind: 'list-documents' })),
  getCoverage: command(() => ({ kind: 'show-coverage' })),
  listProviderStates: command(() => ({ kind: 'list-states' })),
  getDocument,
  getRequest,
  resendRequest,
} satisfies Readonly<Record<string, Behaviour>>
