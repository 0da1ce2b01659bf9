/** The command from its sources, for `npm run dev`. */
import { main } from '../src/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
