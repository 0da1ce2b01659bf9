import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kindOf } from '../../src/document/keys.ts'
import { pointerPart, pointerParts, valueAt } from '../../src/base/http.ts'
import { contractOf } from '../../src/contract/operation.ts'
import { isJson } from '../../src/contract/schema.ts'
import { loadDocument, type LoadedDocument, loadJson } from '../../src/document/load.ts'
import { compare, type Comparison } from '../../src/verification/pact/compare.ts'
import { messageOf } from '../../src/verification/pact/message.ts'
import { matchOf } from '../../src/verification/pact/base-path.ts'
import type { Pact } from '../../src/verification/pact/pact.ts'
import { readPact } from '../../src/verification/pact/read.ts'
import { DocumentError } from '../../src/base/problem.ts'
import { DOCUMENTS, pactOf, PUBLISHED } from './published.ts'

/** What is taken out of a document, and at which pointer it stood. */
interface Fault {
  readonly kind: 'target' | 'schema' | 'media' | 'answer'
  readonly at: string
}

const root = join(import.meta.dirname, '../..')
const contract = (name: string): Pact => readPact(name, loadJson(join(root, 'contracts', `${name}.json`)))
/** Those of a document's cases in which all is well. */
const wellOf = (file: string): Pact =>
  pactOf(
    (DOCUMENTS[file] ?? []).flatMap(([description, request, response, codes]) =>
      codes.length > 0 ? [] : [{ description, request, response }],
    ),
  ).pact

const SUBJECTS: readonly (readonly [file: string, pacts: readonly Pact[]])[] = [
  [join(root, 'spec/supplier-orders.yaml'), [contract('storefront-supplier-orders'), contract('warehouse-supplier-orders')]],
  [join(root, 'spec/oms-allocations.yaml'), [contract('order-desk-oms-allocations'), contract('parcel-tracker-oms-allocations')]],
  ...['3.0/json/star-trek.json', '3.1/json/train-travel.json'].map((file) => [join(PUBLISHED, file), [wellOf(file)]] as const),
]

/** All that can be taken out. */
function faultsOf(content: unknown): readonly Fault[] {
  const faults = new Map<string, Fault>()
  const add = (kind: Fault['kind'], at: string): void => void faults.set(`${kind} ${at}`, { kind, at })
  const walk = (value: unknown, at: string, isNamed: boolean): void => {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) walk(one, `${at}/${index}`, false)
    if (!isJson(value)) return
    for (const [key, inner] of Object.entries(value)) {
      const kind = kindOf(key, isNamed)
      const here = `${at}/${pointerPart(key)}`
      if (kind === 'data') continue
      if (!isNamed && key === '$ref' && typeof inner === 'string') add('target', inner.slice(1))
      if (!isNamed && key === 'content' && isJson(inner))
        for (const [type, media] of Object.entries(inner)) {
          add('media', `${here}/${pointerPart(type)}`)
          if (isJson(media) && 'schema' in media) add('schema', `${here}/${pointerPart(type)}/schema`)
        }
      if (!isNamed && key === 'responses' && at.startsWith('/paths/') && isJson(inner))
        for (const status of Object.keys(inner)) add('answer', `${here}/${status}`)
      walk(inner, here, kind === 'names')
    }
  }
  walk(content, '', false)
  return [...faults.values()]
}

/** So many of each kind, always the same ones. */
function some(faults: readonly Fault[], count: number): readonly Fault[] {
  return [...Map.groupBy(faults, ({ kind }) => kind).values()].flatMap((all) =>
    all.filter((_, index) => index % Math.max(1, Math.floor(all.length / count)) === 0),
  )
}

function without(content: unknown, { at }: Fault): unknown {
  const copy = structuredClone(content)
  const parent = valueAt(copy, at.slice(0, at.lastIndexOf('/')))
  if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, pointerParts(at).at(-1) ?? '')
  return copy
}

