import { describe, expect, it } from 'vitest'
import { ASSUMPTIONS } from '../support.ts'
import { runHere } from './here.ts'

const run = (args: readonly string[], env: Record<string, string> = {}) => runHere(['assumptions', ...args], { env })

describe('allocation-mock assumptions', () => {
  it('lists each with value, alternatives, question, reason and source', async () => {
    const { code, out, err } = await run([])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const expected = Object.entries(ASSUMPTIONS).map(
      ([name, { values, question, reason, source }]) =>
        `${name}=${values[0]}  (or ${values.slice(1).join(', ')})\n  ${question}\n  ${reason}\n  ${source}\n`,
    )
    expect(out).toBe(`${expected.join('\n')}\n`)
  })

  it('prints the same as JSON', async () => {
    const { out } = await run(['--json'])
    expect(JSON.parse(out)).toEqual(
      Object.entries(ASSUMPTIONS).map(([name, { values, ...row }]) => ({ name, value: values[0], alternatives: values.slice(1), ...row })),
    )
  })

  it('shows what was chosen, by flag or by environment', async () => {
    const chosen = { name: 'oms.cancel.again', value: '200', alternatives: ['404', '400'] }
    for (const { out } of [
      await run(['--json', '--assume', 'oms.cancel.again=200']),
      await run(['--json'], { ALLOCATION_MOCK_ASSUME: 'oms.cancel.again=200' }),
    ])
      expect(JSON.parse(out)).toContainEqual(expect.objectContaining(chosen))
  })

  it.each([
    [
      'an assumption of nobody',
      ['--assume', 'oms.cancel.agian=200'],
      'error: --assume: unknown assumption "oms.cancel.agian"; there are oms.cancel.again, ',
    ],
    ['a value of nobody', ['--assume', 'oms.cancel.again=500'], 'unknown value "500" of oms.cancel.again; there are '],
    ['no pair', ['--assume', 'oms.cancel.again'], '--assume is "oms.cancel.again"; give NAME=VALUE'],
    ['an argument', ['all'], 'too many arguments'],
  ])('refuses %s', async (_name, args, said) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })
})
