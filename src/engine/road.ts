import { refusal } from '../base/refusal.ts'
import { nearestPaths } from '../contract/nearest.ts'
import type { Operation, ReadParameters } from '../contract/operation.ts'
import type { AssumptionName } from '../core/assumption.ts'
import { type Behaviour, type CheckName, isProblem, type Scene } from '../core/behaviour.ts'
import type { Caller, Credentials, Input, Issue, MockReply, MockRequest, Problem } from '../base/http.ts'
import type { Around, Service } from './service.ts'

const NONE: readonly Issue[] = []

/** A refusal as it is answered. */
export interface Refusal {
  readonly reply: MockReply
  readonly problem: Problem
  readonly operation?: string
  readonly warnings: readonly Issue[]
  readonly assumption?: string
}

/** What a request has come to when nothing is wrong with it. */
export interface Arrived {
  readonly operation: Operation
  readonly behaviour: Behaviour
  readonly input: Input
  readonly caller: Caller
}

/** An answer that its document does not have. */
export function unfit(issues: readonly Issue[]): Problem {
  return {
    code: 'reply-invalid',
    detail: `the answer does not fit the document: ${issues.map(({ at, message }) => `${at} ${message}`).join('; ')}`,
    issues,
  }
}

/** What is known of a request so far, and the checks that find out more. A dialect says in which order they are made. */
export class Road implements Record<CheckName, () => Problem | undefined> {
  warnings: readonly Issue[] = NONE
  assumption: AssumptionName | undefined
  #operations: readonly Operation[] = []
  #rawPath: Readonly<Record<string, string>> = {}
  #allowed: readonly string[] | undefined
  #credentials: Credentials = { scheme: '', value: '' }
  #parameters: ReadParameters | undefined
  #caller: Caller | undefined
  #body: unknown

  readonly #service: Service
  readonly #request: MockRequest
  readonly #scene: Scene
  readonly #around: Around
  readonly #isKnown: boolean

  /** @param caller whoever is known to call: then nothing is asked of credentials */
  constructor(service: Service, request: MockRequest, scene: Scene, around: Around, caller?: Caller) {
    this.#service = service
    this.#request = request
    this.#scene = scene
    this.#around = around
    this.#caller = caller
    this.#isKnown = caller !== undefined
  }

  /** All the checks, in the order of the dialect. @param isWorked whether what the request is about has to be there */
  travel(isWorked = true): Problem | Arrived {
    const routed = this.route()
    if (routed) return routed
    for (const check of this.#service.dialect.order) {
      if (check === 'resource' && !isWorked) continue
      const problem = this[check]()
      if (problem) return problem
    }
    return this.ready()
  }

