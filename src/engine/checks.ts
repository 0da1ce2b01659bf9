import { belowBase } from '../base/path.ts'
import { refusal } from '../base/refusal.ts'
import { isObject } from '../base/values.ts'
import { nearestPaths } from '../contract/nearest.ts'
import type { Operation, ReadParameters } from '../contract/operation.ts'
import { type CoreCode, DocumentError, rowOf } from '../base/problem.ts'
import { ANYBODY, type Behaviour, type Caller, type CheckName, isProblem, isRefused, type Scene } from '../core/behaviour.ts'
import { Live } from '../core/live.ts'
import {
  type Credentials,
  type Input,
  type Issue,
  MAX_ISSUES,
  type MockReply,
  type MockRequest,
  type Problem,
  type StatedProblem,
} from '../base/http.ts'
import { behaviourName, guarded, refusalOf } from './guarded.ts'
import type { Preference } from './preference.ts'
import { asPrism, documentedStatus, sided, statusesOf, violationsHeader, violationsOf } from './prism.ts'
import type { Around, Service } from './service.ts'

const NONE: readonly Issue[] = []
const EVERYBODY: readonly string[] = []
const PROBLEM = 'application/problem+json'
/** Their bodies mean nothing, and many clients cannot send one (RFC 9110, 9.3.1): what is there is read, what is not is not missed. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

const UNSUPPORTED: CoreCode = 'media-type-unsupported'

/** A problem with status and meaning, and the names that everybody knows: those of the API are its own. */
export function stated(problem: Problem, { member }: Service): StatedProblem {
  const { code, assumption } = problem
  const row = rowOf(code, member.api.problems)
  return {
    ...problem,
    code: member.known('problems', code),
    status: problem.status ?? row.status,
    title: problem.title ?? row.title,
    detail: problem.detail === '' ? row.title : problem.detail,
    ...(assumption !== undefined && { assumption: member.known('assumptions', assumption) }),
  }
}

/** A refusal as it is answered. */
export interface Refusal {
  readonly reply: MockReply
  readonly problem: Problem
  /** The document has an answer to it, which cannot be chosen yet. */
  readonly needs?: 'chooser'
  readonly operation?: string
  readonly warnings: readonly Issue[]
  readonly assumption?: string
}

/** A request with which nothing is wrong: all that the checks have found out about it. */
export interface CheckedRequest {
  readonly operation: Operation
  /** Undefined where the answer is the document's. */
  readonly behaviour: Behaviour | undefined
  readonly input: Input
  readonly live: Live
  /** What the behaviour's `find` has found. */
  readonly found: unknown
}

/** An answer that its document does not have. @param operation whose it is */
export function unfit(issues: readonly Issue[], operation: string): Problem {
  return {
    code: 'reply-invalid',
    detail: `the answer of ${operation} does not fit the document: ${issues.map(({ at, message }) => `${at} ${message}`).join('; ')}`,
    issues,
  }
}

/** A problem with the whole body, told beside others. */
function ofBody({ code, detail, fix }: Problem): Issue[] {
  return [{ at: '/body', rule: code, message: detail, ...(fix !== undefined && { fix }) }]
}

/** What cannot be made of a document is passed over: there are other words for it. */
function passedOver<Made>(make: () => Made): Made | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof DocumentError) return undefined
    throw error
  }
}

/** Checks that are left out: those that another service makes, and those of what is there where nothing is done with it. */
const OF_SENDER: readonly CheckName[] = ['caller', 'admitted', 'permitted', 'resource']
const OF_RESOURCE: readonly CheckName[] = ['resource']
const NOT_LEFT: readonly CheckName[] = []

/** What all that is generated for a request hangs on. */
export function seedOf(seed: string, operation: string, { method, path, query }: MockRequest): string {
  return [seed, operation, method, path, query].join('\n')
}

