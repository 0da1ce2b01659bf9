import { checkValue } from '../contract/data.ts'
import { isJson } from '../contract/schema.ts'
import { DATA_VERSION } from '../core/population/random.ts'
import { UsageError } from '../base/problem.ts'
import type { Exported } from './export.ts'

const HOW_TO_GET_ONE = 'give a file that GET /__mock/sessions/{name}/export has answered'

/**
 * A value as an export, checked.
 * @throws UsageError for what is not a valid export, or is of another format or of other data
 */
export async function readExported(value: unknown): Promise<Exported> {
  if (!isJson(value)) throw new UsageError(`it is not a valid export, but ${JSON.stringify(value)?.slice(0, 60)}; ${HOW_TO_GET_ONE}`)
  const { format, version, dataVersion, code, detail } = value
  if (format === undefined && typeof detail === 'string')
    throw new UsageError(`it is not an export, but a refusal (${String(code)}): ${detail}; ${HOW_TO_GET_ONE}`)
  if (format === undefined || !Array.isArray(value['exchanges']))
    throw new UsageError(`it is not a valid export: it has no ${format === undefined ? 'format' : 'exchanges'}; ${HOW_TO_GET_ONE}`)
  if (format !== 2)
    throw new UsageError(
      `its format is ${JSON.stringify(format)}, and only 2 is read; replay it with allocation-mock ${String(version)}, which made it`,
    )
  if (dataVersion !== DATA_VERSION)
    throw new UsageError(
      `it has the data version ${JSON.stringify(dataVersion)}, and this is ${DATA_VERSION}: the same seed gives other data; replay it with allocation-mock ${String(version)}, which made it`,
    )
  const issues = (await checkValue(value, 'export')).map(({ at, message }) => `${at} ${message}`)
  if (issues.length > 0)
    throw new UsageError(
      `it is not a valid export: ${issues.slice(0, MAX_ISSUES).join('; ')}${issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : ''}; export the session again`,
    )
  // Its schema has just been checked.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return value as unknown as Exported
}

const MAX_ISSUES = 5
