import { below, inLine, listOf, membersOf, resolved, textOf } from './json.ts'

/** A field of a form, as a JSON Schema says what fits it. */
export type Field =
  | { readonly kind: 'choice'; readonly choices: readonly unknown[] }
  | { readonly kind: 'number'; readonly isWhole: boolean; readonly least: number | undefined; readonly most: number | undefined }
  | { readonly kind: 'text'; readonly sample: string | undefined }
  /** What cannot be otherwise: it is said wherever something beside it is. */
  | { readonly kind: 'fixed'; readonly value: unknown }
  /** Texts, one a line. */
  | { readonly kind: 'texts' }
  | { readonly kind: 'group'; readonly fields: readonly NamedField[] }
  | { readonly kind: 'forms'; readonly forms: readonly { readonly label: string; readonly field: Field }[] }
  /** Anything else is written as JSON. */
  | { readonly kind: 'json' }

export interface NamedField {
  readonly name: string
  readonly help: string | undefined
  readonly field: Field
}

/** What stands in a form: texts by JSON pointer. The form that was chosen of several stands at its pointer with a `?` behind it. */
export type Texts = Readonly<Record<string, string>>

/** @param document the file that the schema stands in, which its references are within */
export function fieldOf(schema: unknown, document: unknown): Field {
  const own = resolved(document, schema)
  const choices = below(own, 'enum')
  if (Array.isArray(choices)) return { kind: 'choice', choices }
  const value = below(own, 'const')
  if (value !== undefined) return { kind: 'fixed', value }
  const forms = listOf(below(own, 'oneOf'))
  if (forms.length > 0)
    return { kind: 'forms', forms: forms.map((form) => ({ label: labelOf(resolved(document, form)), field: fieldOf(form, document) })) }
  const properties = below(own, 'properties')
  if (properties !== undefined)
    return {
      kind: 'group',
      fields: Object.entries(membersOf(properties)).map(([name, property]) => ({
        name,
        help: textOf(below(property, 'description')) ?? textOf(below(resolved(document, property), 'description')),
        field: fieldOf(property, document),
      })),
    }
  switch (below(own, 'type')) {
    case 'integer':
    case 'number':
      return { kind: 'number', isWhole: below(own, 'type') === 'integer', least: numberOf(own, 'minimum'), most: numberOf(own, 'maximum') }
    case 'string':
      return { kind: 'text', sample: textOf(listOf(below(own, 'examples'))[0]) }
    case 'boolean':
      return { kind: 'choice', choices: [true, false] }
    case 'array':
      return fieldOf(below(own, 'items'), document).kind === 'text' ? { kind: 'texts' } : { kind: 'json' }
    default:
      return { kind: 'json' }
  }
}

/** Where a form cannot be read. */
export interface FormIssue {
  readonly at: string
  readonly message: string
}

/** The value that stands in a form; undefined where nothing does. What the API would refuse it refuses itself. */
export function valueIn(field: Field, texts: Texts, at: string, issues: FormIssue[]): unknown {
  const text = (texts[at] ?? '').trim()
  switch (field.kind) {
    case 'group': {
      const members = field.fields.flatMap(({ name, field: own }) => {
        const value = valueIn(own, texts, `${at}/${name}`, issues)
        return value === undefined ? [] : [{ name, value, isFixed: own.kind === 'fixed' }]
      })
      return members.every(({ isFixed }) => isFixed) ? undefined : Object.fromEntries(members.map(({ name, value }) => [name, value]))
    }
    case 'fixed':
      return field.value
    case 'forms': {
      const form = field.forms[Number(texts[`${at}?`] ?? 0)]
      return form && valueIn(form.field, texts, at, issues)
    }
    case 'choice':
      return text === '' ? undefined : field.choices.find((choice) => inLine(choice) === text)
    case 'texts':
      return text === '' ? undefined : text.split(/\s*[\n,]\s*/)
    case 'text':
      return text === '' ? undefined : text
    case 'number': {
      if (text === '') return undefined
      const number = Number(text)
      if (Number.isNaN(number)) issues.push({ at, message: `"${text}" is no number` })
      return number
    }
    case 'json':
      try {
        const value: unknown = text === '' ? undefined : JSON.parse(text)
        return value
      } catch {
        issues.push({ at, message: `"${text}" is no JSON; a text stands in quotes` })
        return undefined
      }
    default:
      return field satisfies never
  }
}

function labelOf(schema: unknown): string {
  const properties = Object.entries(membersOf(below(schema, 'properties')))
  if (properties.length > 0) {
    const fixed = properties.map(([, property]) => below(property, 'const')).find((value) => value !== undefined)
    return fixed === undefined ? properties.map(([name]) => name).join(', ') : inLine(fixed)
  }
  const type = inLine(below(schema, 'type'))
  return LABELS[type] ?? type
}

const LABELS: Readonly<Record<string, string>> = { string: 'one', integer: 'a number', array: 'several' }

function numberOf(schema: unknown, name: string): number | undefined {
  const value = below(schema, name)
  return typeof value === 'number' ? value : undefined
}