/** What is known of a request so far, and the checks that find out more. A dialect says in which order they are made. */
export class RequestChecks implements Record<CheckName, () => Problem | undefined> {
  warnings: readonly Issue[] = NONE
  assumption: string | undefined
  /** Another service answers. */
  isPassed = false
  /** What the request would rather have. */
  preference: Preference | undefined
  #operations: readonly Operation[] = []
  #rawPath: Readonly<Record<string, string>> = {}
  #allowed: readonly string[] | undefined
  #credentials: Credentials = { scheme: '', value: '' }
  #parameters: ReadParameters | undefined
  #caller: Caller | undefined
  #body: unknown
  #live: Live | undefined
  #found: unknown

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
  run(isWorked = true): Problem | CheckedRequest {
    const routed = this.route()
    if (routed) {
      this.isPassed = this.#around.passing?.goesOn(undefined) === true && this.#around.services.includes(this.#service)
      return routed
    }
    const { passing, services } = this.#around
    this.isPassed =
      passing !== undefined && services.includes(this.#service) && passing.goesOn(this.operation && this.#service.nameOf(this.operation.id))
    const left = this.isPassed ? OF_SENDER : isWorked ? NOT_LEFT : OF_RESOURCE
    for (const check of this.#service.dialect.order) {
      if (left.includes(check)) continue
      const problem = this[check]()
      if (problem) return this.#service.isDocuments || this.isPassed ? this.#whole(problem, check) : problem
    }
    return this.checked()
  }

  /** All that is wrong with what was sent, where the document alone is asked: a media type that it does not know comes before the rest. */
  #whole(met: Problem, check: CheckName): Problem {
    const others = check === 'credentials' ? [this.parameters(), this.body()] : check === 'parameters' ? [this.body()] : []
    const found = [met, ...others.filter((problem) => problem !== undefined)]
    const first = (check === 'parameters' && found.find(({ code }) => code === UNSUPPORTED)) || met
    const issues = found.flatMap((problem) => problem.issues ?? (problem !== first && problem.code === UNSUPPORTED ? ofBody(problem) : []))
    const deprecated = first.code === UNSUPPORTED ? NONE : this.deprecated
    return issues.length === 0 ? first : { ...first, issues: [...issues.slice(0, MAX_ISSUES), ...deprecated] }
  }

