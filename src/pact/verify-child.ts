import { Verifier, type VerifierOptions } from '@pact-foundation/pact-core'

/**
 * Runs the Pact verifier for `verify.ts`, in a process of its own: it prints to standard output past any JavaScript, and is configured by
 * the environment. Each message is a run's options as JSON; the answer is the report, or the words of what went wrong.
 *
 * This is the core that pact-js' `Verifier` wraps in a proxy. The proxy dies of a provider that breaks a connection off, and rewrites bodies:
 * a form arrives as JSON.
 */
process.on('message', (message) => void run(String(message)).then((text) => process.send?.(text)))

// Nobody is left to report to.
process.on('disconnect', () => process.exit())

async function run(message: string): Promise<string> {
  try {
    const options: VerifierOptions = JSON.parse(message)
    return await new Verifier(options).verify()
  } catch (error) {
    // A verification that fails rejects with its report.
    return error instanceof Error ? error.message : String(error)
  }
}
