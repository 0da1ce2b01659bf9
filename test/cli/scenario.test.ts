import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runHere, serveHere } from './here.ts'

const folder = mkdtempSync(join(tmpdir(), 'scenario-cli-'))
const good = join(folder, 'good.yaml')
const child = join(folder, 'child.yaml')
const bad = join(folder, 'bad.yaml')
const broken = join(folder, 'broken.yaml')
const own = mkdtempSync(join(tmpdir(), 'scenario-own-'))
writeFileSync(good, 'description: Mine.\nfaults:\n  - { id: down, status: 503 }\n')
writeFileSync(child, 'description: More.\nextends: good\nfaults:\n  - { id: down, status: 502 }\n')
writeFileSync(bad, 'clok: real\nfaults:\n  - stauts: 503\n')
writeFileSync(broken, 'orders: [\n')
writeFileSync(join(own, 'ours.yaml'), 'description: Ours.\nextends: tenant-empty\n')
writeFileSync(join(own, 'rate-limited.json'), '{ "description": "Ours instead." }')
writeFileSync(join(own, 'notes.txt'), 'no scenario')
afterAll(() => {
  for (const one of [folder, own]) rmSync(one, { recursive: true })
})

const scenario = (...args: readonly string[]) => runHere(['scenario', ...args])

describe('allocation-mock scenario list', () => {
  it('lists the bundled ones, each with its sentence', async () => {
    const { code, out, err } = await scenario('list')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^all-in-stock {2,}Nothing of an order /)
    expect(out).toMatch(/^tenant-empty {2,}There is no order /m)
    expect(out.trimEnd().split('\n')).toHaveLength(14)
  })

  it('lists those of a folder, also in the place of bundled ones, by flag or by environment', async () => {
    for (const { out } of [
      await scenario('list', '--scenarios', own, '--json'),
      await runHere(['scenario', 'list', '--json'], { env: { ALLOCATION_MOCK_SCENARIOS: own } }),
    ]) {
      const all: { name: string; description: string }[] = JSON.parse(out)
      expect(all).toHaveLength(15)
      expect(all).toEqual(all.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      expect(all.filter(({ description }) => description.startsWith('Ours'))).toEqual([
        { name: 'ours', description: 'Ours.' },
        { name: 'rate-limited', description: 'Ours instead.' },
      ])
    }
  })

  it.each<[string, readonly string[], string]>([
    ['a folder that is not there', ['--scenarios', '/nowhere'], 'error: --scenarios: the folder "/nowhere" cannot be read'],
    ['a folder with what cannot be', ['--scenarios', folder], `${bad}:1: /clok is not among the names allowed here`],
    ['an argument', ['all'], 'too many arguments'],
  ])('refuses %s', async (_what, args, said) => {
    const { code, out, err } = await scenario('list', ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })
})

describe('allocation-mock scenario check', () => {
  it('ends in 0 where all files can be', async () => {
    expect(await scenario('check', good, join(own, 'ours.yaml'))).toMatchObject({
      code: 0,
      out: `${good}: ok\n${join(own, 'ours.yaml')}: ok\n`,
      err: '',
    })
  })

  it('ends in 1 with every place where one cannot be', async () => {
    const { code, out, err } = await scenario('check', good, bad, broken)
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const lines = out.split('\n')
    expect(lines[0]).toBe(`${good}: ok`)
    expect(lines[1]).toMatch(/bad\.yaml:1: \/clok is not among the names allowed here: "clok"; there are clock, /)
    expect(lines[2]).toMatch(/bad\.yaml:3: \/faults\/0\/stauts .*; there are status, /)
    expect(lines[3]).toContain(`${broken}:`)
  })

  it('lets files extend one another, and those of a folder', async () => {
    const { code, out } = await scenario('check', child, good)
    expect(code).toBe(1)
    expect(out).toBe(`${child}:4: /faults/0/id "down" is the id of another fault; take another\n${good}: ok\n`)
    const alone = await scenario('check', child)
    expect(alone.out).toMatch(/child\.yaml:2: \/extends names no scenario: "good"; there are /)
    writeFileSync(join(folder, 'third.yaml'), 'extends: ours\n')
    expect(await scenario('check', '--scenarios', own, join(folder, 'third.yaml'))).toMatchObject({ code: 0 })
  })

  it.each<[string, readonly string[], string]>([
    ['no file', [], "missing required argument 'files'"],
    ['a file that is not there', [good, 'nowhere.yaml'], 'error: scenario check: there is no file "nowhere.yaml"'],
    ['a folder', [folder], `there is no file "${folder}"`],
  ])('is called wrongly with %s', async (_what, args, said) => {
    const { code, out, err } = await scenario('check', ...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })
})

describe('allocation-mock scenario', () => {
  it.each([
    ['nothing', [], 'list [options]'],
    ['another word', ['lst'], "unknown command 'lst'"],
  ])('says what there is for %s', async (_what, args, said) => {
    const { code, err } = await scenario(...args)
    expect(code).toBe(2)
    expect(err).toContain(said)
  })
})

describe('allocation-mock serve', () => {
  it('starts from a scenario by its name, a bundled one or one of a folder', async () => {
    const { server, url } = await serveHere(['--scenarios', own, '--scenario', 'ours'])
    const orders = (session: string, scenarioName?: string) =>
      fetch(`${url}/orders/`, {
        method: 'POST',
        headers: {
          Authorization: 'Token 1234567890',
          'Content-Type': 'application/json',
          'Mock-Session': session,
          ...(scenarioName !== undefined && { 'Mock-Scenario': scenarioName }),
        },
        body: '{}',
      })
    expect(await (await orders('a')).json()).toMatchObject({ total_results: 0 })
    expect((await orders('b', 'all-in-stock')).status).toBe(200)
    expect(await (await fetch(`${url}/__mock/sessions/b`)).json()).toMatchObject({ scenario: 'all-in-stock' })
    await server.stop()
  })

  it.each<[string, readonly string[], RegExp]>([
    [
      'a name of nobody',
      ['--scenario', 'tenant-emty'],
      /^error: --scenario: there is no scenario "tenant-emty"; there are tenant-empty, .*, or name a file\n$/,
    ],
    ['a folder with what cannot be', ['--scenarios', folder], /^error: --scenarios: \S+bad\.yaml:1: \/clok /m],
  ])('does not start with %s', async (_what, args, said) => {
    const { code, out, err } = await runHere(['serve', '--port', '0', ...args])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(said)
  })
})
