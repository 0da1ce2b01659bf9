#!/usr/bin/env node
// Runs on any Node that knows modules, so that one that is too old is told what to do.
const NEEDED = [24, 18]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `allocation-mock needs Node ${NEEDED.join('.')} or newer; this is ${process.version}.\n` +
      '"npm i -D node@24" brings one to your project, which npx and npm scripts then use; in a checkout "npm ci" has done that.\n' +
      'Its install script must be allowed to run: no --ignore-scripts, no ignore-scripts=true in .npmrc.',
  )
  process.exitCode = 2
} else {
  const { enableCompileCache } = await import('node:module')
  // Compiled code is kept between runs, beside other programs' of Node: about a fifth of what a start takes.
  enableCompileCache()
  let main
  try {
    ;({ main } = await import('../dist/main.js'))
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.includes('dist/main.js')) throw error
    console.error('allocation-mock is not built. Run "npm ci" (with install scripts allowed) or "npm run build" first.')
    process.exitCode = 2
  }
  if (main) process.exitCode = await main(process.argv.slice(2))
}
