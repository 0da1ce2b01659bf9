import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BIN, type Ended, ROOT, Running, serve } from './cli/process.ts'
import type { Block } from './pages.ts'

// A page is told as it stands: its blocks in their order, in the checkout, one server at a time.
//   sh            ends well; a text or json block right behind it shows what it prints, and a request that shows nothing succeeds
//   sh exits-N    ends with that code; what it complains of is shown as well
//   sh serves     is a server, which the blocks behind it ask
//   sh serves beside   is one more, at port 4011, while the one before it goes on
//   sh no-run     is not run: docs.test.ts says why
//   text log      are lines that the server logs
//   LANG /tmp/x   is a file for the blocks behind it
//   LANG x/y      is that file of the project
//   LANG x/y part is found in it
//   mermaid       is a picture
// In what is shown, … stands for anything; "$DATABASE_URL" in a command is a database that is there.

/** What a block says, and what there is instead; nothing where it says what is so. */
export type Wrong = { readonly at: string; readonly said: unknown; readonly is: unknown } | undefined

/** The address that pages name. */
const USUAL = 'http://127.0.0.1:4010'
const BESIDE = 'http://127.0.0.1:4011'

interface Served {
  readonly server: Running
  readonly url: string
}

/** Commands that ask no server and read nothing of a page, as they ended: they need not run again for another page. */
const ran: Record<string, Promise<Ended>> = {}

/** A folder in which modules find the package. */
function projectWithPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'page-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/allocation-mock'))
  return folder
}

/** One telling of a page. */
export class Telling {
  readonly #folder = projectWithPackage()
  #database: Promise<string> | undefined
  readonly #logs: { readonly block: Block; readonly served: Served }[] = []
  #served: Served | undefined
  #beside: Served | undefined

  /** @param shown the block behind it, if it shows what this one prints @throws Error for a block that nothing knows how to tell */
  async tell(block: Block, shown: Block | undefined): Promise<Wrong> {
    const { language, words, text, at } = block
    const [word = '', how] = words
    if (word === 'no-run' || language === 'mermaid') return undefined
    if (word === 'serves') return this.#start(text, shown, how === 'beside')
    if (language === 'sh') return this.#run(block, shown)
    if (language === 'text' && word === 'log') this.#logs.push({ block, served: await this.#serving() })
    else if (word.startsWith('/tmp/')) writeFileSync(this.#here(word), text)
    else if (word === '') throw new Error(`${at}: nothing runs this block of ${language}, and no command prints it`)
    else {
      const is = readFileSync(join(ROOT, word), 'utf8')
      return how === 'part' && is.includes(text) ? undefined : wrong(at, text, is)
    }
    return undefined
  }

  /** The server stops. @returns the lines that none has logged */
  async end(): Promise<readonly Wrong[]> {
    await this.#stop()
    return this.#logs.flatMap(({ block, served }) => {
      const logged = this.#there(served.server.err, served)
      const lines = block.text.trimEnd().split('\n')
      return lines.flatMap((said) => (asShown(said, 'm').test(logged) ? [] : [{ at: block.at, said, is: logged }]))
    })
  }

  async drop(): Promise<void> {
    await this.#stop()
    rmSync(this.#folder, { recursive: true })
  }

  async #stop(): Promise<void> {
    await this.#beside?.server.stop()
    await this.#served?.server.stop()
  }

  async #run({ text, words: [word = ''], at }: Block, shown: Block | undefined): Promise<Wrong> {
    const served = /127\.0\.0\.1|stories/.test(text) ? await this.#serving() : undefined
    // Where nothing is shown, what a request is refused with is a failure of curl.
    writeFileSync(join(this.#folder, '.curlrc'), shown ? '' : 'fail-with-body\n')
    const env = { CURL_HOME: this.#folder, ...(await this.#variables(text)) }
    const begin = (): Promise<Ended> => new Running('sh', ['-e'], { input: this.#here(text, served), env }).ended
    const { out, err, code } = await (served || text.includes('/tmp/') ? begin() : (ran[text] ??= begin()))
    const [, wanted] = /^exits-(\d+)$/.exec(word) ?? []
    const hasEnded = code === Number(wanted ?? 0) && (err === '' || wanted !== undefined)
    if (!hasEnded) return { at, said: word, is: { code, err } }
    return shown && wrong(shown.at, shown.text, this.#there(out + err, served))
  }

  async #start(text: string, shown: Block | undefined, isBeside: boolean): Promise<Wrong> {
    if (!isBeside) {
      await this.#stop()
      this.#beside = undefined
    }
    const server = new Running('sh', [], { input: `exec ${this.#here(text).trimEnd()} --port 0\n`, env: await this.#variables(text) })
    const [, url = ''] = await server.until(/ready on (http:\/\/\S+) /)
    if (isBeside) this.#beside = { server, url }
    else this.#served = { server, url }
    if (shown) await server.until(asShown(this.#here(shown.text)))
    return undefined
  }

  async #serving(): Promise<Served> {
    return (this.#served ??= await serve())
  }

  /** What a page that speaks of `$DATABASE_URL` has there: a schema of its own, in the database of the tests. */
  async #variables(text: string): Promise<Record<string, string>> {
    if (!text.includes('$DATABASE_URL')) return {}
    // Not before it is needed: it starts a database.
    this.#database ??= import('./postgres.ts').then(({ postgresUrl }) => postgresUrl())
    return { DATABASE_URL: await this.#database }
  }

  /** A command as it is run here. What npm and npx find is what package.json names: readme.test.ts. */
  #here(text: string, { url } = this.#served ?? { url: USUAL }): string {
    return (
      text
        // First: what is put in below may lie in /tmp itself.
        .replaceAll('/tmp/', `${this.#folder}/`)
        .replaceAll(/^(?:npm ci && )?npm start(?: --)?/gm, `${process.execPath} ${BIN} serve`)
        .replaceAll(/^npx allocation-mock/gm, `${process.execPath} ${BIN}`)
        .replaceAll(/^node (fixtures\/stories\/\S+)$/gm, `${process.execPath} $1 ${url}`)
        .replaceAll(USUAL, url)
        .replaceAll(BESIDE, this.#beside?.url ?? BESIDE)
    )
  }

  /** What is printed here as it would be there. */
  #there(text: string, { url } = this.#served ?? { url: USUAL }): string {
    return text
      .replaceAll(`${this.#folder}/`, '/tmp/')
      .replaceAll(url, USUAL)
      .replaceAll(this.#beside?.url ?? BESIDE, BESIDE)
      .replaceAll('\r\n', '\n')
      .replace(/\n?$/, '\n')
  }
}

function wrong(at: string, said: string, is: string): Wrong {
  return asShown(said).test(is) ? undefined : { at, said, is }
}

/** What fits what is shown, where … stands for anything. */
function asShown(text: string, flags = ''): RegExp {
  return new RegExp(`^${text.split('…').map(RegExp.escape).join('[^]*')}$`, flags)
}
