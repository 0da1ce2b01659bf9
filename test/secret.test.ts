import { describe, expect, it } from 'vitest'
import {
  isSecretInQuery,
  isSecretName,
  isSecretPlace,
  withoutSecretHeader,
  withoutSecretMembers,
  withoutSecretQuery,
  withoutSecrets,
  withoutSecretValues,
} from '../src/base/secret.ts'

describe('the names of secrets', () => {
  it.each([
    'password',
    'user_password',
    'new-password2',
    'Passwords',
    'passwd',
    'pwd',
    'client_secret',
    'clientSecret',
    'X-Client-Secret',
    'token',
    'auth_token',
    'access_token',
    'refreshToken',
    'X-Auth-Token',
    'X-Amz-Security-Token',
    'X-CSRF-Token',
    'api_key',
    'apiKey',
    'apikey',
    'Api-Key',
    'X-Api-Key',
    'Ocp-Apim-Subscription-Key',
    'private_key',
    'Authorization',
    'Proxy-Authorization',
    'credentials',
    'X-Amz-Signature',
    'X-Amz-Credential',
    'Cookie',
    'Set-Cookie',
    'a[password]',
    'card_number',
  ])('have %s among them', (name) => {
    expect([isSecretName(name), isSecretInQuery(name)]).toEqual([true, true])
  })

  it.each(['sig', 'key', 'code', 'auth', 'session'])('have %s among them in a query only', (name) => {
    expect([isSecretName(name), isSecretInQuery(name)]).toEqual([false, true])
  })

  it.each(['', 'username', 'statusCode', 'orderKey', 'max_tokens', 'supplier.tokens', 'Idempotency-Key', 'sessions', 'tokenizer'])(
    'do not have "%s" among them',
    (name) => {
      expect([isSecretName(name), isSecretInQuery(name)]).toEqual([false, false])
    },
  )

  it.each([
    ['/body/items/0/api_key', true],
    ['/body/token/inner', true],
    ['/header/x-auth-token', true],
    ['/query/sig', true],
    ['/body/code', false],
    ['/lines/0/allocated', false],
    ['/credentials', true],
    ['', false],
  ])('in the pointer "%s": %s', (at, isSecret) => expect(isSecretPlace(at)).toBe(isSecret))
})

describe('what is told of', () => {
  it.each([
    ['/a?x=1&sig=s3cret&token=', '/a?x=1&sig=***&token='],
    ['/a?%74oken=s3cret&a[password]=s3cret', '/a?%74oken=***&a[password]=***'],
    ['/a?next=/b?access_token=s3cret', `/a?next=${encodeURIComponent('/b?access_token=***')}`],
    [`/a?q=${encodeURIComponent('{"token":"s3cret"}')}`, `/a?q=${encodeURIComponent('{"token":"***"}')}`],
    ['/a?b=1?token=s3cret', `/a?b=${encodeURIComponent('1?token=***')}`],
    ['/a?x=%ZZ&token=s3cret', '/a?x=%ZZ&token=***'],
    ['/token=x', '/token=x'],
  ])('the path %s is %s', (path, told) => expect(withoutSecretQuery(path)).toBe(told))

  it.each([
    ['authorization', 'Bearer s3cret', 'Bearer ***'],
    ['authorization', 's3cret', '***'],
    ['authorization', 'Token', 'Token'],
    ['x-auth-token', 's3cret', '***'],
    ['cookie', 'sid=s3cret; theme=dark', '***'],
    ['baggage', 'mock-session=a,token=s3cret;ttl=1, b=2', 'mock-session=a,token=***;ttl=1, b=2'],
    ['x-site-context', '{"account":"a", "token":"s3cret"}', '{"account":"a", "token":"***"}'],
    ['x-site-context', '{"account":"a","token":"s3cret"', '***'],
    ['referer', 'https://example.com/a?key=s3cret#x', 'https://example.com/a?key=***'],
    ['prefer', 'code=404, example="x"', 'code=404, example="x"'],
    ['content-type', 'application/json; charset=utf-8', 'application/json; charset=utf-8'],
  ])('the header %s: %s is %s', (name, value, told) => expect(withoutSecretHeader(name, value)).toBe(told))

  it.each([
    ['{ "price": 1.0, "big": 9007199254740993 }', '{ "price": 1.0, "big": 9007199254740993 }'],
    ['{ "price": 1.0, "token": 12.50, "password": null }', '{ "price": 1.0, "token": "***", "password": null }'],
    ['{"a":[{"pass\\u0077ord":["s3cret",{"very":"s3cret"}]}],"b":"c"}', '{"a":[{"pass\\u0077ord":["***",{"very":"***"}]}],"b":"c"}'],
    [JSON.stringify({ inner: JSON.stringify({ token: 's3cret' }) }), JSON.stringify({ inner: '{"token":"***"}' })],
    [JSON.stringify({ to: 'https://a/?sig=s3cret' }), JSON.stringify({ to: 'https://a/?sig=***' })],
    ['username=a&client_secret=s3cret', 'username=a&client_secret=***'],
    ['{"password":"s3cret"', undefined],
    ['<password>s3cret</password>', undefined],
    ['"my password is s3cret"', undefined],
    ['hello', 'hello'],
    ['', ''],
  ])('the body %s is %s', (body, told) => expect(withoutSecrets(body)).toBe(told))

  it('data is the same object where there is no secret in them', () => {
    const data = { a: [1] }
    expect(withoutSecretMembers(data)).toBe(data)
    expect(withoutSecretMembers({ a: { token: 'x' } })).toEqual({ a: { token: '***' } })
  })

  it('a problem is masked in secret places, and where it quotes what is secret elsewhere', () => {
    const issue = {
      at: '/body/items/0',
      rule: 'type',
      message: 'is {"api_key":"s3cr\\"et…; an integer is wanted',
      value: { api_key: 's3cr"et-long' },
    }
    const secret = { at: '/body/password', rule: 'type', message: 'is "hunter2"', value: 'hunter2' }
    expect(withoutSecretValues({ code: 'request-invalid', detail: `${issue.at} ${issue.message}`, issues: [issue] })).toEqual({
      code: 'request-invalid',
      detail: '/body/items/0 is {"api_key":"***…; an integer is wanted',
      issues: [{ ...issue, message: 'is {"api_key":"***…; an integer is wanted', value: { api_key: '***' } }],
    })
    expect(withoutSecretValues({ code: 'request-invalid', detail: 'x', issues: [secret] })).toEqual({
      code: 'request-invalid',
      detail: '/body/password does not fit',
      issues: [{ at: '/body/password', rule: 'type', message: 'does not fit' }],
    })
    const missing = { at: '/body/password', rule: 'required', message: 'is missing', fix: 'send password' }
    const problem = { code: 'request-invalid', detail: '/body/password is missing', issues: [missing] }
    expect(withoutSecretValues(problem)).toEqual(problem)
  })

  it('a problem says nothing that may quote, where there are too many secrets to look for', () => {
    const many = new Set(Array.from({ length: 1_000 }, (_, number) => `secret-${number}`))
    expect(withoutSecretValues({ code: 'request-invalid', detail: 'it is secret-7' }, many).detail).toBe('***')
  })

  it.each([1_000, 100_000])('texts within texts, %i deep, is found in one go', (depth) => {
    expect(withoutSecretQuery(`/?${'a='.repeat(depth)}token=s3cret`)).not.toContain('s3cret')
  })
})
