import { fileSchema, type MockOptions } from '../index.ts'
import type { Io } from './io.ts'

/** Prints the JSON Schema of a file that users write, with the words of the APIs that are wanted. @returns the exit code */
export async function schema(of: 'scenario' | 'states', apis: MockOptions['apis'], io: Io): Promise<number> {
  io.out(JSON.stringify(await fileSchema(of, apis), undefined, 2))
  return 0
}
