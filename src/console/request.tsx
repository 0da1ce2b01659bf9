import { Fragment, type VNode } from 'preact'
import type { PastRequest, Repair } from '../client/client.ts'
import { Basis } from './described.tsx'
import { type Change, differenceOf, type Line } from './difference.ts'
import { below, inLine, textOf } from './json.ts'
import { Action, Command, Copy, Empty, Heading, Json, ProblemBox, Status, useLook } from './parts.tsx'
import { addressOf } from './route.ts'
import { curlOf } from './sent.ts'

/** One past request: what was asked and answered, why, and what came of it. @param back the list it was opened from */
export function Request({ id, back }: { readonly id: string; readonly back: string }): VNode {
  const { value: entry, problem } = useLook<PastRequest>(`/requests/${encodeURIComponent(id)}`)
  return (
    <>
      <p class="back">
        <a href={back}>Requests</a>
      </p>
      <div class="title">
        <Heading>
          {entry ? (
            <>
              {entry.method} <code>{entry.path}</code>
            </>
          ) : (
            `Request ${id}`
          )}
        </Heading>
        {entry && <Status status={entry.status} />}
      </div>
      <ProblemBox problem={problem} />
      {!entry && !problem && <Empty>Loading …</Empty>}
      {entry && <Opened entry={entry} />}
    </>
  )
}

function Opened({ entry }: { readonly entry: PastRequest }): VNode {
  const { requestHeaders = {}, requestBody, replyHeaders, replyBody, mediaType, changes = [], repair } = entry
  const command = curlOf(entry.method, location.origin + entry.path, requestHeaders, requestBody)
  return (
    <>
      <Facts entry={entry} />
      <Why entry={entry} />
      {entry.origin === 'request' && <Again id={entry.id} repair={repair} />}
      <section class="card">
        <h2>What it changed</h2>
        {changes.length === 0 ? (
          <Empty>Nothing.</Empty>
        ) : (
          changes.map((change) => <Changed key={`${change.kind} ${change.id}`} change={change} session={entry.session} />)
        )}
      </section>
      <div class="cards">
        <section class="card">
          <h2>Request</h2>
          <Headers headers={requestHeaders} />
          {requestBody === undefined ? <Empty>No body.</Empty> : <Json value={requestBody} label="Request body" />}
          <details>
            <summary>As curl</summary>
            <Command text={command} />
            {command.includes('***') && <p class="hint">Secrets are not kept: put yours in the place of ***.</p>}
          </details>
        </section>
        <section class="card">
          <h2>Answer</h2>
          <Headers headers={{ ...replyHeaders, ...(mediaType !== undefined && { 'Content-Type': mediaType }) }} />
          {replyBody === undefined ? <Empty>No body.</Empty> : <Json value={replyBody} label="Answer body" />}
          {replyBody !== undefined && <Copy text={replyBody} label="Copy the body" />}
        </section>
      </div>
    </>
  )
}

function Facts({ entry }: { readonly entry: PastRequest }): VNode {
  return (
    <dl class="card">
      <dt>Id</dt>
      <dd>
        {entry.id} <Copy text={location.href} label="Copy link" />
      </dd>
      <dt>Session</dt>
      <dd>
        <a href={addressOf(['sessions', entry.session])}>{entry.session}</a>
      </dd>
      {entry.operation !== undefined && (
        <>
          <dt>Operation</dt>
          <dd>
            <a href={addressOf(['requests'], { session: entry.session, operation: entry.operation })}>{entry.operation}</a>
          </dd>
        </>
      )}
      {entry.origin !== 'request' && (
        <>
          <dt>Origin</dt>
          <dd>{entry.origin}</dd>
        </>
      )}
      <dt>Received</dt>
      <dd>
        {entry.received}, answered in {entry.duration.toFixed(1)} ms
      </dd>
      {entry.time !== entry.received && (
        <>
          <dt>Session's clock</dt>
          <dd>{entry.time}</dd>
        </>
      )}
      {entry.assumption !== undefined && (
        <>
          <dt>Assumption</dt>
          <dd>
            <a href={addressOf(['assumptions', entry.assumption])}>{entry.assumption}</a> shaped the answer: the document is silent here.
          </dd>
        </>
      )}
      {entry.fault !== undefined && (
        <>
          <dt>Fault</dt>
          <dd>
            {entry.fault}. <a href={addressOf(['sessions', entry.session])}>See the faults of {entry.session}</a>
          </dd>
        </>
      )}
      {entry.cut !== undefined && (
        <>
          <dt>Cut</dt>
          <dd>{entry.cut}</dd>
        </>
      )}
      {entry.upstream !== undefined && (
        <>
          <dt>Answered by</dt>
          <dd>{entry.upstream}</dd>
        </>
      )}
    </dl>
  )
}

