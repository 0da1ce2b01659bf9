import { expect, it } from 'vitest'
import { SERVE_OPTIONS } from '../../src/cli/config.ts'
import { withSwitches } from '../../src/cli/switches.ts'
import { runHere } from './here.ts'

it.each([
  ['--errors', '--errors'],
  ['--errors true', '--errors'],
  ['--errors=true', '--errors'],
  ['--errors=false', '--no-errors'],
  ['--errors false a.yaml', '--no-errors a.yaml'],
  ['--no-errors', '--no-errors'],
  ['-d true a.yaml', '--dynamic a.yaml'],
  ['-d', '--dynamic'],
  ['--cors a.yaml', '--cors=true a.yaml'],
  ['--cors false a.yaml', '--no-cors a.yaml'],
  ['--host true', '--host true'],
  ['-- --errors true', '-- --errors true'],
])('%s is %s', (given, said) => {
  expect(withSwitches(given.split(' '), [SERVE_OPTIONS]).join(' ')).toBe(said)
})

it('a switch that is said to be something else is refused', async () => {
  expect(await runHere(['serve', '--errors=maybe'])).toMatchObject({ code: 2, err: 'error: --errors is "maybe"; give true or false\n' })
})

it('a flag counts before its variable, also where it says no', async () => {
  const env = { ALLOCATION_MOCK_JSON: 'true' }
  expect((await runHere(['assumptions'], { env })).out).toMatch(/^\[/)
  expect((await runHere(['assumptions', '--json', 'false'], { env })).out).not.toMatch(/^\[/)
  expect((await runHere(['assumptions', '--no-json'], { env })).out).not.toMatch(/^\[/)
})
