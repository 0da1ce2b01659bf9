import { describe, expect, it } from 'vitest'
import { createContract } from '../../src/contract/operation.ts'
import { createRouter, METHODS, type Route } from '../../src/contract/router.ts'

/** The matching of a router whose targets are the routes as they are written: `GET /things/{id}`. */
function routerOf(...routes: string[]) {
  return routed(...routes).match
}

function routed(...routes: string[]) {
  return createRouter(
    routes.map((target): Route<string> => {
      const [method, template = ''] = target.split(' ')
      const known = METHODS.find((one) => one === method)
      if (!known) throw new Error(`no such method: ${target}`)
      return { method: known, template, target }
    }),
  )
}

const match = routerOf(
  'GET /things/{id}',
  'DELETE /things/{id}',
  'POST /things/query',
  'GET /things/special',
  'GET /things/{id}.json',
  'GET /things/{id}/parts/{part}',
  'GET /things/special/parts/all',
  'PUT /orders/allocation/{order_uuid}/',
  'GET /orders/{order_uuid}/',
  'POST /orders/',
  'PUT /allocation/cancel/{allocationIds}',
  'GET /sizes/{width}x{height}',
  'GET /ranges/{from}-{to}',
  'GET /dated/{year}.{month}',
)

describe('a path', () => {
  it.each([
    ['GET', '/things/5', 'GET /things/{id}', { id: '5' }],
    ['DELETE', '/things/5', 'DELETE /things/{id}', { id: '5' }],
    ['HEAD', '/things/5', 'GET /things/{id}', { id: '5' }],
    ['HEAD', '/things/special', 'GET /things/special', {}],
    ['GET', '/things/special', 'GET /things/special', {}],
    ['GET', '/things/specials', 'GET /things/{id}', { id: 'specials' }],
    ['GET', '/things/Special', 'GET /things/{id}', { id: 'Special' }],
    ['POST', '/things/query', 'POST /things/query', {}],
    ['GET', '/things/special/parts/all', 'GET /things/special/parts/all', {}],
    ['GET', '/things/special/parts/1', 'GET /things/{id}/parts/{part}', { id: 'special', part: '1' }],
    ['GET', '/things/5/parts/all', 'GET /things/{id}/parts/{part}', { id: '5', part: 'all' }],
    ['GET', '/orders/allocation/', 'GET /orders/{order_uuid}/', { order_uuid: 'allocation' }],
    ['PUT', '/orders/allocation/5/', 'PUT /orders/allocation/{order_uuid}/', { order_uuid: '5' }],
    ['GET', '/things/5.json', 'GET /things/{id}.json', { id: '5' }],
    ['GET', '/things/5.xml', 'GET /things/{id}', { id: '5.xml' }],
    ['GET', '/things/special.json', 'GET /things/{id}.json', { id: 'special' }],
    ['GET', '/ranges/1-2', 'GET /ranges/{from}-{to}', { from: '1', to: '2' }],
    ['GET', '/dated/2026.03', 'GET /dated/{year}.{month}', { year: '2026', month: '03' }],
  ])('%s %s leads to %s', (method, path, target, values) => {
    expect(match(method, path)).toEqual({ kind: 'found', target, path: values })
  })

  it.each([
    ['GET', '/orders/5'],
    ['PUT', '/orders/allocation/5'],
    ['POST', '/orders'],
    ['POST', '/orders//'],
    ['GET', '/things/5/'],
    ['POST', '/things/query/'],
    ['GET', '/Things/5'],
    ['GET', '/things'],
    ['GET', '/things/5/parts'],
    ['GET', '/things/5/parts/1/2'],
    ['GET', '//things/5'],
    ['GET', '/'],
    ['GET', ''],
    ['OPTIONS', '*'],
  ])('%s %s leads nowhere', (method, path) => {
    expect(match(method, path).kind).not.toBe('found')
  })

  it.each([
    ['/orders/5', 'unknown'],
    ['/things/5/', 'unknown'],
    ['/other', 'unknown'],
    ['/things/5#a', 'unknown'],
    ['', 'unknown'],
    ['*', 'unknown'],
    ['/orders//', 'found'],
  ])('%s is %s to GET', (path, kind) => {
    expect(match('GET', path)).toHaveProperty('kind', kind)
  })

  it('counts its final slash as it is written', () => {
    const both = routerOf('GET /a/{b}', 'GET /a/{b}/')
    expect(both('GET', '/a/1')).toHaveProperty('target', 'GET /a/{b}')
    expect(both('GET', '/a/1/')).toHaveProperty('target', 'GET /a/{b}/')
  })

  it.each([
    ['/docket.json', 'GET /docket.{format}', { format: 'json' }],
    ['/documents.xml', 'GET /documents.{format}', { format: 'xml' }],
    ['/a.json', 'GET /{id}.json', { id: 'a' }],
    ['/a.xml', 'GET /{id}.xml', { id: 'a' }],
    ["/users('1')", "GET /users('{id}')", { id: '1' }],
    ['/users(1)', 'GET /users({id})', { id: '1' }],
    ['/sizes/2x3', 'GET /sizes/{width}x{height}', { width: '2', height: '3' }],
    ['/sizes/all', 'GET /sizes/{name}', { name: 'all' }],
    ['/sizes/1x1', 'GET /sizes/1x1', {}],
    ["/f(a=1,b='2')", "GET /f(a={a},b='{b}')", { a: '1', b: '2' }],
    ['/f(a=1)', 'GET /f(a={a})', { a: '1' }],
    ['/files/*', 'GET /files/*', {}],
    ['/files/{id', 'GET /files/{id', {}],
  ])('may be odd: %s', (path, target, values) => {
    const templates = [
      '/docket.{format}',
      '/documents.{format}',
      '/{id}.json',
      '/{id}.xml',
      "/users('{id}')",
      '/users({id})',
      '/sizes/1x1',
      '/sizes/{name}',
      '/sizes/{width}x{height}',
      "/f(a={a},b='{b}')",
      '/f(a={a})',
      '/files/*',
      '/files/{id',
    ]
    const router = routerOf(...templates.map((one) => `GET ${one}`))
    expect(router('GET', path)).toEqual({ kind: 'found', target, path: values })
  })

  it('is found whatever the order of the templates', () => {
    const routes = ['GET /a/{b}', 'GET /a/b', 'GET /a/{b}/c', 'GET /a/b/{c}']
    for (const router of [routerOf(...routes), routerOf(...routes.toReversed())]) {
      expect(router('GET', '/a/b')).toHaveProperty('target', 'GET /a/b')
      expect(router('GET', '/a/x')).toHaveProperty('target', 'GET /a/{b}')
      expect(router('GET', '/a/b/c')).toHaveProperty('target', 'GET /a/b/{c}')
      expect(router('GET', '/a/x/c')).toHaveProperty('target', 'GET /a/{b}/c')
    }
  })
})

