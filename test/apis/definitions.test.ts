import { describe, expect, it } from 'vitest'
import { defineApi, kind } from '../../src/api.ts'
import { createMock } from '../../src/index.ts'
import { apiOf } from './own.ts'

const step = { text: 'it goes', kind: 'thing', waits: () => true, take: (thing: object) => thing }
const LIFE = { states: ['NEW', 'OLD'], moves: {}, stateOf: () => 'NEW' }
const named = (name: string, row: unknown): object => JSON.parse(JSON.stringify({ [name]: row }))

describe('an API that cannot be is refused with its file, the name of what is wrong, and what would do', () => {
  it.each<[string, object, string]>([
    [
      'an operation misspelt',
      { behaviours: { listThing: () => undefined } },
      'the operation "listThing", which things does not have; the nearest are listThings',
    ],
    [
      'an operation of a document that has none',
      { document: { openapi: '3.1.0', info: { title: 'Things' }, paths: {} }, behaviours: { listThing: () => undefined } },
      'the operation "listThing", which things does not have; there is none',
    ],
    ['a behaviour that is no function', { behaviours: { listThings: {} } }, 'the behaviour "listThings" is not valid; give a function'],
    ['a kind that is nothing', { kinds: { thing: undefined } }, 'the kind "thing" is not valid; give kind({ … })'],
    [
      'a kind of a schema misspelt',
      { kinds: { thing: kind({ schema: 'Thimg' }) } },
      'the kind "thing" has the schema "Thimg", which things does not have; ',
    ],
    ['a kind named __proto__', { kinds: JSON.parse('{"__proto__":{}}') }, '"__proto__" cannot be the name of a kind; take letters'],
    ['a kind named as one of another API', { kinds: named('shop:thing', {}) }, '"shop:thing" cannot be the name of a kind; take letters'],
    ['a kind named session', { kinds: { session: kind() } }, `"session" is a name of the mock's own in kinds; take another`],
    ['a word of the mock', { kinds: { thing: kind({ word: 'faults' }) } }, `"faults" is a name of the mock's own in words; take another`],
    [
      'a word of two kinds',
      { kinds: { a: kind({ word: 'as' }), b: kind({ word: 'as' }) } },
      'the word "as" is there twice, in words or of a kind; take another',
    ],
    [
      'a life cycle without a function',
      { kinds: { thing: kind(JSON.parse('{"lifeCycle":{"states":["NEW"],"moves":{}}}')) } },
      'the kind "thing" is not valid; give kind({ … })',
    ],
    [
      'a life cycle that moves to a state misspelt',
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, moves: { addThing: [{ to: 'NEW' }, { from: 'NEW', to: ['OLD', 'GOEN'] }] } } }) } },
      'the life cycle of the kind "thing" has a move by "addThing" with the state "GOEN"; the states are NEW, OLD',
    ],
    [
      'a life cycle that an operation misspelt moves',
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, moves: { addThig: { to: 'NEW' } } } }) } },
      'has moves by "addThig", which is no operation and no step of this kind; the nearest are addThing',
    ],
    [
      'a life cycle that a step of another kind moves',
      {
        kinds: { thing: kind({ lifeCycle: { ...LIFE, moves: { go: { to: 'NEW' } } } }), other: kind() },
        steps: { go: { ...step, kind: 'other' } },
      },
      'has moves by "go", which is no operation and no step of this kind; the nearest are ',
    ],
    ...[null, 'NEW', { from: 1, to: 'NEW' }, { frm: 'NEW', to: 'OLD' }].map((move): [string, object, string] => [
      `a life cycle with the move ${JSON.stringify(move)}`,
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, moves: JSON.parse(JSON.stringify({ addThing: move })) } }) } },
      `has a move by "addThing" that is ${JSON.stringify(move)}; give from, to or both, each a state or a list of states`,
    ]),
    [
      'a life cycle with a state that is a number',
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, states: JSON.parse('["NEW", 2]') } }) } },
      'has the state 2, which is no text',
    ],
    [
      'a life cycle with a state twice',
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, states: ['NEW', 'OLD', 'NEW'] } }) } },
      'has the state "NEW" twice',
    ],
    [
      'a life cycle with a move of nothing',
      { kinds: { thing: kind({ lifeCycle: { ...LIFE, moves: { addThing: {} } } }) } },
      'has a move by "addThing" from nothing to nothing; give from, to or both',
    ],
    [
      'a step of a kind misspelt',
      { kinds: { thing: kind() }, steps: { go: { ...step, kind: 'thimg' } } },
      'the step "go" moves the kind "thimg", which the API does not have; there is thing',
    ],
    [
      'a step that takes nothing',
      { kinds: { thing: kind() }, steps: { go: { ...step, take: 1 } } },
      'the step "go" is not valid; give a text, the kind',
    ],
    ['an assumption without values', { assumptions: { a: { values: [] } } }, 'the assumption "a" is not valid; give its values'],
    [
      'a problem without a status',
      { problems: { odd: { title: 'odd' } } },
      'the problem "odd" is not valid; give a status from 300 to 599',
    ],
    [
      'a setting without a check',
      { settings: { things: { help: 'things' } } },
      'the setting "things" is not valid; give a help and a function check',
    ],
    ['a list for a table', { kinds: [kind()] }, 'kinds is not an object; give a row for each kind, by its name'],
    ['an unknown check', { dialect: { order: ['metod'] } }, `the dialect's order has a check "metod"; there are method, `],
    ['a name with a colon', { name: 'a:b' }, 'the name "a:b" cannot be; give one without spaces, colons and slashes'],
    [
      'a document from elsewhere',
      { document: new URL('https://shop.test/a.yaml') },
      'the document https://shop.test/a.yaml is not a file; save it',
    ],
    ['no document', { document: null }, 'the document is missing; give a file, its URL or an object'],
    [
      "the mock's own paths",
      { document: { openapi: '3.1.0', info: { title: 'a' }, servers: [{ url: '/__mock' }], paths: {} } },
      `the base path /__mock is the mock's own`,
    ],
  ])('%s', async (_name, definition, said) => {
    await expect(createMock({ apis: [{ ...apiOf(definition), file: 'things.ts' }] })).rejects.toMatchObject({
      name: expect.stringMatching(/^(Usage|Option|Document)Error$/),
      message: expect.stringMatching(/^(apis: )?things\.ts: /),
    })
    await expect(createMock({ apis: [{ ...apiOf(definition), file: 'things.ts' }] })).rejects.toThrow(said)
  })

  it('a setting that is an option of every mock', async () => {
    const api = apiOf({ settings: { seed: { help: 'seed', check: String } } })
    await expect(createMock({ apis: [api] })).rejects.toThrow('a setting "seed", which is an option of every mock; give it another name')
  })

  it('a member that an API does not have, as somebody may spell it', () => {
    const misspelt = { document: { openapi: '3.1.0', info: { title: 'a', version: '1' }, paths: {} }, behaviors: {} }
    expect(() => defineApi(misspelt)).toThrow('defineApi knows no "behaviors"; there are behaviours, ')
  })

  it('two of one name', async () => {
    await expect(createMock({ apis: [apiOf({}), apiOf({})] })).rejects.toThrow('there are two APIs named "things"; give one another name')
  })
})
