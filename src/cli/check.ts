import { dirname, join } from 'node:path'
import { DocumentError, UsageError } from '../base/problem.ts'
import { inLine, workflowCommand } from '../base/shown.ts'
import { checkDocument, type Checked } from '../contract/check/check.ts'
import type { Finding } from '../contract/check/finding.ts'
import { loadGenerate } from '../contract/generate.ts'
import { chanceOf, keyOf } from '../core/population/random.ts'
import { fileKind } from '../document/file.ts'
import { readDocument } from '../document/load.ts'
import type { CHECK_OPTIONS } from './config.ts'
import type { Io } from './io.ts'
import { createProgress, type Progress } from './progress.ts'
import type { Settings } from './settings.ts'

/** What was found in a file, with the names of files as they were given. */
interface Looked extends Checked {
  readonly file: string
}

/** Looks whether documents would serve well. @returns 0 where nothing is an error, 1 where something is, 2 for a file that cannot be read */
export async function check(files: readonly string[], { format = 'text' }: Settings<typeof CHECK_OPTIONS>, io: Io): Promise<number> {
  const generate = await loadGenerate()
  const chance = chanceOf(keyOf('check'))
  const progress = createProgress(io)
  const looked: Looked[] = []
  let isUnread = false
  for (const file of files)
    try {
      looked.push(await look(file, { generate, chance }, progress))
    } catch (error) {
      if (!(error instanceof DocumentError || error instanceof UsageError)) throw error
      progress.erase()
      io.err(`error: ${error.message}`)
      isUnread = true
    } finally {
      progress.erase()
    }
  if (format === 'json')
    io.out(
      JSON.stringify(
        looked.flatMap(({ findings }) => findings),
        undefined,
        2,
      ),
    )
  else
    for (const one of looked)
      if (format === 'github') annotate(one, io)
      else print(one, io)
  if (isUnread) return 2
  return looked.some(({ findings }) => findings.some(({ severity }) => severity === 'error')) ? 1 : 0
}

async function look(file: string, tools: Parameters<typeof checkDocument>[1], progress: Progress): Promise<Looked> {
  if (/^https?:/i.test(file))
    throw new UsageError(`${file}: nothing is fetched; save the document first, as with curl -sS -o openapi.yaml ${file}`)
  const named = (finding: Finding): Finding => ({ ...finding, file: nameOf(finding.file, file) })
  const checked = await checkedFile(file, tools, progress)
  return { ...checked, file, findings: checked.findings.map(named) }
}

async function checkedFile(file: string, tools: Parameters<typeof checkDocument>[1], progress: Progress): Promise<Checked> {
  const { document, faults } = await readDocument(file)
  const steps = checkDocument(document, tools, faults)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    progress.tell(file, step.value.done, step.value.total)
  }
}

/** Files beside a document are named from where the command runs, as the document is; what comes through a pipe has the pipe's name. */
function nameOf(uri: string, file: string): string {
  return fileKind(file) === 'pipe' ? file : join(dirname(file), uri)
}

function print({ file, findings, operations, served }: Looked, io: Io): void {
  for (const { file: where, line, severity, rule, message } of findings)
    io.out(inLine(`${where}${line === undefined ? '' : `:${line}`}: ${severity} ${rule}: ${message}`))
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const counts = `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`
  io.out(inLine(`${file}: ${counts}; ${served} of ${counted(operations, 'operation')} would be served`))
}

function counted(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`
}

function annotate({ findings }: Looked, io: Io): void {
  for (const { file, line, severity, rule, message } of findings)
    io.raw.out(workflowCommand(severity, { file, line, title: rule }, message))
}
