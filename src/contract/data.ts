import type { Issue } from '../http.ts'
import type { LoadedDocument } from '../load.ts'
import { createReader } from './schema.ts'
import { createValidator } from './validator.ts'

/** What is wrong with a data file by its JSON Schema, all of it; places are JSON pointers into the file. */
export function checkData(data: LoadedDocument, schema: LoadedDocument): readonly Issue[] {
  const reader = createReader(schema)
  const check = createValidator(schema, reader).check(reader.at(schema.sources[0]?.uri ?? '', ''))
  return check(data.sources[0]?.content, '')
}
