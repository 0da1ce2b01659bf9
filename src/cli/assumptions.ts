import { assumptionList } from '../index.ts'
import type { ASSUMPTION_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import type { Settings } from './settings.ts'

/** Prints what is assumed where the documents are silent: one row an assumption, from the table that the server works by. @returns the exit code */
export function assumptions(
  { assume, json = false }: Settings<typeof ASSUMPTION_OPTIONS>,
  apis: Parameters<typeof assumptionList>[1],
  io: Io,
): number {
  const rows = assumptionList(assume, apis)
  if (json) io.out(JSON.stringify(rows, undefined, 2))
  else
    for (const { name, value, alternatives, question, reason, source } of rows)
      for (const line of [`${name}=${value}  (or ${alternatives.join(', ')})`, `  ${question}`, `  ${reason}`, `  ${source}`, ''])
        io.out(line)
  return 0
}
