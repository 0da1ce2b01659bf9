import type * as PrismRules from '@stoplight/prism-http/dist/mocker/negotiator/InternalHelpers.js'
import type { Answer } from '../contract/answer.ts'
import { type Generate, loadGenerate } from '../contract/generate.ts'
import type { Contract, Operation } from '../contract/operation.ts'
import { chanceOf, keyOf } from '../core/population/random.ts'
import { excerpt } from '../contract/excerpt.ts'
import { hasNoBody, keepText, type MockReply, type Problem } from '../base/http.ts'
import type { CoreCode } from '../base/problem.ts'
import type { Preference } from './preference.ts'

export type Chosen =
  | {
      readonly kind: 'reply'
      readonly reply: MockReply
      /** A body was to be generated, and there is nothing to generate it from. */
      readonly isStill?: true
    }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** How answers are made where a request says nothing of it. */
export interface Making {
  /** Bodies are generated, even where there is an example. */
  readonly isDynamic: boolean
  /** What examples there are is not known. */
  readonly ignoresExamples: boolean
  /** What a map holds is generated, though nothing asks for it. */
  readonly fillsMaps: boolean
}

/** What an answer is chosen by. */
interface Wanted {
  readonly preference: Preference
  /** What all that is generated hangs on; without one nothing is. */
  readonly seed: string | undefined
  /** The header of that name. */
  readonly accept?: string | undefined
  /** Nobody speaks for the document: an answer has all the headers that it declares, and what is not accepted is not sent. */
  readonly isDocuments?: boolean
  readonly making?: Making
  /** A problem that is sent in place of a generated one. */
  readonly problem?: object
}

/**
 * Answers an operation from its document alone: with an example that fits its schema, else with what is generated.
 * @throws DocumentError where nothing is found that fits a schema
 */
export type Chooser = (contract: Contract, operationId: string, wanted: Wanted) => Chosen

type Prism = typeof PrismRules
type PrismResponse = Parameters<Prism['findResponseByStatusCode']>[0][number]
type PrismContent = Parameters<Prism['findBestHttpContentByMediaType']>[0][number]

/**
 * Loads what is needed to choose: of Prism only its rules of negotiation, in some 50 ms (all of it takes a second). Its negotiator around them
 * answers 200 to a 404 that lacks the example. What is kept hangs on the operations of a document, never on what a client sent.
 */
export async function loadChooser(): Promise<Chooser> {
  const loading: Promise<Prism> = import('@stoplight/prism-http/dist/mocker/negotiator/InternalHelpers.js')
  const [prism, generate] = await Promise.all([loading, loadGenerate()])
  const known = new WeakMap<Operation, Documented>()
  return (contract, operationId, wanted) => {
    const operation = contract.operations.find(({ id }) => id === operationId)
    if (!operation) throw new Error(`${contract.name} has no operation "${operationId}"`)
    const documented = known.get(operation) ?? documentedBy(operation)
    known.set(operation, documented)
    return choose({ prism, generate }, documented, operation, wanted)
  }
}

/** The answers of an operation, and the same as Prism knows them. */
interface Documented {
  readonly answers: ReadonlyMap<string, Answer>
  readonly responses: PrismResponse[]
}