/** Why it was refused, and what is odd about it. */
function Why({ entry: { problem, nearest = [], warnings = [], violations = [] } }: { readonly entry: PastRequest }): VNode | null {
  if (!problem && nearest.length === 0 && warnings.length === 0 && violations.length === 0) return null
  return (
    <section class="card why">
      <h2>{problem ? 'Why it was refused' : 'What is odd about it'}</h2>
      {problem && (
        <div class="problem">
          <strong>{problem.title}</strong> <code>{problem.code}</code>
          <p>{problem.detail}</p>
          {problem.fix !== undefined && <p class="fix">What would do: {problem.fix}</p>}
        </div>
      )}
      {problem?.issues && problem.issues.length > 0 && <Issues issues={problem.issues} label="Issues" />}
      {nearest.length > 0 && (
        <>
          <h3>It may have been meant for</h3>
          <ul>
            {nearest.map(({ api, operation, method, path, differs }) => (
              <li key={`${api} ${operation}`}>
                <code>
                  {method} {path}
                </code>{' '}
                ({operation} of {api}): {differs.join(', ')}
              </li>
            ))}
          </ul>
        </>
      )}
      {warnings.length > 0 && <Issues issues={warnings} label="Warnings" />}
      {violations.length > 0 && (
        <>
          <h3>Violations</h3>
          <ul>
            {violations.map(({ location: at = [], severity, message }) => (
              <li key={`${at.join('/')} ${message}`}>
                {severity}: <code>{at.join('/')}</code> {message}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function Issues({ issues, label }: { readonly issues: NonNullable<PastRequest['warnings']>; readonly label: string }): VNode {
  return (
    <>
      <h3>{label}</h3>
      <ul class="issues">
        {issues.map(({ at, message, value, fix, place }) => (
          <li key={`${at} ${message}`}>
            <code>{at}</code> {message}
            {value !== undefined && (
              <div>
                met: <code>{inLine(value)}</code>
              </div>
            )}
            {fix !== undefined && <div class="fix">{fix}</div>}
            {place && (
              <div class="hint">
                the rule stands in{' '}
                <code>
                  {place.file}
                  {place.line === undefined ? '' : `:${place.line}`}
                </code>{' '}
                at <code>{place.pointer}</code>
              </div>
            )}
            <Basis basis={place?.basis} />
          </li>
        ))}
      </ul>
    </>
  )
}

/** What would do now in the place of a refused request, and ways to send it again. */
function Again({ id, repair }: { readonly id: string; readonly repair: Repair | undefined }): VNode {
  const path = `/requests/${encodeURIComponent(id)}/resend`
  const opened = (answer: unknown): void => {
    const made = textOf(below(answer, 'id'))
    if (made !== undefined) location.hash = addressOf(['requests', made])
  }
  return (
    <section class="card">
      <h2>{repair ? 'What to send instead' : 'Send it again'}</h2>
      {repair?.kind === 'none' && <p>Nothing would do now: {repair.reason}</p>}
      {repair?.kind === 'repaired' ? (
        <>
          <Lines lines={repair.changes.map(({ at, from, to }) => ({ at, from, to }))} label="What differs in the repaired request" />
          <details>
            <summary>The repaired request as curl</summary>
            <Command text={repair.curl} />
          </details>
        </>
      ) : null}
      <div class="actions">
        {repair?.kind === 'repaired' && (
          <Action label="Repair and resend" kind="main" asked={{ method: 'POST', path, body: { repaired: true } }} onDone={opened} />
        )}
        <Action label="Resend" asked={{ method: 'POST', path, body: {} }} onDone={opened} />
      </div>
    </section>
  )
}

function Changed({ change, session }: { readonly change: Change; readonly session: string }): VNode {
  const { what, lines } = differenceOf(change)
  return (
    <div class="change">
      <h3>
        {what === 'changed' ? '' : `${what}: `}
        <a href={addressOf(['sessions', session, 'state'], { kind: change.kind })}>{change.kind}</a> <code>{change.id}</code>
      </h3>
      <Lines lines={lines} label={`${change.kind} ${change.id}`} />
    </div>
  )
}

function Lines({ lines, label }: { readonly lines: readonly Line[]; readonly label: string }): VNode {
  return (
    <table class="difference" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ at, from, to }) => (
          <tr key={at}>
            <th scope="row">
              <code>{at === '' ? '(all)' : at}</code>
            </th>
            <td>{from === undefined ? <span class="hint">nothing</span> : <del>{inLine(from)}</del>}</td>
            <td>{to === undefined ? <span class="hint">nothing</span> : <ins>{inLine(to)}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Headers({ headers }: { readonly headers: Readonly<Record<string, string>> }): VNode {
  const all = Object.entries(headers)
  return (
    <details>
      <summary>
        {all.length} {all.length === 1 ? 'header' : 'headers'}
      </summary>
      <dl class="headers">
        {all.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </Fragment>
        ))}
      </dl>
    </details>
  )
}
