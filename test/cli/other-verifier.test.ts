import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Ended, ROOT, Running, serve } from './process.ts'
import { elsewhere, project } from './project.ts'

/** The verifier of Pact's own command line: a program in Rust that knows nothing of this project. */
const VERIFIER = '@pact-foundation/pact-cli@18.1.2'

const files = readdirSync(join(ROOT, 'contracts')).filter((name) => name.endsWith('.json'))
const descriptions = files.flatMap((file): string[] => {
  const { interactions }: { interactions: { description: string }[] } = JSON.parse(readFileSync(join(ROOT, 'contracts', file), 'utf8'))
  return interactions.map(({ description }) => description)
})

it('verifies the contracts with nothing but the address of provider states, twice at once under two prefixes', async (context) => {
  const cwd = await project(context, VERIFIER)
  const { server, url, port } = await serve(['--log', 'none'])
  const verify = (prefix: string, { states = prefix, more = [] }: { states?: string; more?: readonly string[] } = {}): Promise<Ended> => {
    const pacts = files.flatMap((file) => ['--file', join(ROOT, 'contracts', file)])
    const provider = ['--hostname', '127.0.0.1', '--port', port, '--base-path', `/~${prefix}`, '--json', `${prefix}.json`, '--no-colour']
    return new Running(
      join(cwd, 'node_modules/.bin/pact-verifier'),
      [...pacts, ...provider, '--state-change-url', `${url}/~${states}/_pact/provider_states`, ...more],
      { cwd, env: { ...elsewhere, PACT_DO_NOT_TRACK: 'true' } },
    ).ended
  }
  const report = async (prefix: string): Promise<object> => JSON.parse(await readFile(join(cwd, `${prefix}.json`), 'utf8'))

  const ended = await Promise.all([verify('one', { more: ['--state-change-teardown'] }), verify('two')])
  expect(ended.map(({ code, err }) => ({ code, err }))).toEqual([
    { code: 0, err: '' },
    { code: 0, err: '' },
  ])
  for (const prefix of ['one', 'two'])
    expect(await report(prefix)).toMatchObject({
      result: true,
      errors: [],
      interactionResults: descriptions.map((description) => ({ description, result: 'OK' })),
    })

  // It does see what is wrong: states set up in another session do not help.
  expect(await verify('three', { states: 'elsewhere' })).toMatchObject({ code: 1 })
  const { errors } = (await report('three')) as { errors: readonly object[] }
  expect(errors.length).toBeGreaterThan(descriptions.length / 4)
  await server.stop()
})
