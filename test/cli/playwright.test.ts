import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { ROOT, Running, serve } from './process.ts'
import { folder } from './project.ts'

// Its tests send requests; a browser is nothing that a package brings.
it('gives each worker of Playwright a session of its own', async () => {
  const { server, url } = await serve(['--require-session'])
  const args = ['test', '-c', join(ROOT, 'test/examples'), '--workers', '2', '--repeat-each', '4', '--output', await folder()]
  const { code, out } = await new Running('playwright', args, { env: { MOCK_URL: url } }).ended
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('4 passed') })
  // Each worker, which for Playwright a repetition is, begins one and drops it.
  expect(await connect(url).sessions()).toEqual([])
  const log = (await server.stop()).err
  expect(new Set(log.match(/^session-\d+/gm)).size).toBe(4)
})