  /** The operation; for a path that has others, those. */
  route(): Problem | undefined {
    const { contract, dialect, member } = this.#service
    const { method, path, prefix, query, headers } = this.#request
    const below = belowBase(path, contract.base)
    let match = contract.match(method, below, { query, headers })
    if (match.kind === 'unknown') {
      const other = dialect.reroute?.(below, member.sceneOf(this.#scene))
      const found = other && contract.match(method, other.path)
      const fallback: Problem = { code: 'route-unknown', detail: `no operation has the path ${path}` }
      if (!other || !found || found.kind === 'unknown' || found.kind === 'undecodable')
        return { ...fallback, fix: nearestPaths(this.#around.nearest(method, path)) }
      const right = contract.base + other.path
      const shaped = other.assumption === undefined ? {} : { assumption: other.assumption }
      if (other.way === 'hint') return { ...fallback, fix: `the path is ${right}`, ...shaped }
      if (other.way === 'redirect')
        return {
          ...fallback,
          status: 301,
          location: `${prefix}${right}${query === '' ? '' : `?${query}`}`,
          fix: `the path is ${right}`,
          ...shaped,
        }
      this.assumption = other.assumption
      match = found
    }
    // A literal path that lacks the method hides no other, as clients of Prism know it; an API that is more than a document says which is meant.
    if (match.kind === 'wrong-method' && match.other && this.#service.isDocuments) match = match.other
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
    return this.#service.callers.judge?.(judgement.credentials)
  }

  caller(): Problem | undefined {
    if (this.#isKnown) return undefined
    const { callers, member } = this.#service
    const caller = callers.of?.(this.#credentials, this.#parameters?.header ?? {}, member.sceneOf(this.#scene)) ?? ANYBODY
    if (isProblem(caller)) return caller
    this.#caller = caller
    return undefined
  }

  admitted(): Problem | undefined {
    const kind = this.#caller?.kind ?? 'nobody'
    const admitted = this.#operations.map(({ id }) => this.#service.behaviours[id]?.admits ?? EVERYBODY)
    if (admitted.some((kinds) => kinds === EVERYBODY || kinds.includes(kind) || kinds.includes(ANYBODY.kind))) return undefined
    const wanted = admitted.flat().join(' or a ')
    return {
      code: 'caller-refused',
      detail: `the operation is for a ${wanted}, and the token is that of a ${kind}`,
      fix: `send the token of a ${wanted}`,
    }
  }

  permitted(): Problem | undefined {
    const caller = this.#caller
    const permissions = caller?.permissions
    if (!caller || !permissions) return undefined
    const behaviours = this.#operations
      .map(({ id }) => this.#service.behaviours[id])
      .filter((behaviour) => behaviour?.admits?.includes(caller.kind) !== false)
    if (behaviours.some((behaviour) => behaviour?.permission === undefined || permissions.includes(behaviour.permission))) return undefined
    const wanted = behaviours.map((behaviour) => behaviour?.permission)
    return {
      code: 'permission-missing',
      detail: `the user lacks the permission ${wanted.join(' or ')}`,
      fix: `log in as a user who has it; this one has ${permissions.join(', ')}`,
    }
  }

  parameters(): Problem | undefined {
    const { query, headers } = this.#request
    const read = this.#operations[0]?.readParameters({ path: this.#rawPath, query, headers })
    if (!read) return undefined
    this.#parameters = read
    if (read.deprecated.length > 0) this.warnings = [...this.warnings, ...read.deprecated]
    return this.#judge('parameters-invalid', read.issues, read.undeclared)
  }

  resource(): Problem | undefined {
    const { operation, behaviour, input, live } = this.checked()
    if (!behaviour?.find) return undefined
    const { api } = this.#service.member
    const name = behaviourName(operation.id, api)
    const found = guarded(() => behaviour.find?.(input, live), name)
    if (isRefused(found)) {
      refusalOf(found, name, api)
      return found.problem
    }
    this.#found = found
    return undefined
  }

  body(): Problem | undefined {
    const { method, body, headers } = this.#request
    if (body.kind === 'none' && BODILESS.has(method)) return undefined
    const read = this.#operations[0]?.readBody(body, headers['content-type'])
    if (!read) return undefined
    this.#body = read.value
    if (read.kind === 'refused') return read.problem
    return this.#judge('request-invalid', NONE, read.undeclared)
  }

  /** What the request has that will not be there for ever. */
  get deprecated(): readonly Issue[] {
    return this.warnings.filter(({ rule }) => rule === 'deprecated')
  }

  /** The operation that the request is for, as far as that is known. */
  get operation(): Operation | undefined {
    return this.#allowed ? undefined : this.#operations[0]
  }

  /** What is known by now. */
  checked(): CheckedRequest {
    const [operation] = this.#operations
    if (!operation || !this.#parameters) throw new Error(`the dialect of ${this.#service.contract.name} leaves out a check`)
    const { behaviours, member } = this.#service
    this.#live ??= new Live(member.sceneOf(this.#scene), this.#caller ?? ANYBODY, member.api.kinds)
    return {
      operation,
      behaviour: behaviours[operation.id],
      input: { ...this.#parameters, body: this.#body },
      live: this.#live,
      found: this.#found,
    }
  }

  /** The refusal in the API's words, or in problem details for a client that prefers them. */
  refuse(met: Problem): Refusal {
    const { dialect, nameOf } = this.#service
    const known = this.operation
    const problem = stated(met, this.#service)
    const documented = this.#service.isDocuments && !this.#around.prefersProblem ? this.#documented(problem, known) : undefined
    if (documented) return documented
    const worded = dialect.refuse({ ...problem, code: met.code }, this.#body, known?.id)
    // What an API says in the mock's own words names the code as everybody knows it.
    const isPlain = worded.mediaType === PROBLEM && problem.code !== met.code
    const reply = isPlain || (this.#around.prefersProblem && worded.status >= 400) ? refusal(problem, worded) : worded
    const broken = this.#around.checkReplies && known && reply === worded && worded.mediaType !== PROBLEM ? known.checkReply(worded) : NONE
    const assumption = problem.assumption ?? this.assumption
    const answer = {
      warnings: this.warnings,
      ...(known && { operation: nameOf(known.id) }),
      ...(assumption !== undefined && { assumption }),
    }
    if (broken.length === 0) return { ...answer, reply, problem }
    const inner = unfit(broken, nameOf(known?.id ?? ''))
    return { ...answer, reply: refusal(inner), problem: inner }
  }

  /** The document's own answer to what is wrong with the request, else the problem as Prism names it. */
  #documented(problem: StatedProblem, operation: Operation | undefined): Refusal {
    const { contract, nameOf } = this.#service
    const known = { problem, warnings: this.warnings, ...(operation && { operation: nameOf(operation.id) }) }
    const statuses = statusesOf(problem)
    const status = operation && documentedStatus(operation, statuses)
    if (!operation || status === undefined) return { ...known, reply: asPrism(problem) }
    const { choose, making } = this.#around
    if (!choose) return { ...known, reply: { status }, needs: 'chooser' }
    const { session } = this.#scene
    const { preference } = this
    const example = preference?.code !== undefined && statuses.includes(Number(preference.code)) ? preference.example : undefined
    const plain = asPrism(problem)
    const chosen = passedOver(() =>
      choose(contract, operation.id, {
        preference: { code: String(status), ...(example !== undefined && { example }) },
        seed: seedOf(preference?.seed ?? session.seed, operation.id, this.#request),
        isDocuments: true,
        // Whatever is wrong, what the document shows of it is better than anything made.
        making: { ...making, isDynamic: false },
        ...(isObject(plain.body) && { problem: plain.body }),
      }),
    )
    if (chosen?.kind === 'refused' && example !== undefined) return { ...known, problem: chosen.problem, reply: asPrism(chosen.problem) }
    if (chosen?.kind !== 'reply') return { ...known, reply: plain }
    const violations = violationsHeader(sided('request', violationsOf(problem, 'Request', operation)))
    const headers = { ...chosen.reply.headers, ...(violations !== undefined && { 'sl-violations': violations }) }
    return { ...known, reply: { ...chosen.reply, headers } }
  }

  #judge(code: 'parameters-invalid' | 'request-invalid', issues: readonly Issue[], undeclared: readonly Issue[]): Problem | undefined {
    const wrong = this.#around.strict ? [...issues, ...undeclared] : issues
    if (undeclared.length > 0) this.warnings = [...this.warnings, ...undeclared]
    const [first] = wrong
    return first && { code, detail: `${first.at} ${first.message}`, issues: wrong, ...(first.fix !== undefined && { fix: first.fix }) }
  }
}
