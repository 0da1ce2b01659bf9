import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, unknown>

/** A version of a pact's content: consumer versions with the same content share it, and so do results. */
interface Content {
  readonly sha: string
  readonly consumer: string
  readonly provider: string
  readonly content: Json
  readonly results: Json[]
}
interface Published {
  readonly consumerVersion: string
  readonly at: string
  readonly of: Content
}
export interface Arrived {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Json
}

/**
 * As much of a Pact Broker as a verifier sees, by what the real one answers: its links, selectors by branch and consumer, pending (by the
 * provider's branch), work in progress, documents with ids in their interactions, branch versions, results.
 */
export class BrokerStandIn {
  /** All requests, in order. */
  readonly arrived: Arrived[] = []
  /** Answers in place of the broker's own; tests put a broken broker here. */
  override: ((request: Arrived, response: ServerResponse) => boolean) | undefined
  /** What a caller must show. */
  authorization: string | undefined
  /** What it tells of each pact before it is verified, beside its own. */
  notice: string | undefined
  url = ''
  readonly #contents: Content[] = []
  readonly #published: Published[] = []
  /** Branches by `PARTICIPANT VERSION`. */
  readonly #branches = new Map<string, Set<string>>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** As `pact-broker publish --branch` does. @returns the sha of the content */
  async publish(pact: Json, consumerVersion: string, branch: string): Promise<string> {
    const [consumer, provider] = ['consumer', 'provider'].map((role) => encodeURIComponent((pact[role] as { name: string }).name))
    const put = async (path: string, body: Json): Promise<Json> => {
      const response = await fetch(this.url + path, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', ...(this.authorization !== undefined && { authorization: this.authorization }) },
        body: JSON.stringify(body),
      })
      return (await response.json()) as Json
    }
    await put(`/pacticipants/${consumer}/branches/${encodeURIComponent(branch)}/versions/${consumerVersion}`, {})
    const { _links } = await put(`/pacts/provider/${provider}/consumer/${consumer}/version/${consumerVersion}`, pact)
    return ((_links as Json)['pb:publish-verification-results'] as { href: string }).href.split('/').at(-2) ?? ''
  }

  /** What has been told of a content, the first first. */
  resultsOf(sha: string): readonly Json[] {
    return this.#contents.find((one) => one.sha === sha)?.results ?? []
  }

  branchesOf(participant: string, version: string): string[] {
    return [...(this.#branches.get(`${participant} ${version}`) ?? [])]
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
    const { method = '', url = '', headers } = request
    const body: Json = text === '' ? {} : JSON.parse(text)
    const arrived = { method, path: url, authorization: headers.authorization, body }
    this.arrived.push(arrived)
    if (this.override?.(arrived, response)) return
    const answer = (status: number, value: Json): void => hal(response, status, value)
    if (this.authorization !== undefined && headers.authorization !== this.authorization)
      return answer(401, { error: { message: 'You are not authorised to do that', reference: 'a1' } })
    const [room = '', ...parts] = url
      .slice(1)
      .split('/')
      .map((part) => decodeURIComponent(part))
    if (room === '') return answer(200, { _links: this.#index() })
    if (room === 'pacticipants') return this.#participant(method, parts, answer)
    const [, provider = '', kind, consumer = '', by, key = '', more] = parts
    if (kind === 'for-verification') return this.#forVerification(provider, body, answer)
    if (kind === 'consumer' && by === 'version' && method === 'PUT')
      return answer(201, this.#document(this.#take(consumer, provider, key, body)))
    const found = this.#contents.find(({ sha }) => sha === key)
    if (!found) return answer(404, { error: 'The requested document was not found on this server.' })
    if (more !== 'verification-results') return answer(200, this.#document(found))
    if (typeof body['providerApplicationVersion'] !== 'string')
      return answer(400, { errors: { providerApplicationVersion: ["can't be blank"] } })
    found.results.push(body)
    answer(201, body)
  }

  #index(): Json {
    return {
      self: { href: this.url, title: 'Index', templated: false },
      'pb:provider-pacts-for-verification': {
        href: `${this.url}/pacts/provider/{provider}/for-verification`,
        title: 'Pact versions to be verified for the specified provider',
        templated: true,
      },
      curies: [{ name: 'pb', href: `${this.url}/doc/{rel}?context=index`, templated: true }],
    }
  }

  #participant(
    method: string,
    [name = '', kind, branch = '', , version = '']: string[],
    answer: (status: number, value: Json) => void,
  ): void {
    if (kind === 'branches' && method === 'PUT') {
      const key = `${name} ${version}`
      this.#branches.set(key, (this.#branches.get(key) ?? new Set()).add(branch))
      return answer(201, {})
    }
    const self = `${this.url}/pacticipants/${encodeURIComponent(name)}`
    answer(200, {
      name,
      _links: {
        self: { href: self },
        'pb:branch-version': {
          title: 'Get or add/create a version for a branch',
          href: `${self}/branches/{branch}/versions/{version}`,
          templated: true,
        },
      },
    })
  }

  #take(consumer: string, provider: string, consumerVersion: string, content: Json): Content {
    const sha = createHash('sha1').update(JSON.stringify(content)).digest('hex')
    const known = this.#contents.find((one) => one.sha === sha)
    const of = known ?? { sha, consumer, provider, content, results: [] }
    if (!known) this.#contents.push(of)
    this.#published.push({ consumerVersion, at: '2026-03-01T12:00:00+00:00', of })
    return of
  }

  /** The document of a pact: its content, ids in its interactions, links. */
  #document({ sha, consumer, provider, content }: Content): Json {
    const [c, p] = [consumer, provider].map((name) => encodeURIComponent(name))
    const version = this.#published.findLast(({ of }) => of.sha === sha)?.consumerVersion ?? ''
    return {
      ...content,
      interactions: (content['interactions'] as Json[]).map((one, index) => ({ _id: `${sha.slice(0, 8)}-${index}`, ...one })),
      createdAt: '2026-03-01T12:00:00+00:00',
      _links: {
        self: {
          title: 'Pact',
          name: `Pact between ${consumer} (${version}) and ${provider}`,
          href: `${this.url}/pacts/provider/${p}/consumer/${c}/version/${version}`,
        },
        'pb:consumer-version': { title: 'Consumer version', name: version, href: `${this.url}/pacticipants/${c}/versions/${version}` },
        'pb:provider': { title: 'Provider', name: provider, href: `${this.url}/pacticipants/${p}` },
        'pb:publish-verification-results': {
          title: 'Publish verification results',
          href: `${this.url}/pacts/provider/${p}/consumer/${c}/pact-version/${sha}/verification-results`,
        },
      },
    }
  }

  #forVerification(provider: string, body: Json, answer: (status: number, value: Json) => void): void {
    const all = this.#published.filter(({ of }) => of.provider === provider)
    if (all.length === 0) return answer(404, { error: `No provider with name '${provider}' found` })
    const selectors = (body['consumerVersionSelectors'] ?? []) as { branch?: string; mainBranch?: boolean; consumer?: string }[]
    const unreadable = selectors.find(({ branch, mainBranch, consumer }) => (branch ?? mainBranch ?? consumer) === undefined)
    if (unreadable) return answer(400, { errors: { consumerVersionSelectors: ['must specify a value for branch (at index 0)'] } })
    const own = body['providerVersionBranch'] as string | undefined
    const isPending = ({ of }: Published): boolean =>
      !of.results.some((result) => result['success'] === true && this.#isOf(provider, result, own))
    const latest = (consumer: string, branch: string | undefined): Published | undefined =>
      all.findLast(
        ({ of, consumerVersion }) =>
          of.consumer === consumer && (branch === undefined || this.branchesOf(consumer, consumerVersion).includes(branch)),
      )
    const consumers = [...new Set(all.map(({ of }) => of.consumer))]
    const selected = consumers.flatMap((name) =>
      (selectors.length === 0 ? [{}] : selectors).flatMap(
        ({ branch, mainBranch, consumer }: { branch?: string; mainBranch?: boolean; consumer?: string }) => {
          if (consumer !== undefined && consumer !== name) return []
          return latest(name, mainBranch === true ? 'main' : branch) ?? []
        },
      ),
    )
    const since = body['includeWipPactsSince'] as string | undefined
    const branches = (name: string): string[] => [
      ...new Set(all.flatMap(({ of, consumerVersion }) => (of.consumer === name ? this.branchesOf(name, consumerVersion) : []))),
    ]
    // The real one gives none, without a word, where the provider names no branch.
    const wip =
      since === undefined || own === undefined
        ? []
        : consumers
            .flatMap((name) => branches(name).flatMap((branch) => latest(name, branch) ?? []))
            .filter((one) => one.at >= since && isPending(one) && !selected.some(({ of }) => of === one.of))
    const listed = [...new Map([...selected, ...wip].map((one) => [one.of.sha, one])).values()]
    answer(200, {
      _embedded: {
        pacts: listed.map((one) =>
          this.#listed(one, { wip: wip.includes(one), pending: body['includePendingStatus'] === true ? isPending(one) : undefined }),
        ),
      },
      _links: {
        self: {
          href: `${this.url}/pacts/provider/${encodeURIComponent(provider)}/for-verification`,
          title: `Pacts to be verified by provider ${provider}`,
        },
      },
    })
  }

  #isOf(provider: string, result: Json, branch: string | undefined): boolean {
    return branch === undefined || this.branchesOf(provider, String(result['providerApplicationVersion'])).includes(branch)
  }

  #listed(
    { of: { sha, consumer, provider }, consumerVersion }: Published,
    { wip, pending }: { wip: boolean; pending: boolean | undefined },
  ): Json {
    const [c, p] = [consumer, provider].map((name) => encodeURIComponent(name))
    const href = `${this.url}/pacts/provider/${p}/consumer/${c}/pact-version/${sha}/metadata/${Buffer.from(`cvn=${consumerVersion}`).toString('base64url')}`
    return {
      shortDescription: wip ? 'work in progress' : 'selected',
      verificationProperties: {
        ...(pending !== undefined && { pending }),
        ...(wip && { wip }),
        notices: [
          ...(this.notice === undefined ? [] : [{ when: 'before_verification', text: this.notice }]),
          {
            when: 'before_verification',
            text: `The pact at ${href} is being verified because it ${wip ? "is a 'work in progress' pact" : 'matches a selector'}`,
          },
          ...(pending === true
            ? [{ when: 'after_verification:success_true_published_true', text: 'This pact is no longer in pending state' }]
            : []),
        ],
      },
      _links: { self: { href, name: `Pact between ${consumer} (${consumerVersion}) and ${provider}` } },
    }
  }
}

function hal(response: ServerResponse, status: number, value: Json): void {
  response.writeHead(status, { 'content-type': 'application/hal+json;charset=utf-8' }).end(JSON.stringify(value))
}
