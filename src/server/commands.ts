import type { Command } from '../domain/behaviour.ts'
import type { SessionDefaults, SessionName } from '../domain/control/session.ts'
import type { Service } from '../engine/respond.ts'
import { beginning, describe, refusal } from '../engine/session.ts'
import type { MockReply } from '../http.ts'
import type { Store } from '../store/store.ts'
import type { SessionCounts } from './counts.ts'
import type { Journal } from './journal.ts'

export interface CommandSettings {
  readonly control: Service
  readonly services: readonly Service[]
  readonly store: Store
  readonly journal: Journal
  readonly counts: SessionCounts
  readonly defaults: SessionDefaults
  readonly version: string
  readonly dataVersion: number
}

/** Does what a control operation asked of the server itself. `real` is the world's time in milliseconds. */
export function createCommands({
  control,
  services,
  store,
  journal,
  counts,
  defaults,
  version,
  dataVersion,
}: CommandSettings): (command: Command, real: number) => Promise<MockReply> {
  const documents = [control, ...services].map(({ contract }) => contract)
  const show = async (name: SessionName, real: number): Promise<object> => {
    const session = await store.transact(name, (world) => ({ changes: [], result: describe(world, defaults, real) }))
    return { name, ...session, requests: counts.of(name) }
  }

  return async (command, real) => {
    switch (command.kind) {
      case 'health':
        return { status: 200, body: { status: 'ok', version, dataVersion } }
      case 'list-documents':
        return {
          status: 200,
          body: { documents: documents.map(({ name, base }) => ({ name, href: `${control.contract.base}/openapi/${name}.json`, base })) },
        }
      case 'show-document': {
        const found = documents.find(({ name }) => name === command.name)
        const detail = `there is no document "${command.name}"`
        return found
          ? { status: 200, body: found.content }
          : refusal({ code: 'document-unknown', detail, fix: `there are ${documents.map(({ name }) => `${name}.json`).join(', ')}` })
      }
      case 'list-sessions': {
        const names = await store.sessions()
        return { status: 200, body: { sessions: await Promise.all(names.map((name) => show(name, real))) } }
      }
      case 'reset-session': {
        const { name } = command
        const full = counts.begin(name)
        if (full) return refusal(full)
        await store.drop(name)
        await store.transact(name, () => ({ changes: beginning(defaults, real), result: undefined }))
        counts.restart(name)
        journal.forget(name)
        return { status: 200, body: await show(name, real) }
      }
      case 'drop-session': {
        const { name } = command
        const existed = await store.drop(name)
        // One whose every request failed has a place, but no state.
        if (!existed && !counts.has(name))
          return refusal({ code: 'session-unknown', detail: `there is no session "${name}"`, fix: 'GET /__mock/sessions lists them' })
        counts.forget(name)
        journal.forget(name)
        return { status: 204 }
      }
      case 'list-requests':
        return { status: 200, body: { requests: journal.list(command) } }
      case 'show-request': {
        const entry = journal.get(command.id)
        const detail = `the journal holds no request "${command.id}"`
        return entry
          ? { status: 200, body: entry }
          : refusal({
              code: 'request-unknown',
              detail,
              fix: "an answer carries its id as Mock-Request-Id; the journal forgets the oldest requests first, and a session's when it is reset or dropped",
            })
      }
      default:
        return command satisfies never
    }
  }
}
