import { expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { compileAhead } from '../../src/server/quiet.ts'

/** A document of as many operations, and how many of them compile: each says so once. */
function documentOf(count: number) {
  const paths = Object.fromEntries(Array.from({ length: count }, (_, number) => [`/${number}`, { get: { responses: {} } }]))
  const sources = [{ uri: 'a.yaml', content: { openapi: '3.1.0', paths }, lineOf: () => 1 }]
  const compiled: string[] = []
  const operations = createContract({ name: 'a', sources }).operations.map((operation) => ({
    ...operation,
    *compiling() {
      compiled.push(operation.id)
      yield
    },
  }))
  return { operations, compiled }
}

it.each([
  ['a hundred operations, and what comes with them', [100, 3], [100, 3]],
  ['nothing where a document has more: the others of its mock are as seldom called', [101, 3], [0, 0]],
  ['nothing there, in whatever order', [3, 101], [0, 0]],
])('compiles ahead %s', (_what, counts, expected) => {
  const documents = counts.map(documentOf)
  const steps = [
    ...compileAhead(
      documents.map(({ operations }) => operations),
      () => true,
    ),
  ]
  expect(documents.map(({ compiled }) => compiled.length)).toEqual(expected)
  expect(steps).toHaveLength(expected.reduce((sum, one) => sum + one, 0))
})

it('stops where the documents are no longer in use', () => {
  const { operations, compiled } = documentOf(5)
  expect([...compileAhead([operations], () => compiled.length < 2)]).toHaveLength(2)
})