/** What a server can end a request with: what informs goes before an answer, and is none. */
const FINAL = /^(?:[2-5]\d\d|[2-5]XX|default)$/i
/** A name of a header (RFC 9110, section 5.1). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

function documentedBy(operation: Operation): Documented {
  const answers = operation.readAnswers().filter(({ status }) => FINAL.test(status))
  return {
    answers: new Map(answers.map((answer) => [answer.status, answer])),
    responses: answers.map(({ status, contents }) => ({
      id: status,
      code: /^\dxx$/i.test(status) ? status.toUpperCase() : status.toLowerCase(),
      contents: contents.map(({ mediaType, examples }) => ({
        id: mediaType,
        mediaType,
        examples: examples.map(({ name, value }) => ({ id: name, key: name, value })),
      })),
    })),
  }
}

interface Tools {
  readonly prism: Prism
  readonly generate: Generate
}

const MAKING: Making = { isDynamic: false, ignoresExamples: false, fillsMaps: true }

function choose(
  { prism, generate }: Tools,
  { answers, responses }: Documented,
  { id, isDeprecated }: Operation,
  { preference, seed, accept, isDocuments = false, making = MAKING, problem }: Wanted,
): Chosen {
  const response = responseOf(prism, responses, preference)
  const answer = response && answers.get(response.id)
  // An operation of which the document says no more than that it is there has been done.
  if (!answer && preference.code === undefined && preference.example === undefined) return { kind: 'reply', reply: { status: 200 } }
  if (!answer)
    return refused(
      'response-unknown',
      `the document has no answer ${preference.code ?? 'at all'} of ${id}`,
      otherCodes([...answers.keys()], preference),
    )
  const { code, contents = [] } = response
  const status = Number(code)
  const { example: wanted } = preference
  const mustBeMade = preference.dynamic === undefined ? making.isDynamic && wanted === undefined : preference.dynamic === 'true'
  const contentAs = ({ mediaType }: PrismContent) => answer.contents.find((content) => content.mediaType === mediaType)
  const isDynamic = mustBeMade && seed !== undefined && contents.some((one) => contentAs(one)?.generated)
  const still = mustBeMade && !isDynamic ? ({ isStill: true } as const) : {}
  const make = seed === undefined ? undefined : maker(generate, seed, !isDynamic && !making.ignoresExamples, making)
  const headers = { ...headersOf(answer, make, isDocuments), ...(isDocuments && isDeprecated && { deprecation: 'true' }) }
  const head = { status, ...(Object.keys(headers).length > 0 && { headers }) }

  const exampleIn = (content: PrismContent) => {
    if (isDynamic || making.ignoresExamples) return undefined
    if (wanted !== undefined) return some(prism.findExampleByKey(content, wanted))
    // One that the document itself refuses is sent to whoever asks for it, and to nobody else.
    const fits = contentAs(content)?.fits
    return (content.examples ?? []).find((example) => 'value' in example && fits?.(example.value) !== false)
  }
  // Where examples are passed over, one that is asked for by name has to be there all the same.
  const isAsked = (content: PrismContent) =>
    wanted === undefined || (making.ignoresExamples && some(prism.findExampleByKey(content, wanted)) !== undefined)
  const generatedIn = (content: PrismContent) => (make && isAsked(content) ? contentAs(content)?.generated : undefined)
  const ready = contents.filter((one) => exampleIn(one) ?? generatedIn(one))
  const isOpen = wanted === undefined && make !== undefined && (ready.length === 0 || (isDocuments && accept !== undefined))
  const pool = isOpen ? contents : ready
  const content = contentOf(prism, pool, accept, isDocuments)
  const isEmpty = contents.length === 0 || hasNoBody(status)
  if (wanted !== undefined && !content)
    return refused(
      'response-unknown',
      `the answer ${code} of ${id} has no example ${excerpt(wanted)}`,
      otherExamples(answers, answer, wanted),
    )
  if (isEmpty) return { kind: 'reply', reply: head, ...still }
  if (!content && make && isDocuments)
    return refused(
      'not-acceptable',
      `the answer ${code} of ${id} is not there as ${excerpt(accept)}`,
      `accept ${contents.map(({ mediaType }) => mediaType).join(' or ')}`,
    )
  if (!content)
    return refused(
      'response-unknown',
      `the document gives no example of the answer ${code} of ${id}, and no schema`,
      otherCodes(withBodies(answers), preference),
    )
  const example = exampleIn(content)
  const generated = generatedIn(content)
  // What is true is better than what is made.
  const truth = problem && /^application\/problem\+json\b/i.test(content.mediaType) ? { ...problem, status } : undefined
  const made = (): unknown =>
    truth && contentAs(content)?.fits(truth) === true ? truth : generated ? make?.('body', generated) : anyBodyOf(content)
  const body = example && 'value' in example ? kept(example.value) : made()
  const text = contentAs(content)?.write(body)
  // A range of media types is none that could be sent, nor is a name that is no media type.
  const mediaType = SENDABLE.test(content.mediaType) ? content.mediaType : typeof body === 'string' ? 'text/plain' : undefined
  return {
    kind: 'reply',
    reply: { ...head, body, ...(mediaType !== undefined && { mediaType }), ...(text !== undefined && { text }) },
    ...still,
  }
}

const SENDABLE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;[\t\x20-\x7e]*)?$/

/** What stands for a body of which the document says nothing but its media type. */
function anyBodyOf({ mediaType }: PrismContent): unknown {
  return /[/+]json\s*(;|$)/i.test(mediaType) ? {} : ''
}

function kept(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? keepText(value) : value
}

/** Makes what an answer has no example of: the body, or the header of a name. */
type Make = (what: string, generated: Answer['contents'][number]['generated']) => unknown

function maker(generate: Generate, seed: string, usesExamples: boolean, { fillsMaps }: Making): Make {
  return (what, generated) => {
    const chance = chanceOf(keyOf(`${seed}\n${what}`))
    return generated?.(generate, { chance, usesExamples, fillsMaps, ...(what !== 'body' && { name: what }) })
  }
}

function responseOf(prism: Prism, responses: PrismResponse[], { code }: Preference): PrismResponse | undefined {
  return code === undefined
    ? (some(prism.findLowest2XXResponse(responses)) ??
        some(prism.findDefaultResponse(responses)) ??
        some(prism.findFirstResponse(responses)))
    : (some(prism.findResponseByStatusCode(responses, Number(code))) ?? some(prism.findDefaultResponse(responses, Number(code))))
}

