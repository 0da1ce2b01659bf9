import { describe, expect, it } from 'vitest'
import { checkOptions, type LibraryOptions, refuseUnknown } from '../src/base/option.ts'
import { OptionError } from '../src/base/problem.ts'
import { checkText, checkWholeNumber, readText, readWholeNumber } from '../src/base/values.ts'
import { asGiven, readSettings } from '../src/cli/settings.ts'
import { createMock } from '../src/index.ts'
import { BUNDLED } from '../src/bundled.ts'
import { MOCK_OPTIONS } from '../src/options.ts'

describe('every option of createMock', () => {
  it.each(Object.keys(Object.assign({ ...MOCK_OPTIONS }, ...BUNDLED.map(({ settings }) => settings))))(
    '%s names itself where its value cannot be',
    async (option) => {
      const error: unknown = await createMock({ [option]: null }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(OptionError)
      expect(error).toMatchObject({ option, message: expect.stringMatching(new RegExp(`^${option} is (null|not usable); \\w`)) })
    },
  )
})

describe('rows that are told at run time', () => {
  const rows: LibraryOptions = {
    warehouses: {
      flag: '--warehouses <number>',
      default: 3,
      help: 'warehouses',
      read: readWholeNumber(0, 9),
      check: checkWholeNumber(0, 9),
    },
    stampKeys: { flag: '--stamp-key <text>', repeats: true, isSecret: true, help: 'keys', read: readText, check: checkText },
    clock: { help: 'for programs only', check: checkText },
  }

  it('are options of the library', () => {
    expect(checkOptions(rows, { stampKeys: ['a', 'b'] })).toEqual({ warehouses: 3, stampKeys: ['a', 'b'], clock: undefined })
    expect(() => checkOptions(rows, { stampKeys: 'a' })).toThrow('stampKeys is not usable; give a list')
    expect(() => checkOptions(rows, { warehouses: 10 })).toThrow('warehouses is 10; give a whole number from 0 to 9')
    expect(() => refuseUnknown(rows, { warehuoses: 1 })).toThrow('unknown option "warehuoses"; there are warehouses, ')
  })

  it('are flags and environment variables, and named by whichever was given', () => {
    const env = { ALLOCATION_MOCK_STAMP_KEY: 'a,b', ALLOCATION_MOCK_WAREHOUSES: '4', ALLOCATION_MOCK_CLOCK: 'x' }
    expect(readSettings(rows, { flags: {}, env })).toEqual({ warehouses: 4, stampKeys: ['a', 'b'] })
    const given = { flags: { warehouses: '5' }, env }
    expect(readSettings(rows, given)).toMatchObject({ warehouses: 5 })
    const said = (option: string): unknown => asGiven(new OptionError(option, 'it burns'), rows, given)
    expect([said('warehouses'), said('stampKeys'), said('clock')]).toMatchObject(
      ['--warehouses', 'ALLOCATION_MOCK_STAMP_KEY', 'clock'].map((name) => ({ message: `${name}: it burns` })),
    )
  })
})
