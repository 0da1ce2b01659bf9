import type * as PrismRules from '@stoplight/prism-http/dist/mocker/negotiator/InternalHelpers.js'
import type { Answer } from '../contract/answer.ts'
import { type Generate, loadGenerate } from '../contract/generate.ts'
import type { Contract, Operation } from '../contract/operation.ts'
import { chanceOf, keyOf } from '../core/population/random.ts'
import { excerpt } from '../contract/validator.ts'
import { keepText, type MockReply, type Problem } from '../base/http.ts'

/** What a request prefers (RFC 7240, in Prism's words): `Prefer: code=404, example=dog`. */
export interface Preference {
  readonly code?: string
  readonly example?: string
  /** A body that is generated, even where there is an example. */
  readonly dynamic?: 'true' | 'false'
  /** What it is generated from, in place of the session's seed. */
  readonly seed?: string
}

export type Chosen =
  | {
      readonly kind: 'reply'
      readonly reply: MockReply
      /** A body was to be generated, and there is nothing to generate it from. */
      readonly isStill?: true
    }
  | { readonly kind: 'refused'; readonly problem: Problem }

/**
 * Answers an operation from its document alone: with an example, else with what fits the schema and hangs on `seed` alone. Without a seed
 * nothing is generated. `accept` is the header of that name.
 * @throws DocumentError where nothing is found that fits a schema
 */
export type Chooser = (contract: Contract, operationId: string, preference: Preference, seed: string | undefined, accept?: string) => Chosen

/** Elements of a header, and parameters of an element. A quoted string stays whole; without an end it goes on to the header's. */
const ELEMENTS = /(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^",])+/g
const PARAMETERS = /(?:"(?:[^"\\]|\\[^]?)*(?:"|$)|[^";])+/g

/**
 * Undefined when the header prefers nothing that concerns us: unknown preferences are ignored (RFC 7240, section 2).
 * `code=404; example=dog` is read as well: it means a second preference, though it says a parameter of the first.
 */
export function readPreference(header: string | undefined): Preference | Problem | undefined {
  if (header === undefined) return undefined
  const found = new Map<string, string>()
  for (const element of header.match(ELEMENTS) ?? []) {
    const [first, ...more] = (element.match(PARAMETERS) ?? []).map(nameAndValue)
    if (!first || !WORDS.has(first.name)) continue
    // Of a preference that stands there twice, the first counts.
    for (const { name, value } of [first, ...more]) if (WORDS.has(name) && !found.has(name)) found.set(name, value)
  }
  const code = found.get('code')
  const example = found.get('example')
  // A status below 200 does not end a request (RFC 9110, section 15.2).
  if (code !== undefined && !/^[2-5]\d\d$/.test(code))
    return {
      code: 'preference-invalid',
      detail: `the preferred code is ${excerpt(code)}`,
      fix: 'send a status from 200 to 599, as in Prefer: code=404',
    }
  if (example === '')
    return { code: 'preference-invalid', detail: 'the preferred example has no name', fix: 'send one, as in Prefer: example=NAME' }
  const dynamic = found.get('dynamic')
  if (dynamic !== undefined && dynamic !== 'true' && dynamic !== 'false')
    return {
      code: 'preference-invalid',
      detail: `the preference dynamic is ${excerpt(dynamic)}`,
      fix: 'send true or false, as in Prefer: dynamic=true',
    }
  if (dynamic === 'true' && example !== undefined)
    return {
      code: 'preference-invalid',
      detail: `the example ${excerpt(example)} is preferred, and with dynamic=true a body that is none`,
      fix: 'send one of the two',
    }
  const seed = found.get('seed')
  if (seed === '') return { code: 'preference-invalid', detail: 'the preferred seed is empty', fix: 'send any text, as in Prefer: seed=7' }
  if (found.size === 0) return undefined
  return {
    ...(code !== undefined && { code }),
    ...(example !== undefined && { example }),
    ...(dynamic !== undefined && { dynamic }),
    ...(seed !== undefined && { seed }),
  }
}

