import { expressionOf, type Expression } from './expressions.ts'

/** What the code that the build has compiled of schemas calls: `precompiledModule`. */
export { FORMATS } from './formats.ts'

/** A pattern that is looked at when it is first needed. */
export function later(pattern: string): Pick<Expression, 'test'> {
  let known: Expression | undefined
  return {
    test(text) {
      known ??= expressionOf(pattern)
      if (!known) throw new SyntaxError(`the pattern ${pattern} is no regular expression`)
      return known.test(text)
    },
  }
}
