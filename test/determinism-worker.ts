import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { createMock, type MockOptions } from '../src/index.ts'

/** One request of a play; its number says what it is, whenever it is sent. */
export interface PlayedRequest {
  readonly number: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Play {
  readonly options: Pick<MockOptions, 'seed' | 'now' | 'supplierTokens' | 'retailerTokens'>
  readonly requests: readonly PlayedRequest[]
}

export interface PlayedAnswer {
  readonly number: number
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** They count requests in the order of arrival, or name the port. */
const BY_ARRIVAL = ['mock-request-id', 'mock-explain', 'connection', 'keep-alive']

function send(port: number, { number, method, path, headers, body }: PlayedRequest): Promise<PlayedAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const kept = Object.entries(incoming.headers).filter(([name]) => !BY_ARRIVAL.includes(name))
        resolve({
          number,
          status: incoming.statusCode ?? 0,
          headers: Object.fromEntries(kept),
          // A command that is offered names the port.
          body: Buffer.concat(chunks).toString('latin1').replaceAll(`http://127.0.0.1:${port}/`, 'http://mock/'),
        })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

if (import.meta.main) {
  // The test wrote it by the type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { options, requests } = (await json(process.stdin)) as Play
  await using mock = await createMock(options)
  const { port } = await mock.listen({ port: 0 })
  const answers: PlayedAnswer[] = []
  for (const one of requests) answers.push(await send(port, one))
  process.stdout.write(JSON.stringify(answers.toSorted((a, b) => a.number - b.number)))
}
