import { DocumentError } from '../../base/problem.ts'
import { createParameter } from '../parameter.ts'
import { createRouter } from '../router.ts'
import type { Located } from '../schema.ts'
import { createSecurity } from '../security.ts'
import { findingOf } from './finding.ts'
import type { Found, Ground } from './ground.ts'
import { meant, type Node } from './walk.ts'

const STATUS = /^(?:[1-5]\d\d|[1-5]XX|default)$/
/** What a request can end with. */
const FINAL = /^(?:[2-5]\d\d|[2-5]XX|default)$/
const MEDIA_TYPE = /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+\s*(?:;.*)?$/
/** A token of RFC 9110, 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const METHODS_SHOWN = 3

/** What is wrong with paths, operations, their parameters and the statuses, headers and media types of their answers. */
export function* operationFindings(ground: Ground): Generator<Found> {
  if (ground.items.length === 0)
    yield ground.found('paths-missing', ground.walk.root, 'the document has no paths; give it some, such as /orders, below paths')
  yield* serverFindings(ground)
  yield* hiddenFindings(ground)
  const ids = new Map<string, string>()
  for (const item of ground.items) {
    const template = item.name
    if (!template.startsWith('/'))
      yield ground.found(
        'path-malformed',
        item,
        `the path "${template}" does not begin with a slash, and is served as if it did; write "/${template}"`,
      )
    const operations = meant(item).inside.filter(({ kind }) => kind === 'operation')
    if (operations.length === 0)
      yield ground.found('path-empty', item, `the path ${template} has no operation; give it one, or leave it out`)
    for (const operation of operations) {
      const called = `${operation.name.toUpperCase()} ${template}`
      const { operationId } = operation.located.value
      if (typeof operationId === 'string') {
        const before = ids.get(operationId)
        ids.set(operationId, before ?? called)
        if (before !== undefined)
          yield ground.found(
            'operation-id-twice',
            operation,
            `the operationId "${operationId}" of ${called} is that of ${before} as well; give one of them another`,
            'operationId',
          )
      }
      yield* parameterFindings(ground, item, operation, called)
      yield* answerFindings(ground, operation, called)
      const { slips } = createSecurity(ground.walk.root.located, operation.located, ground.reader)
      for (const slip of slips) yield { node: operation, finding: findingOf(new Error(slip), 'security-undeclared', ground.main) }
    }
  }
  for (const node of ground.walk.all) {
    if (node.kind === 'media' && node.name !== '' && !MEDIA_TYPE.test(node.name) && isInContent(node))
      yield ground.found('media-type-invalid', node, `"${node.name}" is no media type; application/json is one`)
    if (node.kind === 'header') yield* headerFindings(ground, node)
  }
}

function* serverFindings(ground: Ground): Generator<Found> {
  const [first] = ground.reader.items(ground.walk.root.located, 'servers')
  if (!first || first[1] instanceof DocumentError) return
  const { url } = first[1].value
  const filled = typeof url === 'string' ? url.replaceAll(/\{[^{}]*\}/g, 'a') : '/'
  if (!URL.canParse(filled, 'http://localhost'))
    yield ground.found(
      'server-invalid',
      ground.walk.root,
      `"${String(url)}" is not a valid URL of a server; write https://api.example.com/v1`,
      'servers',
    )
}

/** Operations that the router finds behind others. */
function* hiddenFindings(ground: Ground): Generator<Found> {
  const routes = ground.items.flatMap((item) =>
    meant(item)
      .inside.filter(({ kind }) => kind === 'operation')
      .map((node) => ({ method: node.name.toUpperCase(), template: item.name, target: node })),
  )
  for (const { route, behind } of createRouter(routes).hidden)
    yield ground.found(
      'path-ambiguous',
      route.target,
      `no request tells ${route.method} ${route.template} from ${behind.method} ${behind.template}, which stands before; let them be one operation, or give one another path`,
    )
}

function isInContent({ located: { pointer } }: Node): boolean {
  return /\/content\/[^/]*$/.test(pointer)
}

function* parameterFindings(ground: Ground, item: Node, operation: Node, called: string): Generator<Found> {
  const inPath = new Set<string>()
  const { reader, validator } = ground.side('request')
  const names = [...item.name.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  let isReadable = true
  for (const owner of [meant(item), operation]) {
    const here = new Set<string>()
    for (const node of owner.inside.filter(({ kind }) => kind === 'parameter')) {
      const parameter = meant(node)
      const { name, in: where } = parameter.located.value
      const slip = createParameter(parameter.located, reader, validator, () => false)?.slip
      if (slip !== undefined) {
        isReadable = false
        yield { node: parameter, finding: findingOf(new Error(slip), 'parameter-unreadable', ground.main) }
        continue
      }
      const key = `${String(where)} ${String(name)}`
      if (here.has(key))
        yield ground.found(
          'parameter-twice',
          node,
          `the parameter "${String(name)}" in ${String(where)} stands twice; leave one of them out`,
        )
      here.add(key)
      if (where !== 'path') continue
      inPath.add(String(name))
      if (!names.includes(String(name)))
        yield {
          ...ground.found(
            'parameter-misplaced',
            node,
            `the path of ${called} has no {${String(name)}}; ${names.length === 0 ? 'it has no parameters' : `it has ${names.map((one) => `{${one}}`).join(', ')}`}`,
          ),
          node: operation,
        }
    }
  }
  if (!isReadable) return
  for (const name of names)
    if (!inPath.has(name))
      yield ground.found(
        'parameter-undeclared',
        operation,
        `${called} declares no parameter "${name}" in path; add one, with required: true`,
      )
}

function* answerFindings(ground: Ground, operation: Node, called: string): Generator<Found> {
  const answers = operation.inside.filter(({ kind }) => kind === 'response')
  const statuses = answers.map(({ name }) => name)
  for (const answer of answers)
    if (!STATUS.test(answer.name))
      yield ground.found(
        'status-invalid',
        answer,
        `${called} has the answer "${answer.name}"; a status is 100 to 599, 1XX to 5XX, or default`,
      )
  const [first, ...others] = statuses.filter((status) => FINAL.test(status))
  if (first === undefined) {
    const has = statuses.length === 0 ? 'has no answer' : `has only ${statuses.slice(0, METHODS_SHOWN).join(', ')}, with which nothing ends`
    yield ground.found(
      'response-missing',
      operation,
      `${called} ${has}, and is answered 200 without a body; give it responses, such as 200 or default`,
    )
  } else if (![first, ...others].some((status) => /^([23]|default$)/.test(status)))
    yield ground.found(
      'success-missing',
      operation,
      `${called} has no answer 2xx and no default, only ${[first, ...others].slice(0, METHODS_SHOWN).join(', ')}; it answers ${first} unless a request asks for another`,
    )
}

function* headerFindings(ground: Ground, node: Node): Generator<Found> {
  const isNamed = /\/headers\/[^/]*$/.test(node.located.pointer)
  if (isNamed && !TOKEN.test(node.name) && !node.located.pointer.startsWith('/components/'))
    yield ground.found('header-invalid', node, `"${node.name}" is no name of a header; letters, digits and hyphens are`)
  const text = textIn(node.located)
  if (text !== undefined && /[^\t\u0020-\u007E\u00A0-\u00FF]/.test(text))
    yield ground.found(
      'header-unsendable',
      node,
      `the example ${JSON.stringify(text)} of the header ${node.name} has characters that no header holds; encode it, as percent-encoding does`,
      'example',
    )
}

function textIn({ value: { example } }: Located): string | undefined {
  return typeof example === 'string' ? example : undefined
}
