import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { openApiOf } from '../../src/contract/swagger.ts'
import { loadDocument } from '../../src/document/load.ts'
import { compare } from '../../src/verification/pact/compare.ts'
import { DOCUMENTS, pactOf, PUBLISHED } from './published.ts'

interface Theirs {
  compare(pact: unknown): AsyncIterable<{ readonly code: string }>
}

/** The comparator alone. Its types name a file without its ending, which the compiler does not find. */
async function comparatorOf(oas: unknown): Promise<Theirs> {
  const { Comparator } = (await import('@pactflow/openapi-pact-comparator')) as unknown as {
    Comparator: new (options: { oas: unknown }) => Theirs
  }
  return new Comparator({ oas })
}

/** Each code once, as a reader counts them. */
const distinct = (codes: readonly string[]): readonly string[] => [...new Set(codes)].toSorted()

describe.skipIf(!existsSync(PUBLISHED)).each(Object.entries(DOCUMENTS))('the published document %s', (file, cases) => {
  it.each(cases)('is compared as the comparator does: %s', async (description, request, response, codes, theirs = codes) => {
    const loaded = await loadDocument(join(PUBLISHED, file))
    const { pact, content } = pactOf([{ description, request, response }])
    const document = openApiOf(loaded)
    const ours = (await compare(pact, document, createContract(document))).get(0)?.results ?? []
    expect(distinct(ours.map(({ code }) => code))).toEqual(codes)
    const said: string[] = []
    // It changes what it is given.
    const comparator = await comparatorOf(structuredClone(loaded.sources[0]?.content))
    for await (const { code } of comparator.compare(content)) said.push(code)
    expect(distinct(said)).toEqual(theirs)
  })
})
