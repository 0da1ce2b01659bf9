import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Client } from 'pg'
import { inject } from 'vitest'

/** The PostgreSQL that the tests of a run share: their own, or that of ALLOCATION_MOCK_TEST_POSTGRES=postgres://…, whose role may do all. */

const server = process.env['ALLOCATION_MOCK_TEST_POSTGRES'] ?? (await text(connect(inject('postgresPort'), '127.0.0.1')))
if (!server.startsWith('postgres')) throw new Error(server)

/** Its URL, with a schema that nobody else has. */
export function postgresUrl(): string {
  return withSchema(server, `test_${randomUUID().slice(0, 8)}`)
}

export function withSchema(url: string, schema: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}schema=${schema}`
}

/** Runs statements on the server of a URL, in the schema that it names. */
export async function sql(url: string, statements: string): Promise<readonly Record<string, unknown>[]> {
  const [, before = url, schema = 'public', after = ''] = /^(.*)[?&]schema=(\w+)(.*)$/.exec(url) ?? []
  const client = new Client({ connectionString: before + after, options: `-c search_path=${schema}` })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statements)
    return rows
  } finally {
    await client.end()
  }
}