/** Where an API speaks for itself, a client that accepts nothing of what there is gets it all the same (RFC 9110, section 12.5.1). */
function contentOf(prism: Prism, contents: PrismContent[], accept: string | undefined, isStrict: boolean): PrismContent | undefined {
  const accepted = mediaTypesOf(accept)
  const best = accepted.length > 0 ? some(prism.findBestHttpContentByMediaType(contents, accepted)) : undefined
  if (best || (isStrict && accepted.length > 0)) return best ?? (accepted.some((type) => type.startsWith('*/*')) ? contents[0] : undefined)
  return (
    (isStrict ? some(prism.findDefaultContentType(contents)) : undefined) ??
    some(prism.findBestHttpContentByMediaType(contents, ['application/json', '*/*'])) ??
    // What is called by no media type is the answer all the same.
    (isStrict ? contents[0] : undefined)
  )
}

/** What can be read of the header, with parameters and weights: Prism fails on the rest. */
function mediaTypesOf(accept: string | undefined): string[] {
  return (accept ?? '').split(',').flatMap((element) => {
    const [type = '', ...parameters] = element.split(';').map((part) => part.trim())
    const read = parameters.filter((one) => (/^q=/i.test(one) ? /^q=[\d.]+$/i : MEDIA_PARAMETER).test(one))
    return /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type) ? [[type, ...read].join(';')] : []
  })
}

const MEDIA_PARAMETER = /^[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"\\]*")$/

/** Headers that belong to the message and not to its content are left to the server; so is the content's type (OpenAPI 3.1, section 4.8.17). */
const OWN_HEADERS = new Set(['content-type', 'content-length', 'transfer-encoding', 'connection'])

/** The headers that have an example, and those that are required; where nobody speaks for the document, all of which it says what they are. */
function headersOf({ headers }: Answer, make: Make | undefined, isDocuments: boolean): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap(({ name, isRequired, example, generated }) => {
      if (OWN_HEADERS.has(name.toLowerCase()) || !TOKEN.test(name)) return []
      const value = example ? example.value : isRequired || isDocuments ? make?.(name, generated) : undefined
      const values = [value].flat()
      return values.every((one) => ['string', 'number', 'boolean'].includes(typeof one)) ? [[name, headerText(values)]] : []
    }),
  )
}

/** A header holds what is printed in Latin, and nothing else (RFC 9110, section 5.5). */
function headerText(values: readonly unknown[]): string {
  return values.join(',').replaceAll(/[^\t\u0020-\u007E\u00A0-\u00FF]/g, '?')
}

function some<T>(option: { readonly _tag: 'None' } | { readonly _tag: 'Some'; readonly value: T }): T | undefined {
  return 'value' in option ? option.value : undefined
}

function refused(code: CoreCode, detail: string, fix: string): Chosen {
  return { kind: 'refused', problem: { code, detail, fix } }
}

/** The nearest of some statuses first: of the same class, if there is one. */
function otherCodes(statuses: readonly string[], { code }: Preference): string {
  const distance = (status: string): number =>
    status === 'default'
      ? Infinity
      : code === undefined
        ? 0
        : Math.abs(Number(status.replace('XX', '00')) - Number(code)) + (status[0] === code[0] ? 0 : 1000)
  const [nearest] = statuses.toSorted((one, other) => distance(one) - distance(other))
  if (nearest === undefined) return 'give the document one'
  return statuses.length === 1
    ? `ask for ${nearest}, the only one`
    : `ask for ${nearest}, the nearest, or another of ${statuses.join(', ')}`
}

function namesOf({ contents }: Answer): string[] {
  return [...new Set(contents.flatMap(({ examples }) => examples.map(({ name }) => name)))]
}

/** The statuses that can be answered: without a body, with one that is generated, or with an example. */
function withBodies(answers: ReadonlyMap<string, Answer>): string[] {
  return [...answers.values()].flatMap(({ status, contents }) =>
    contents.length === 0 || contents.some(({ examples, generated }) => generated ?? examples.length > 0) ? [status] : [],
  )
}

/** The status that has the example, or the examples that this one has. */
function otherExamples(answers: ReadonlyMap<string, Answer>, answer: Answer, wanted: string): string {
  const names = namesOf(answer)
  const owner = [...answers.values()].find((other) => namesOf(other).includes(wanted))
  const here = names.length > 0 ? `ask for ${names.length > 1 ? 'one of ' : ''}${names.join(', ')}` : 'leave the example out'
  return owner ? `ask for code=${owner.status}, which has it, or ${here}` : here
}