describe('templates of one path', () => {
  const [query, action] = ['GET /files/{id}?versions', 'POST /#Action=Stop']
  const router = routed(
    'GET /files/{id}',
    query,
    'GET /files/{name}',
    'PUT /files/{name}',
    'POST /#Action=Start',
    action,
    'POST /?x=1#Action=Start',
  )
  const sent = (text: string, headers = {}) => ({ query: text, headers })

  it.each([
    ['GET', '/files/1', sent(''), 'GET /files/{id}', { id: '1' }],
    ['GET', '/files/1', sent('versions'), query, { id: '1' }],
    ['PUT', '/files/1', sent(''), 'PUT /files/{name}', { name: '1' }],
    ['POST', '/', sent('Action=Stop'), action, {}],
    ['POST', '/', sent('', { action: 'Stop' }), action, {}],
    ['POST', '/', sent('Action=Start'), 'POST /#Action=Start', {}],
    ['POST', '/', sent('x=1&Action=Start'), 'POST /?x=1#Action=Start', {}],
    // It will be told what is missing.
    ['POST', '/', sent(''), 'POST /#Action=Start', {}],
  ])('are told apart by what else is sent: %s %s %o', (method, path, more, target, values) => {
    expect(router.match(method, path, more)).toEqual({ kind: 'found', target, path: values })
  })

  it('hide those that nothing tells from one before', () => {
    expect(router.hidden.map(({ route, behind }) => [route.target, behind.target])).toEqual([['GET /files/{name}', 'GET /files/{id}']])
    // A fragment is sent by nobody, and this one names nothing that could be.
    expect(routed('GET /a', 'GET /a#again').hidden).toHaveLength(1)
  })
})

