/** What is found in a document before it is served. */

export interface CheckRule {
  /** Errors are what makes an operation answer 500, or never be reached; a warning is about what is served, and probably is a slip. */
  readonly severity: 'error' | 'warning'
  /** Where it is the other. */
  readonly except?: string
  readonly says: string
}

const UNUSED = 'a warning where no operation comes to it'

/** Every rule. The reference is made from it, and each has a case in test/cases/check. */
export const CHECK_RULES = {
  'document-unservable': { severity: 'error', says: 'The document as a whole cannot be served.' },
  'paths-missing': { severity: 'error', says: 'The document has no paths: nothing is served.' },
  'server-invalid': {
    severity: 'warning',
    says: 'The URL of the first server, its variables filled in, is none: what stands before every other path is guessed.',
  },
  'path-malformed': {
    severity: 'warning',
    says: 'A path does not begin with a slash: it is served as if it did.',
  },
  'path-ambiguous': {
    severity: 'error',
    says: 'Two operations of one method have paths that differ in the names of their parameters alone: no request tells one from the other.',
  },
  'path-empty': { severity: 'warning', says: 'A path has no operation.' },
  'operation-id-twice': {
    severity: 'warning',
    says: 'Two operations have one operationId, by which answers are chosen, sent on and shown.',
  },
  'reference-broken': {
    severity: 'error',
    says: 'A reference leads nowhere, out of the folder of the document, to the network, or back to itself.',
  },
  'parameter-unreadable': {
    severity: 'error',
    says: 'A parameter has no name, no place that there is, or a style that is not read there.',
  },
  'parameter-undeclared': { severity: 'warning', says: 'A path has a {name} for which no parameter is declared: any text is taken.' },
  'parameter-misplaced': {
    severity: 'warning',
    says: 'A parameter of the path has a name that the path does not have: it is left out.',
  },
  'parameter-twice': { severity: 'warning', says: 'Two parameters of one list have the same name and place: the last one counts.' },
  'security-undeclared': {
    severity: 'warning',
    says: 'A security scheme is required that the document does not declare, or of a kind that is not understood: nobody is asked for it.',
  },
  'response-missing': {
    severity: 'warning',
    says: 'An operation has no answer at all, or only such as nothing can end with (1xx, 999): it is answered 200, without a body.',
  },
  'success-missing': {
    severity: 'warning',
    says: 'An operation has neither an answer 2xx nor a default: it answers with the first there is, an error as a rule.',
  },
  'status-invalid': {
    severity: 'warning',
    says: 'An answer has a status that HTTP does not have: it is never sent.',
  },
  'media-type-invalid': { severity: 'warning', says: 'What stands under content is no media type: no request or answer has it.' },
  'header-invalid': { severity: 'warning', says: 'A header of an answer has a name that HTTP does not allow: it is never sent.' },
  'header-unsendable': {
    severity: 'warning',
    says: 'The example of a header has characters that no header can hold: a question mark is sent for each.',
  },
  'schema-uncompilable': {
    severity: 'error',
    except: UNUSED,
    says: 'A schema cannot be compiled: whatever it speaks of can neither be checked nor made.',
  },
  'keyword-invalid': {
    severity: 'error',
    except: 'a warning where the keyword is passed over, or no operation comes to it',
    says: 'A keyword of a schema has a value that it cannot have.',
  },
  'pattern-invalid': {
    severity: 'error',
    except: 'a warning where the pattern is passed over, or no operation comes to it',
    says: 'A pattern is no regular expression of ECMA-262.',
  },
  'pattern-exponential': {
    severity: 'warning',
    says: 'A pattern can keep whoever tests a text by it busy without end. It is tested in another way here; verify and compare refuse the document.',
  },
  'response-ungeneratable': {
    severity: 'error',
    except: 'a warning where an example stands for it',
    says: 'No value is found for the schema of an answer, or of a header of one.',
  },
  'schema-unsatisfiable': { severity: 'warning', says: 'No value is found for a schema of a request, or one that no operation comes to.' },
  'example-unfit': {
    severity: 'warning',
    says: 'An example does not fit its schema: in an answer it is passed over, and a value made in its place.',
  },
  'default-unfit': { severity: 'warning', says: 'A default does not fit its schema.' },
} as const satisfies Readonly<Record<string, CheckRule>>

export type RuleName = keyof typeof CHECK_RULES

export interface Finding {
  readonly rule: RuleName
  readonly severity: 'error' | 'warning'
  /** As the document names it. */
  readonly file: string
  readonly line?: number
  /** What is so, and what would do. */
  readonly message: string
}

export function rowOf(rule: RuleName): CheckRule {
  return CHECK_RULES[rule]
}

/** An error of a document, which says its place at its beginning, as a finding of a rule. */
export function findingOf(error: Error, rule: RuleName, file: string, severity: Finding['severity'] = rowOf(rule).severity): Finding {
  const [, named, line, rest] = /^([^\n]*?):(\d+|\?)(?::? )([^]*)$/.exec(error.message) ?? []
  if (named === undefined || rest === undefined) return { rule, severity, file, message: error.message }
  return {
    rule,
    severity,
    file: named,
    ...(line !== '?' && { line: Number(line) }),
    message: rest.replace(/^\(\$ref: ([^]*?)\): /, '$1: '),
  }
}
