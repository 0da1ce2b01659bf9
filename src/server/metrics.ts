import type { Exchange } from '../core/exchange.ts'
import type { Totals } from '../store/store.ts'
import type { StoreWatch } from '../store/timed.ts'
import { isControlPath } from './session.ts'

/*
 * Counts in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), by hand: prom-client 15 would bring four
 * packages and a registry for the whole process, and what there is to count fits some maps. No value of a label is a client's: operations
 * and codes are those of documents and tables, so that nobody outside can make more series.
 */

/** What is measured when somebody asks; times in seconds, sizes in bytes. */
export interface Measured {
  readonly version: string
  /** `memory`, `file`, `postgres`. */
  readonly store: string
  /** Undefined where the store cannot be reached. */
  readonly totals: Totals | undefined
  readonly held: { readonly sessions: number; readonly bytes: number }
  /** What past requests take in this process. */
  readonly journalBytes: number
  readonly followers: number
  readonly isDraining: boolean
  /** Since 1970. */
  readonly started: number
  readonly residentBytes: number
  readonly cpuSeconds: number
}

export interface Metrics extends StoreWatch {
  /**
   * Counts a request to the APIs, or the refusal of a control request.
   * @param milliseconds how long it took, with all that it waited for
   */
  heard(exchange: Pick<Exchange, 'operation' | 'path' | 'status' | 'problem' | 'fault'>, milliseconds: number): void
  /** All that was counted and is measured, as it is scraped. */
  text(measured: Measured): string
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createMetrics(): Metrics {
  const requests = new Map<string, Map<number, number>>()
  const refusals = new Map<string, number>()
  const durations = createHistogram()
  const calls = { find: createHistogram(), append: createHistogram() }
  const failures = { find: 0, append: 0 }
  const counts = { conflicts: 0 }
  let faults = 0

  return {
    counts,
    observe(call, seconds, hasFailed) {
      calls[call].add(seconds)
      if (hasFailed) failures[call]++
    },
    heard({ operation, path, status, problem, fault }, milliseconds) {
      if (problem) addOne(refusals, problem.code)
      if (operation === undefined && isControlPath(path)) return
      const name = operation ?? UNMATCHED
      let statuses = requests.get(name)
      if (!statuses) requests.set(name, (statuses = new Map()))
      addOne(statuses, status)
      durations.add(milliseconds / 1_000)
      if (fault !== undefined) faults++
    },
    text({ totals, held, ...now }) {
      const families: readonly Family[] = [
        {
          name: 'allocation_mock_requests_total',
          type: 'counter',
          help: `Requests to the APIs; the operation "${UNMATCHED}" is what no document has, or what was refused before anybody looked.`,
          samples: [...requests].flatMap(([operation, statuses]) =>
            [...statuses].map(([status, value]) => ({ labels: { operation, status: String(status) }, value })),
          ),
        },
        {
          name: 'allocation_mock_request_duration_seconds',
          type: 'histogram',
          help: 'How long requests to the APIs took, with the delays of faults.',
          samples: durations.samples({}),
        },
        {
          name: 'allocation_mock_refusals_total',
          type: 'counter',
          help: 'Refused requests, control requests among them, by the code of the problem.',
          samples: [...refusals].map(([code, value]) => ({ labels: { code }, value })),
        },
        one('allocation_mock_faults_total', 'counter', 'Requests that met a fault of their session.', faults),
        one('allocation_mock_store_up', 'gauge', 'Whether sessions can be kept just now.', totals ? 1 : 0),
        {
          name: 'allocation_mock_store_call_duration_seconds',
          type: 'histogram',
          help: 'How long the file or the database took to find sessions, and to append to them.',
          samples: Object.entries(calls).flatMap(([call, times]) => times.samples({ call })),
        },
        {
          name: 'allocation_mock_store_failures_total',
          type: 'counter',
          help: 'Calls that the file or the database failed.',
          samples: Object.entries(failures).map(([call, value]) => ({ labels: { call }, value })),
        },
        one('allocation_mock_store_conflicts_total', 'counter', 'Changes made again because another server was first.', counts.conflicts),
        one('allocation_mock_sessions', 'gauge', 'Sessions in the store; servers that share it say the same.', totals?.sessions),
        one(
          'allocation_mock_journal_bytes',
          'gauge',
          'What past requests take in the store; servers that share it say the same.',
          totals && (totals.journalBytes ?? now.journalBytes),
        ),
        one('allocation_mock_held_sessions', 'gauge', 'Sessions in the memory of this process.', held.sessions),
        one('allocation_mock_held_session_bytes', 'gauge', 'What these take, about.', held.bytes),
        one('allocation_mock_held_journal_bytes', 'gauge', 'What past requests take in the memory of this process.', now.journalBytes),
        one('allocation_mock_followers', 'gauge', 'Clients that follow the journal.', now.followers),
        one('allocation_mock_draining', 'gauge', 'Whether the server is about to stop.', now.isDraining ? 1 : 0),
        {
          name: 'allocation_mock_build_info',
          type: 'gauge',
          help: 'What runs, in its labels.',
          samples: [{ labels: { version: now.version, store: now.store }, value: 1 }],
        },
        one('process_start_time_seconds', 'gauge', 'When the process began, in seconds since 1970.', now.started),
        one('process_resident_memory_bytes', 'gauge', 'What the process has in memory.', now.residentBytes),
        one('process_cpu_seconds_total', 'counter', 'Seconds of computing.', now.cpuSeconds),
      ]
      return families.map(written).join('')
    },
  }
}

/** The operation of a request that has none. */
const UNMATCHED = 'unmatched'

/** All that there is of one name. Without samples it is left out: what cannot be known now is not 0. */
interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

interface Sample {
  /** What a histogram puts behind the name. */
  readonly suffix?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function one(name: string, type: Family['type'], help: string, value: number | undefined): Family {
  return { name, type, help, samples: value === undefined ? [] : [{ labels: {}, value }] }
}

function addOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Upper bounds of what is counted together, in seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Histogram {
  add(seconds: number): void
  samples(labels: Sample['labels']): readonly Sample[]
}

function createHistogram(): Histogram {
  const counts = BOUNDS.map(() => 0)
  let all = 0
  let sum = 0
  return {
    add(seconds) {
      all++
      sum += seconds
      const place = BOUNDS.findIndex((bound) => seconds <= bound)
      if (place !== -1) counts[place] = (counts[place] ?? 0) + 1
    },
    samples(labels) {
      let upTo = 0
      const within = BOUNDS.map((bound, place) => ({
        suffix: '_bucket',
        labels: { ...labels, le: String(bound) },
        value: (upTo += counts[place] ?? 0),
      }))
      return [
        ...within,
        { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: all },
        { suffix: '_sum', labels, value: sum },
        { suffix: '_count', labels, value: all },
      ]
    },
  }
}

function written({ name, type, help, samples }: Family): string {
  if (samples.length === 0) return ''
  const lines = samples.map(({ suffix = '', labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', String.raw`\"`)}"`)
    return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
  })
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** What would end a line, or begin an escape. */
function escaped(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)
}
