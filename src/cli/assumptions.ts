import { assumptionList } from '../index.ts'
import type { ASSUMPTION_OPTIONS, Io, Settings } from './config.ts'

/** Prints what is assumed where the documents are silent: one row an assumption, from the table that the server works by. @returns the exit code */
export function assumptions({ assume = [], json = false }: Settings<typeof ASSUMPTION_OPTIONS>, io: Io): number {
  const rows = assumptionList(Object.fromEntries(assume))
  if (json) io.out(JSON.stringify(rows, undefined, 2))
  else
    for (const { name, value, alternatives, question, reason, source } of rows)
      for (const line of [`${name}=${value}  (or ${alternatives.join(', ')})`, `  ${question}`, `  ${reason}`, `  ${source}`, ''])
        io.out(line)
  return 0
}
