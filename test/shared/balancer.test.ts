import { Agent, createServer, get, type Server } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startBalancer } from './balancer.ts'
import { listening } from './relay.ts'

/** HTTP servers that answer with their names, and the bytes that they were sent. */
async function startServers(...names: readonly string[]): Promise<readonly { readonly port: number; readonly server: Server }[]> {
  return Promise.all(
    names.map(async (name) => {
      const server = createServer(async (request, response) => {
        let length = 0
        for await (const bytes of request) length += (bytes as Buffer).length
        response.end(`${name} ${length}`)
      })
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      return { server, port: await listening(server) }
    }),
  )
}

async function start(ports: readonly number[]) {
  const balancer = await startBalancer(ports)
  onTestFinished(() => balancer.close())
  return balancer
}

/** Asks over a connection of its own. */
async function ask(port: number, body = ''): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, headers: { connection: 'close' } })
  return answer.text()
}

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createTcpServer()
  const port = await listening(server)
  await new Promise((resolve) => void server.close(resolve))
  return port
}

it('gives each connection to the next server, with all that is sent', async () => {
  const servers = await startServers('a', 'b', 'c')
  const { port, given } = await start(servers.map(({ port }) => port))
  const asked: string[] = []
  for (let n = 0; n < 6; n++) asked.push(await ask(port, 'x'.repeat(100_000 + n)))
  expect(asked).toEqual(['a 100000', 'b 100001', 'c 100002', 'a 100003', 'b 100004', 'c 100005'])
  expect(given).toEqual([2, 2, 2])
})

it('leaves the requests of one connection with one server', async () => {
  const servers = await startServers('a', 'b')
  const { port, given } = await start(servers.map(({ port }) => port))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const askAgain = (): Promise<string> =>
    new Promise((resolve, reject) => {
      get({ port, agent }, (answer) => text(answer).then(resolve, reject)).on('error', reject)
    })
  expect([await askAgain(), await askAgain()]).toEqual(['a 0', 'a 0'])
  expect(given).toEqual([1, 0])
})

it('passes over a server that refuses, until it is there', async () => {
  const servers = await startServers('a', 'b')
  const ports = [servers[0]?.port ?? 0, await deadPort(), servers[1]?.port ?? 0]
  const { port, given } = await start(ports)
  expect([await ask(port), await ask(port), await ask(port), await ask(port)]).toEqual(['a 0', 'b 0', 'a 0', 'b 0'])
  expect(given).toEqual([2, 0, 2])
})

it('resets the client where no server can be reached', async () => {
  const { port } = await start([await deadPort(), await deadPort()])
  await expect(ask(port)).rejects.toThrow('fetch failed')
})

it('tells the client of a server that resets', async () => {
  const server = createTcpServer((socket) => {
    socket.on('data', () => socket.resetAndDestroy())
  })
  onTestFinished(() => void server.close())
  const { port } = await start([await listening(server)])
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let end: unknown
  socket.on('error', (error) => (end = 'code' in error ? error.code : error))
  socket.write('a')
  await vi.waitFor(() => expect(end).toBe('ECONNRESET'), { timeout: 60_000 })
})

it('wants ports', async () => {
  await expect(startBalancer([])).rejects.toThrow('there are no ports to share connections among; give at least one')
})
