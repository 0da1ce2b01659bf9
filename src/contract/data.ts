import type { Issue } from '../base/http.ts'
import { type LoadedDocument, loadSchema } from '../document/load.ts'
import { createReader } from './schema.ts'
import type { Check } from './issues.ts'
import { createValidator } from './validator.ts'

/** A schema takes longer to compile than a file to check. */
const checks = new WeakMap<LoadedDocument, Check>()

/** What checks data by a JSON Schema that is a file of its own. */
export function dataCheck(schema: LoadedDocument): Check {
  const known = checks.get(schema)
  if (known) return known
  const reader = createReader(schema)
  const check = createValidator(schema, reader, true, schema.precompiled?.request).check(reader.at(schema.sources[0]?.uri ?? '', ''))
  checks.set(schema, check)
  return check
}

/** What is wrong with a data file by its JSON Schema, all of it; places are JSON pointers into the file. */
export function checkData(data: LoadedDocument, schema: LoadedDocument): readonly Issue[] {
  return dataCheck(schema)(data.sources[0]?.content, '')
}

/** The same for a value that stands in no file, by the name of a schema that comes with the mock. */
export async function checkValue(value: unknown, schema: string): Promise<readonly Issue[]> {
  return checkData({ name: schema, sources: [{ uri: schema, content: value, lineOf: () => undefined }] }, await loadSchema(schema))
}