/** What `Preference-Applied` says (RFC 7240, section 3). */
export function writePreference(preference: Preference): string {
  return Object.entries(preference)
    .map(([name, value]: [string, string]) => `${name}=${TOKEN.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`}`)
    .join(', ')
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const WORDS = new Set(['code', 'example', 'dynamic', 'seed'])

function nameAndValue(pair: string): { name: string; value: string } {
  const [name = '', ...rest] = pair.split('=')
  const word = rest.join('=').trim()
  const value = word.startsWith('"')
    ? word
        .slice(1)
        .replace(/"$/, '')
        .replaceAll(/\\([^])/g, '$1')
    : word
  return { name: name.trim().toLowerCase(), value }
}

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
  return (contract, operationId, preference, seed, accept) => {
    const operation = contract.operations.find(({ id }) => id === operationId)
    if (!operation) throw new Error(`${contract.name} has no operation "${operationId}"`)
    const documented = known.get(operation) ?? documentedBy(operation)
    known.set(operation, documented)
    return choose({ prism, generate }, documented, { id: operationId, preference, seed, accept })
  }
}

/** The answers of an operation, and the same as Prism knows them. */
interface Documented {
  readonly answers: ReadonlyMap<string, Answer>
  readonly responses: PrismResponse[]
}

function documentedBy(operation: Operation): Documented {
  const answers = operation.readAnswers()
  return {
    answers: new Map(answers.map((answer) => [answer.status, answer])),
    // What informs goes before an answer, and is none.
    responses: answers
      .filter(({ status }) => /^([2-5](\d\d|XX)|default)$/i.test(status))
      .map(({ status, contents }) => ({
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

interface Asked {
  readonly id: string
  readonly preference: Preference
  readonly seed: string | undefined
  readonly accept: string | undefined
}

function choose({ prism, generate }: Tools, { answers, responses }: Documented, { id, preference, seed, accept }: Asked): Chosen {
  const response = responseOf(prism, responses, preference)
  const answer = response && answers.get(response.id)
  // An operation of which the document says no more than that it is there has been done.
  if (!answer && preference.code === undefined && preference.example === undefined) return { kind: 'reply', reply: { status: 200 } }
  if (!answer)
    return refused(`the document has no answer ${preference.code ?? 'at all'} of ${id}`, otherCodes([...answers.keys()], preference))
  const { code, contents = [] } = response
  const status = Number(code)
  const { example: wanted, dynamic } = preference
  const make = seed === undefined ? undefined : maker(generate, seed, dynamic !== 'true')
  const headers = headersOf(answer, make)
  const head = { status, ...(Object.keys(headers).length > 0 && { headers }) }

  const exampleIn = (content: PrismContent) =>
    some(wanted === undefined ? prism.findFirstExample(content) : prism.findExampleByKey(content, wanted))
  const generatedIn = ({ mediaType }: PrismContent) =>
    wanted === undefined && make ? answer.contents.find((content) => content.mediaType === mediaType)?.generated : undefined
  const isDynamic = dynamic === 'true' && contents.some(generatedIn)
  const content = contentOf(
    prism,
    contents.filter((one) => (isDynamic ? undefined : exampleIn(one)) ?? generatedIn(one)),
    accept,
  )
  if (wanted !== undefined && !content)
    return refused(`the answer ${code} of ${id} has no example ${excerpt(wanted)}`, otherExamples(answers, answer, wanted))
  const still = dynamic === 'true' && !isDynamic ? ({ isStill: true } as const) : {}
  // Neither has a body, whatever a `default` says (RFC 9110, sections 15.3.5 and 15.4.5).
  if (contents.length === 0 || status === 204 || status === 304) return { kind: 'reply', reply: head, ...still }
  if (!content)
    return make
      ? { kind: 'reply', reply: { ...head, ...bare(contentOf(prism, contents, accept)) }, ...still }
      : unmade(code, id, answers, preference)
  const example = isDynamic ? undefined : exampleIn(content)
  const body = example && 'value' in example ? kept(example.value) : make?.('body', generatedIn(content))
  const mediaType = written(content.mediaType)
  return { kind: 'reply', reply: { ...head, body, ...(mediaType !== undefined && { mediaType }) }, ...still }
}

/** What is sent where the document says of a body only what type it has: JSON has to be some. */
function bare(content: PrismContent | undefined): Pick<MockReply, 'body' | 'mediaType'> {
  const mediaType = content && written(content.mediaType)
  const isJson = content && /[/+]json\s*(;|$)/i.test(content.mediaType)
  return { ...(isJson && { body: {} }), ...(mediaType !== undefined && { mediaType }) }
}

/** A range of media types is none that could be sent. */
function written(mediaType: string): string | undefined {
  return mediaType.includes('*') ? undefined : mediaType
}

/** Nothing is generated where there is no seed: the answer is of use only with an example. */
function unmade(code: string, id: string, answers: Documented['answers'], preference: Preference): Chosen {
  return refused(
    `the document gives no example of the answer ${code} of ${id}, and no schema of JSON or text`,
    otherCodes(withBodies(answers), preference),
  )
}

function kept(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? keepText(value) : value
}

/** Makes what an answer has no example of: the body, or the header of a name. */
type Make = (what: string, generated: Answer['contents'][number]['generated']) => unknown

function maker(generate: Generate, seed: string, usesExamples: boolean): Make {
  return (what, generated) => {
    const chance = chanceOf(keyOf(`${seed}\n${what}`))
    return generated?.(generate, { chance, usesExamples, ...(what !== 'body' && { name: what }) })
  }
}

function responseOf(prism: Prism, responses: PrismResponse[], { code }: Preference): PrismResponse | undefined {
  return code === undefined
    ? (some(prism.findLowest2XXResponse(responses)) ??
        some(prism.findDefaultResponse(responses)) ??
        some(prism.findFirstResponse(responses)))
    : (some(prism.findResponseByStatusCode(responses, Number(code))) ?? some(prism.findDefaultResponse(responses, Number(code))))
}

/** A client that accepts nothing of what there is gets it all the same (RFC 9110, section 12.5.1), as it does of the mock elsewhere. */
function contentOf(prism: Prism, contents: PrismContent[], accept: string | undefined): PrismContent | undefined {
  const accepted = mediaTypesOf(accept)
  return (
    (accepted.length > 0 ? some(prism.findBestHttpContentByMediaType(contents, accepted)) : undefined) ??
    some(prism.findBestHttpContentByMediaType(contents, ['application/json', '*/*']))
  )
}

/** What can be read of the header, with the weights: Prism fails on the rest. */
function mediaTypesOf(accept: string | undefined): string[] {
  return (accept ?? '').split(',').flatMap((element) => {
    const [type = '', ...parameters] = element.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => /^q=[\d.]+$/i.test(parameter))
    return /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type) ? [weight === undefined ? type : `${type};${weight}`] : []
  })
}

/** Headers that belong to the message and not to its content are left to the server; so is the content's type (OpenAPI 3.1, section 4.8.17). */
const OWN_HEADERS = new Set(['content-type', 'content-length', 'transfer-encoding', 'connection'])

/** The headers that have an example, and those that are required. */
function headersOf({ headers }: Answer, make: Make | undefined): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap(({ name, isRequired, example, generated }) => {
      if (OWN_HEADERS.has(name.toLowerCase())) return []
      const value = example ? example.value : isRequired ? make?.(name, generated) : undefined
      const values = [value].flat()
      return values.every((one) => ['string', 'number', 'boolean'].includes(typeof one)) ? [[name, values.join(',')]] : []
    }),
  )
}

function some<T>(option: { readonly _tag: 'None' } | { readonly _tag: 'Some'; readonly value: T }): T | undefined {
  return 'value' in option ? option.value : undefined
}

function refused(detail: string, fix: string): Chosen {
  return { kind: 'refused', problem: { code: 'response-unknown', detail, fix } }
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
