import { DocumentError } from '../../base/problem.ts'
import type { LoadedDocument } from '../../document/load.ts'
import { createContract } from '../operation.ts'
import { isJson } from '../schema.ts'
import { openApiOf } from '../swagger.ts'
import { type Finding, findingOf } from './finding.ts'
import { type Found, Ground, type Tools } from './ground.ts'
import { operationFindings } from './operations.ts'
import { Compiling, rootsOf, schemaFindings } from './schemas.ts'
import { Examples, generationFindings } from './values.ts'
import { meant, type Node } from './walk.ts'

export interface Checked {
  /** By file and line. */
  readonly findings: readonly Finding[]
  readonly operations: number
  /** How many of them have no error. */
  readonly served: number
}

/** How far the look at a document has come. */
interface Step {
  readonly done: number
  readonly total: number
}

/**
 * Looks at a document as it would be served: what would be answered 500, or never be reached, and what probably is a slip. All schemas are
 * compiled, all examples checked, and a value is made for all that is answered.
 * @param faults what is wrong with its references, as whoever read it found
 * @returns how far it has come, by and by: a document may have thousands of schemas
 */
export function* checkDocument(given: LoadedDocument, tools: Tools, faults: readonly string[] = []): Generator<Step, Checked> {
  const main = given.sources[0]?.uri ?? given.name
  let document: LoadedDocument
  try {
    document = openApiOf(given)
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    return { findings: [findingOf(error, 'document-unservable', main)], operations: 0, served: 0 }
  }
  if (!isJson(document.sources[0]?.content)) {
    const message = 'it is no OpenAPI document: at its top stands no object'
    return { findings: [{ rule: 'document-unservable', severity: 'error', file: main, line: 1, message }], operations: 0, served: 0 }
  }
  const ground = new Ground(document, main, tools)
  const compiling = new Compiling(ground)
  const examples = new Examples(ground, compiling)
  const found = brokenReferences(ground, faults)
  // Of the three that say when they have done with something: each root twice, and everything twice.
  const total = 2 * (rootsOf(ground).length + ground.walk.all.length)
  let done = 0
  for (const one of [
    operationFindings(ground),
    schemaFindings(ground, compiling),
    examples.findings(),
    generationFindings(ground, compiling, examples),
  ])
    for (const next of one) {
      if (next) found.push(next)
      else yield { done: ++done, total }
    }
  const whole = wholeFinding(document, main)
  const isTold = whole?.rule === 'document-unservable' && found.some(({ finding: { severity } }) => severity === 'error')
  const all = [...(whole && !isTold ? [whole] : []), ...found.map(({ finding }) => finding)]
  return { ...servedOf(ground, found, whole !== undefined), findings: sorted(all) }
}

/** Why the document as a whole is not served. */
function wholeFinding(document: LoadedDocument, main: string): Finding | undefined {
  try {
    createContract(document)
    return undefined
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    return findingOf(error, 'document-unservable', main)
  }
}

/** What refers to nothing. Whoever read the document knows more of why; what stands there knows whom it stops. */
function brokenReferences({ walk, main }: Ground, faults: readonly string[]): Found[] {
  const met = walk.broken.map(({ node, error }) => ({ node, finding: findingOf(error, 'reference-broken', main) }))
  const told = faults.map((fault) => findingOf(new Error(fault), 'reference-broken', main))
  const isAt = (one: Finding, other: Finding): boolean => one.file === other.file && one.line === other.line
  return [
    ...told.flatMap((finding): Found[] => {
      const here = met.filter((one) => isAt(one.finding, finding)).map(({ node }) => ({ node, finding }))
      return here.length > 0 ? here : [{ node: walk.root, finding }]
    }),
    ...met.filter(({ finding }) => !told.some((one) => isAt(one, finding))),
  ]
}

function servedOf({ items, walk }: Ground, found: readonly Found[], isUnservable: boolean): Pick<Checked, 'operations' | 'served'> {
  const broken = found.flatMap(({ node, finding }) => (finding.severity === 'error' ? [node] : []))
  const inPaths = broken.filter(({ kind }) => kind === 'item').flatMap((item) => meant(item).inside)
  const stopped = walk.comingTo([...broken, ...inPaths])
  const operations = items.flatMap((item): Node[] => meant(item).inside.filter(({ kind }) => kind === 'operation'))
  const served = isUnservable ? [] : operations.filter((operation) => !stopped.has(operation))
  return { operations: operations.length, served: served.length }
}

function sorted(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  return [...once.values()].toSorted((one, other) =>
    one.file === other.file ? (one.line ?? 0) - (other.line ?? 0) : one.file < other.file ? -1 : 1,
  )
}
