import { expect, it } from 'vitest'
import { closureOf } from '../../src/contract/closure.ts'
import { createReader } from '../../src/contract/schema.ts'

function closure(schema: object, others: object = {}): string {
  const content = { openapi: '3.1.0', components: { schemas: { Asked: schema, ...others } } }
  const reader = createReader({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] })
  return closureOf(reader.at('a.yaml', '/components/schemas/Asked'), reader)
}

const Other = { type: 'string' }
const asking = { properties: { other: { $ref: '#/components/schemas/Other' }, self: { $ref: '#/components/schemas/Asked' } } }

it('is another where what a schema refers to says something else, and no other where what it does not refer to does', () => {
  expect(closure(asking, { Other: { type: 'integer' } })).not.toBe(closure(asking, { Other }))
  expect(closure(asking, { Other, Beside: { type: 'integer' } })).toBe(closure(asking, { Other }))
})

it.each([
  ['data', { example: { $ref: '#/components/schemas/Other' }, enum: [{ $ref: '100%' }] }],
  ['a name', { properties: { $ref: { type: 'string' } } }],
  ['what leads nowhere', { items: { $ref: '#/nowhere' } }],
])('takes for no reference %s', (_what, schema) => {
  expect(closure(schema, { Other })).toBe(closure(schema, { Other: { type: 'integer' } }))
})
