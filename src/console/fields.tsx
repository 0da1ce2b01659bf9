import type { VNode } from 'preact'
import { useId } from 'preact/hooks'
import type { Field as Schema, NamedField, Texts } from './form.ts'
import { inLine } from './json.ts'
import { Field } from './parts.tsx'

interface FieldsProps {
  readonly fields: readonly NamedField[]
  readonly at: string
  readonly texts: Texts
  /** Values that are known for a field, by its pointer. */
  readonly known: Readonly<Record<string, readonly string[]>>
  readonly set: (at: string, text: string) => void
}

/** The fields of a form, as a schema has them. */
export function Fields({ fields, at, ...more }: FieldsProps): VNode {
  return (
    <div class="fields">
      {fields.map(({ name, help, field }) => (
        <Part key={name} name={name} help={help} field={field} at={`${at}/${name}`} {...more} />
      ))}
    </div>
  )
}

interface PartProps extends Omit<FieldsProps, 'fields'> {
  readonly name: string
  readonly help: string | undefined
  readonly field: Schema
}

function Part({ name, help, field, at, texts, known, set }: PartProps): VNode | null {
  const id = useId()
  const value = texts[at] ?? ''
  const typed = (event: { readonly currentTarget: { readonly value: string } }): void => set(at, event.currentTarget.value)
  switch (field.kind) {
    case 'group':
      return (
        <fieldset>
          <legend>{name}</legend>
          {help !== undefined && <p class="hint">{help}</p>}
          <Fields fields={field.fields} at={at} texts={texts} known={known} set={set} />
        </fieldset>
      )
    case 'forms': {
      const chosen = texts[`${at}?`] ?? '0'
      const form = field.forms[Number(chosen)]
      return (
        <fieldset>
          <legend>{name}</legend>
          {help !== undefined && <p class="hint">{help}</p>}
          <select aria-label={`${name}: form`} value={chosen} onChange={(event) => set(`${at}?`, event.currentTarget.value)}>
            {field.forms.map(({ label }, place) => (
              <option key={label} value={String(place)}>
                {label}
              </option>
            ))}
          </select>
          {form?.field.kind === 'group' ? (
            <Fields fields={form.field.fields} at={at} texts={texts} known={known} set={set} />
          ) : (
            form && <Part name={form.label} help={undefined} field={form.field} at={at} texts={texts} known={known} set={set} />
          )}
        </fieldset>
      )
    }
    case 'fixed':
      return null
    case 'choice':
      return (
        <Field label={name} help={help}>
          <select value={value} onChange={typed}>
            <option value="">not said</option>
            {field.choices.map((choice) => (
              <option key={inLine(choice)}>{inLine(choice)}</option>
            ))}
          </select>
        </Field>
      )
    case 'number':
      return (
        <Field label={name} help={help}>
          <input
            type="number"
            inputMode={field.isWhole ? 'numeric' : 'decimal'}
            step={field.isWhole ? 1 : 'any'}
            {...(field.least !== undefined && { min: field.least })}
            {...(field.most !== undefined && { max: field.most })}
            value={value}
            onInput={typed}
          />
        </Field>
      )
    case 'text':
      return (
        <Field label={name} help={help}>
          <input
            value={value}
            onInput={typed}
            list={known[at] ? id : ''}
            placeholder={field.sample ?? ''}
            spellcheck={false}
            autocomplete="off"
          />
          {known[at] && (
            <datalist id={id}>
              {known[at].map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </Field>
      )
    case 'texts':
    case 'json':
      return (
        <Field label={name} help={help}>
          <textarea rows={2} value={value} onInput={typed} placeholder={field.kind === 'json' ? 'JSON' : 'one a line'} spellcheck={false} />
        </Field>
      )
    default:
      return field satisfies never
  }
}
