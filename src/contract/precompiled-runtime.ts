import { type Expression, testOf } from './expressions.ts'

/** What the code that the build has compiled of schemas calls: `precompiledModule`. */
export { FORMATS } from './formats.ts'

/** What tests texts by a pattern that the build has judged. */
export function judged(expression: RegExp, degree: number): Pick<Expression, 'test'> {
  return { test: testOf(expression, degree) }
}