  /** The operation; for a path that has others, those. */
  route(): Problem | undefined {
    const { contract, dialect } = this.#service
    const { method, path, prefix, query } = this.#request
    const below = path.slice(contract.base.length)
    let match = contract.match(method, below)
    if (match.kind === 'unknown') {
      const other = dialect.reroute?.(below, this.#scene)
      const found = other && contract.match(method, other.path)
      const fallback: Problem = { code: 'route-unknown', detail: `no operation has the path ${path}` }
      if (!other || !found || found.kind === 'unknown' || found.kind === 'undecodable')
        return { ...fallback, fix: nearestPaths(this.#around.nearest(method, path)) }
      const right = contract.base + other.path
      if (other.way === 'hint') return { ...fallback, fix: `the path is ${right}`, assumption: other.assumption }
      if (other.way === 'redirect')
        return {
          ...fallback,
          status: 301,
          location: `${prefix}${right}${query === '' ? '' : `?${query}`}`,
          fix: `the path is ${right}`,
          assumption: other.assumption,
        }
      this.assumption = other.assumption
      match = found
    }
    switch (match.kind) {
      case 'found':
        this.#operations = [match.target]
        this.#rawPath = match.path
        return undefined
      case 'wrong-method':
        this.#operations = match.targets
        this.#allowed = match.allowed
        return undefined
      case 'undecodable':
        return {
          code: 'path-undecodable',
          detail: `the path ${path} holds a percent sign that begins no UTF-8 character`,
          fix: 'encode each byte as %XX, and a percent sign as %25',
        }
      default:
        return match satisfies never
    }
  }

  method(): Problem | undefined {
    const { method, path } = this.#request
    return (
      this.#allowed && {
        code: 'method-unknown',
        detail: `Method "${method}" not allowed.`,
        fix: `${path} takes ${this.#allowed.join(', ')}`,
        allowed: this.#allowed,
      }
    )
  }

  credentials(): Problem | undefined {
    if (this.#isKnown) return undefined
    const judgement = this.#operations[0]?.judge(this.#request.headers, this.#request.query)
    if (judgement?.kind === 'refused') return judgement.problem
    if (!judgement) return undefined
    this.#credentials = judgement.credentials
    return this.#service.dialect.judge?.(judgement.credentials)
  }

  caller(): Problem | undefined {
    if (this.#isKnown) return undefined
    const caller = this.#service.dialect.caller(this.#credentials, this.#parameters?.header ?? {}, this.#scene)
    if (isProblem(caller)) return caller
    this.#caller = caller
    return undefined
  }

  admitted(): Problem | undefined {
    const { behaviours } = this.#service
    const kind = this.#caller?.kind ?? 'nobody'
    if (this.#operations.some(({ id }) => behaviours[id]?.admits.some((admitted) => admitted === kind))) return undefined
    const wanted = this.#operations.flatMap(({ id }) => behaviours[id]?.admits ?? []).join(' or a ')
    return {
      code: 'caller-refused',
      detail: `the operation is for a ${wanted}, and the token is that of a ${kind}`,
      fix: `send the token of a ${wanted}`,
    }
  }

  permitted(): Problem | undefined {
    const caller = this.#caller
    if (!caller || !('permissions' in caller)) return undefined
    const wanted = this.#operations.flatMap(({ id }) => {
      const behaviour = this.#service.behaviours[id]
      return behaviour?.admits.includes(caller.kind) ? [behaviour.permission] : []
    })
    if (wanted.some((permission) => permission === undefined || caller.permissions.includes(permission))) return undefined
    return {
      code: 'permission-missing',
      detail: `the user lacks the permission ${wanted.join(' or ')}`,
      fix: `log in as a user who has it; this one has ${caller.permissions.join(', ')}`,
    }
  }

  parameters(): Problem | undefined {
    const { query, headers } = this.#request
    const read = this.#operations[0]?.readParameters({ path: this.#rawPath, query, headers })
    if (!read) return undefined
    this.#parameters = read
    return this.#judge('parameters-invalid', read.issues, read.undeclared)
  }

  resource(): Problem | undefined {
    const { behaviour, input, caller } = this.ready()
    return behaviour.find?.(input, caller, this.#scene)
  }

  body(): Problem | undefined {
    const { body, headers } = this.#request
    const read = this.#operations[0]?.readBody(body, headers['content-type'])
    if (!read) return undefined
    this.#body = read.value
    if (read.kind === 'refused') return read.problem
    return this.#judge('request-invalid', NONE, read.undeclared)
  }

  ready(): Arrived {
    const [operation] = this.#operations
    const behaviour = operation && this.#service.behaviours[operation.id]
    if (!operation || !behaviour || !this.#caller || !this.#parameters)
      throw new Error(`the dialect of ${this.#service.contract.name} leaves out a check`)
    return { operation, behaviour, caller: this.#caller, input: { ...this.#parameters, body: this.#body } }
  }

  /** The refusal in the API's words, or in problem details for a client that prefers them. */
  refuse(problem: Problem): Refusal {
    const known = this.#allowed ? undefined : this.#operations[0]
    const worded = this.#service.dialect.refuse(problem, this.#body, known?.id)
    const reply = this.#around.prefersProblem && worded.status >= 400 ? refusal(problem, worded) : worded
    const broken = this.#around.checkReplies && known && reply === worded ? known.checkReply(worded) : NONE
    const assumption = problem.assumption ?? this.assumption
    const answer = { warnings: this.warnings, ...(known && { operation: known.id }), ...(assumption !== undefined && { assumption }) }
    if (broken.length === 0) return { ...answer, reply, problem }
    const inner = unfit(broken)
    return { ...answer, reply: refusal(inner), problem: inner }
  }

  #judge(code: 'parameters-invalid' | 'request-invalid', issues: readonly Issue[], undeclared: readonly Issue[]): Problem | undefined {
    const wrong = this.#around.strict ? [...issues, ...undeclared] : issues
    if (undeclared.length > 0) this.warnings = [...this.warnings, ...undeclared]
    const [first] = wrong
    return first && { code, detail: `${first.at} ${first.message}`, issues: wrong, ...(first.fix !== undefined && { fix: first.fix }) }
  }
}