describe('the value of a parameter', () => {
  it.each([
    ['a%20b', 'an encoded blank'],
    ['a%2Fb', 'an encoded slash'],
    ['a%2cb,c', 'an encoded comma beside a plain one'],
    ['%41', 'an encoded letter'],
    ['%25', 'an encoded percent sign'],
    ['%3F%23', 'an encoded question mark'],
    ['%C3%A9', 'two bytes of UTF-8'],
    ['a;b=1', 'a semicolon'],
    ['a:b', 'a colon'],
    ['a+b', 'a plus'],
    ['..', 'two dots'],
    ["a@b!$&'()*", 'what else a path may hold'],
    ['{id}', 'braces'],
    ['__proto__', 'a name that objects inherit'],
  ])('stays %s: %s', (raw) => {
    expect(match('GET', `/things/${raw}`)).toEqual({ kind: 'found', target: 'GET /things/{id}', path: { id: raw } })
  })

  it('stays as it is beside an encoded letter of a literal', () => {
    expect(match('GET', '/th%69ngs/%35')).toEqual({ kind: 'found', target: 'GET /things/{id}', path: { id: '%35' } })
  })

  it.each([
    ['PUT', '/allocation/cancel/', { allocationIds: '' }],
    ['GET', '/things/', { id: '' }],
    ['GET', '/orders//', { order_uuid: '' }],
    ['GET', '/things//parts/1', { id: '', part: '1' }],
  ])('may be empty: %s %s', (method, path, values) => {
    expect(match(method, path)).toMatchObject({ kind: 'found', path: values })
  })

  it.each([100, 2_500, 16_384])('may have %i characters', (length) => {
    const allocationIds = 'a'.repeat(length)
    expect(match('PUT', `/allocation/cancel/${allocationIds}`)).toMatchObject({ kind: 'found', path: { allocationIds } })
  })

  it('may not be longer than a request line', () => {
    expect(match('PUT', `/allocation/cancel/${'a'.repeat(16_385)}`)).toEqual({ kind: 'unknown' })
  })

  it('goes under the name of its template, whatever the name', () => {
    const router = routerOf('GET /a/{__proto__}/{constructor}', 'PUT /b/{x-y}/{z.1}')
    const inherited = router('GET', '/a/1/2')
    expect(inherited.kind === 'found' && Object.entries(inherited.path)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(router('PUT', '/b/1/2')).toHaveProperty('path', { 'x-y': '1', 'z.1': '2' })
  })
})

describe('a path that does not decode', () => {
  it.each(['/things/%', '/things/%2', '/things/%zz', '/things/%ff', '/things/%C3', '/other/%E2%82', '/%'])('is told apart: %s', (path) => {
    expect(match('GET', path)).toEqual({ kind: 'undecodable' })
    expect(match('PATCH', path)).toEqual({ kind: 'undecodable' })
  })
})

describe('HEAD', () => {
  it('leads to an operation of its own where there is one', () => {
    const router = routerOf('GET /a', 'HEAD /a', 'DELETE /a')
    expect(router('HEAD', '/a')).toHaveProperty('target', 'HEAD /a')
    expect(router('PUT', '/a')).toMatchObject({ kind: 'wrong-method', allowed: ['GET', 'HEAD', 'DELETE'] })
  })
})

describe('a method that the path does not have', () => {
  it.each([
    ['PATCH', '/things/5', ['GET', 'HEAD', 'DELETE'], ['GET /things/{id}', 'DELETE /things/{id}']],
    ['POST', '/things/5', ['GET', 'HEAD', 'DELETE'], ['GET /things/{id}', 'DELETE /things/{id}']],
    ['GET', '/orders/', ['POST'], ['POST /orders/']],
    ['POST', '/orders/allocation/5/', ['PUT'], ['PUT /orders/allocation/{order_uuid}/']],
    ['HEAD', '/orders/', ['POST'], ['POST /orders/']],
    ['PROPFIND', '/orders/', ['POST'], ['POST /orders/']],
    ['post', '/orders/', ['POST'], ['POST /orders/']],
    ['constructor', '/orders/', ['POST'], ['POST /orders/']],
  ])('%s %s names those it has', (method, path, allowed, targets) => {
    const found = match(method, path)
    expect(found).toHaveProperty('kind', 'wrong-method')
    expect(found.kind === 'wrong-method' && found.allowed.toSorted()).toEqual(allowed.toSorted())
    expect(found.kind === 'wrong-method' && found.targets.toSorted()).toEqual(targets.toSorted())
  })

  it('does not matter where no path fits', () => expect(match('PATCH', '/other')).toEqual({ kind: 'unknown' }))
})

describe('a template', () => {
  it.each([
    ['/v1:batch', '/v1:batch', '/v1x'],
    ['/a/lit:eral', '/a/lit:eral', '/a/litany'],
    ['/a.b', '/a.b', '/axb'],
    ['/a+', '/a+', '/aa'],
    ['/a(b)', '/a(b)', '/ab'],
    ['/a*', '/a*', '/ab'],
    ["/a(b='{b}',c={c})", "/a(b='1',c=2)", "/a(b='1')"],
    ['/{a}(b)', '/1(b)', '/1(c)'],
    ['/$metadata', '/$metadata', '/metadata'],
  ])('%s means its characters', (template, same, other) => {
    const router = routerOf(`GET ${template}`)
    expect(router('GET', same)).toMatchObject({ kind: 'found', path: {} })
    expect(router('GET', other)).toEqual({ kind: 'unknown' })
  })

  it('with a verb behind a parameter leaves other colons to the parameter', () => {
    const router = routerOf('GET /things/{id}', 'GET /things/{id}:cancel')
    expect(router('GET', '/things/5:cancel')).toMatchObject({ target: 'GET /things/{id}:cancel', path: { id: '5' } })
    expect(router('GET', '/things/5:other')).toMatchObject({ target: 'GET /things/{id}', path: { id: '5:other' } })
    expect(router('GET', '/things/5')).toMatchObject({ target: 'GET /things/{id}', path: { id: '5' } })
  })

  it.each([
    ['/things/{id}:cancel', '/things/5:cancel', { id: '5' }],
    ['/things/{id}.json', '/things/5.json', { id: '5' }],
    ['/things/({id})', '/things/(5)', { id: '5' }],
    ["/things('{id}')", "/things('5')", { id: '5' }],
    ['/things/v{id}', '/things/v5', { id: '5' }],
    ['/{a}/{b}/{c}', '/1/2/3', { a: '1', b: '2', c: '3' }],
  ])('%s fits %s', (template, path, values) => {
    expect(routerOf(`GET ${template}`)('GET', path)).toEqual({ kind: 'found', target: `GET ${template}`, path: values })
  })
})

describe('what stands before the paths of a document', () => {
  it.each([
    ['https://example.com/api/v2', '/api/v2'],
    ['https://example.com/api/', '/api'],
    ['https://example.com', ''],
    ['/v1', '/v1'],
    ['http://127.0.0.1:4010/__mock', '/__mock'],
    ['https://{tenant}.example.com/api', '/api'],
  ])('is the path of its server %s', (url, base) => {
    const content = { openapi: '3.1.0', servers: [{ url }, { url: 'https://other.example/other' }], paths: {} }
    expect(createContract({ name: 'a', sources: [{ uri: 'a.yaml', content, lineOf: () => 1 }] }).base).toBe(base)
  })

  it('is nothing without a server', () => {
    expect(createContract({ name: 'a', sources: [{ uri: 'a.yaml', content: { paths: {} }, lineOf: () => 1 }] }).base).toBe('')
  })
})