/** The pointers of an interaction's operation's answer and of its bodies in the document, references followed. */
function reliedOn(pact: Pact, index: number, document: LoadedDocument): (fault: Fault) => boolean {
  const [source] = document.sources
  const interaction = pact.interactions.find((one) => one.index === index)
  const route = interaction && matchOf(contractOf(document), interaction.method, interaction.path)
  if (!interaction || route?.kind !== 'found') return () => false
  const { method, template, statuses } = route.target
  const resolved = (pointer: string): string => {
    const value = valueAt(source?.content, pointer)
    return isJson(value) && typeof value['$ref'] === 'string' ? resolved(value['$ref'].slice(1)) : pointer
  }
  const operation = `${resolved(`/paths/${pointerPart(template)}`)}/${method.toLowerCase()}`
  const { status } = interaction
  const key = [String(status), `${Math.floor(status / 100)}XX`, 'default'].find((one) => statuses.includes(one)) ?? ''
  const answer = `${operation}/responses/${key}`
  const [request, response] = [messageOf(pact, interaction.raw['request']), messageOf(pact, interaction.raw['response'])]
  const bodies = [
    ...(request.body !== undefined && status < 400 ? [resolved(`${operation}/requestBody`)] : []),
    ...(response.body !== undefined ? [resolved(answer)] : []),
  ].map((owner) => `${owner}/content/application~1json`)
  return ({ kind, at }) => (kind === 'answer' ? at === answer : bodies.includes(at.replace(/\/schema$/, '')))
}

const isGreen = ({ answer }: Comparison): boolean => answer.kind === 'passed' && (answer.warnings ?? []).length === 0

async function comparedAll(pacts: readonly Pact[], document: LoadedDocument): Promise<readonly (readonly [Pact, number, Comparison])[]> {
  const contract = contractOf(document)
  const found: (readonly [Pact, number, Comparison])[] = []
  for (const pact of pacts) for (const [index, comparison] of await compare(pact, document, contract)) found.push([pact, index, comparison])
  return found
}

describe.each(SUBJECTS)('of %s', (file, pacts) => {
  it.skipIf(!existsSync(file))('no part can be missing without the pacts that rely on it, and they alone, being told', async () => {
    const document = await loadDocument(file)
    const content = document.sources[0]?.content
    const green = (await comparedAll(pacts, document)).filter(([, , comparison]) => isGreen(comparison))
    expect(green.length).toBeGreaterThan(0)
    const all = faultsOf(content)
    const relies = new Map(green.map(([pact, index]) => [`${pact.file} ${index}`, reliedOn(pact, index, document)]))
    const met = all.filter((fault) => [...relies.values()].some((isReliedOn) => isReliedOn(fault)))
    const faults = process.env['LONG'] === undefined ? [...some(met, 2), ...some(all, 3)] : all
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['target', 'schema', 'media', 'answer']))
    const folder = mkdtempSync(join(tmpdir(), 'faults-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const wrong: unknown[] = []
    let told = 0
    for (const fault of faults) {
      const broken = without(content, fault)
      if (fault.kind === 'target') {
        // Nothing of such a document is compared.
        const path = join(folder, 'broken.json')
        writeFileSync(path, JSON.stringify(broken))
        const refusal: unknown = await loadDocument(path).catch((error: unknown) => error)
        if (!(refusal instanceof DocumentError) || !/^broken\.json:\d+ .*it leads nowhere/.test(refusal.message))
          wrong.push([fault, refusal])
        continue
      }
      const sources = document.sources.map((source) => ({ ...source, content: broken }))
      for (const [pact, index, comparison] of await comparedAll(pacts, { ...document, sources })) {
        const isReliedOn = relies.get(`${pact.file} ${index}`)?.(fault)
        if (isReliedOn === undefined) continue
        if (isReliedOn) told++
        if (isGreen(comparison) === isReliedOn) wrong.push([fault, pact.file, index, comparison.answer])
      }
    }
    expect(wrong).toEqual([])
    expect(told).toBeGreaterThanOrEqual(3)
  })
})
