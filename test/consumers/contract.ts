import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'prettier'
import { afterAll, expect } from 'vitest'

const CONTRACTS = join(import.meta.dirname, '../../contracts')

interface Written {
  readonly interactions: readonly { readonly description: string }[]
  readonly metadata: { readonly pactSpecification: unknown }
}

/** Where a consumer's tests write their contract anew, and how it is held against the committed one. */
export function contract(consumer: string, provider: string) {
  const dir = mkdtempSync(join(tmpdir(), 'contracts-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const name = `${consumer}-${provider}.json`
  return {
    options: { consumer, provider, dir, logLevel: 'error' as const },
    committed: {
      /** The last of a file's tests: what they wrote is what is committed. */
      expect: async (): Promise<void> => {
        const written = steady(join(dir, name))
        const file = join(CONTRACTS, name)
        if (process.env['UPDATE_CONTRACTS']) {
          writeFileSync(file, await format(JSON.stringify(written), { parser: 'json', printWidth: 140 }))
        }
        const hint = `contracts/${name} is not what these tests write; UPDATE_CONTRACTS=1 npx vitest run test/consumers writes it anew`
        // oxlint-disable-next-line vitest/valid-expect -- Vitest takes a message.
        expect(written, hint).toEqual(readCommitted(file))
      },
    },
  }
}

function readCommitted(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return `${file} cannot be read: ${String(error)}`
  }
}

/** A contract without what differs from one version of Pact, or from one run, to the next. */
function steady(file: string): unknown {
  const written = JSON.parse(readFileSync(file, 'utf8')) as Written
  return {
    ...written,
    interactions: written.interactions.toSorted((a, b) => (a.description < b.description ? -1 : 1)),
    metadata: { pactSpecification: written.metadata.pactSpecification },
  }
}
