import { join } from 'node:path'
import type { Pact } from '../../src/verification/pact/pact.ts'
import { readPact } from '../../src/verification/pact/read.ts'

type Json = Readonly<Record<string, unknown>>

/** Documents as their authors publish them: @readme/oas-examples 8.2.2. */
export const PUBLISHED = join(import.meta.dirname, '../../node_modules/@readme/oas-examples')

const json = { 'Content-Type': 'application/json' }
const get = (path: string, query?: string, headers: Json = {}): Json => ({
  method: 'GET',
  path,
  headers,
  ...(query !== undefined && { query }),
})
const post = (path: string, body: unknown, headers: Json = {}): Json => ({ method: 'POST', path, headers: { ...json, ...headers }, body })
const ok = (body?: unknown, status = 200): Json => ({ status, ...(body !== undefined && { body, headers: json }) })

const key = { api_key: 'k' }
const bearer = { Authorization: 'Bearer t' }
const pet = { id: 1, name: 'a', status: 'sold' }
const booking = { trip_id: 'efdbb9d1-02c2-4bc3-afb7-6788d8782b1e', passenger_name: 'a', has_bicycle: true, has_dog: false }

/** What is expected, in codes of openapi-pact-comparator; where it says more or less than is right, what that is. */
type Case = readonly [what: string, request: Json, response: Json, codes: readonly string[], theirs?: readonly string[]]
export const DOCUMENTS: Readonly<Record<string, readonly Case[]>> = {
  '2.0/json/petstore.json': [
    ['what it has', get('/v2/pet/1', undefined, key), ok(pet), []],
    ['a value that it does not have', get('/v2/pet/1', undefined, key), ok({ ...pet, status: 'gone' }), ['response.body.incompatible']],
    ['a name that it does not have', get('/v2/pet/1', undefined, key), ok({ ...pet, colour: 'red' }), ['response.body.incompatible']],
    ['a status that it does not have', get('/v2/pet/1', undefined, key), ok(undefined, 500), ['response.status.unknown']],
    ['no key', get('/v2/pet/1'), ok(pet), ['request.authorization.missing']],
    ['a path that it does not have', get('/v2/pets'), ok(), ['request.path-or-method.unknown']],
    ['a list in the query', get('/v2/pet/findByStatus', 'status=sold&status=pending', bearer), ok([pet]), []],
    ['a wrong value in a list in the query', get('/v2/pet/findByStatus', 'status=gone', bearer), ok([pet]), ['request.query.incompatible']],
    // Without types of bodies in the document it warns of any.
    ['a body', post('/v2/store/order', { petId: 1 }), ok({ id: 1 }), [], ['request.content-type.unknown']],
    [
      'a wrong body',
      post('/v2/store/order', { petId: 'x' }),
      ok({ id: 1 }),
      ['request.body.incompatible'],
      ['request.body.incompatible', 'request.content-type.unknown'],
    ],
  ],
  // Comes to itself through what it holds.
  '2.0/json/schema-circular.json': [
    ['what it has', post('/post', { children: [{ children: [] }] }), ok(), [], ['request.content-type.unknown']],
    [
      'a wrong value deep down',
      post('/post', { children: [{ children: [1] }] }),
      ok(),
      ['request.body.incompatible'],
      ['request.body.incompatible', 'request.content-type.unknown'],
    ],
  ],
  // No operation has an operationId.
  '3.0/json/star-trek.json': [
    ['what it has', get('/animal', 'uid=a'), ok({ animal: { uid: 'a' } }), []],
    ['a wrong value', get('/animal', 'uid=a'), ok({ animal: { uid: 1 } }), ['response.body.incompatible']],
    ['a missing parameter', get('/animal'), ok(), ['request.query.incompatible']],
    ['an unknown parameter', get('/animal', 'uid=a&colour=red'), ok(), ['request.query.unknown']],
    ['an answer for all others', get('/animal', 'uid=a'), ok(undefined, 404), ['response.status.default']],
  ],
  '3.0/json/schema-circular.json': [
    ['what it has', post('/not-quite-circular', { rules: {} }), ok(), []],
    ['a wrong value', post('/not-quite-circular', { rules: 1 }), ok(), ['request.body.incompatible']],
  ],
  '3.0/json/discriminators.json': [
    [
      'the branch that is named',
      { ...post('/discriminator-with-mapping', { discrim: 'Option One', optionone: 1 }), method: 'PATCH' },
      ok(),
      [],
    ],
    [
      'another branch',
      { ...post('/discriminator-with-mapping', { discrim: 'Option One', optionone: 'x' }), method: 'PATCH' },
      ok(),
      ['request.body.incompatible'],
    ],
    [
      'no branch',
      { ...post('/discriminator-with-mapping', { discrim: 'Option Six' }), method: 'PATCH' },
      ok(),
      ['request.body.incompatible'],
    ],
  ],
  '3.1/json/train-travel.json': [
    ['what it has', get('/bookings/efdbb9d1-02c2-4bc3-afb7-6788d8782b1e', undefined, bearer), ok({ ...booking, links: {} }), []],
    [
      'a wrong value',
      get('/bookings/efdbb9d1-02c2-4bc3-afb7-6788d8782b1e', undefined, bearer),
      ok({ ...booking, has_dog: 'no' }),
      ['response.body.incompatible'],
    ],
    [
      'a value in a part',
      get('/bookings/efdbb9d1-02c2-4bc3-afb7-6788d8782b1e', undefined, bearer),
      ok({ links: { self: 1 } }),
      ['response.body.incompatible'],
    ],
    // What OAuth asks for it does not look at.
    ['no token', get('/bookings/efdbb9d1-02c2-4bc3-afb7-6788d8782b1e'), ok(), ['request.authorization.missing'], []],
    ['a body', post('/bookings', booking, bearer), ok(booking, 201), []],
    ['a wrong body', post('/bookings', { ...booking, has_dog: 'no' }, bearer), ok(booking, 201), ['request.body.incompatible']],
    ['a status that it does not have', post('/bookings', booking, bearer), ok(undefined, 418), ['response.status.unknown']],
  ],
}

export function pactOf(interactions: readonly Json[]): { readonly pact: Pact; readonly content: Json } {
  const metadata = { pactSpecification: { version: '3.0.0' } }
  const content = { consumer: { name: 'shop' }, provider: { name: 'x' }, metadata, interactions }
  return { pact: readPact('shop-x.json', { sources: [{ uri: 'shop-x.json', content, lineOf: () => undefined }] }), content }
}
