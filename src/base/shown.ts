/*
 * Texts that are not ours (of pacts, documents, brokers, services, clients) where they are shown. Every such place takes some characters
 * for commands; there is one function for each, and what it must not pass on is shown by its escape, as JSON and YAML have it: `\u001b`.
 */

/** Controls, what turns the direction of writing, what has no width, halves of characters; joiners belong into words. */
const UNSEEN = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]--[\u200C\u200D]]/gv
const BREAKS = /[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]+/gv
/**
 * What GitHub's runner obeys in any line of a job's output: `::name::` at its beginning, after blanks, and `##[name]` wherever it stands
 * (`ActionCommand.cs` of actions/runner). It compares texts by culture, so that characters without a weight may stand within.
 */
const COMMAND = /(?<=^[\s\p{M}\p{DI}]*):(?=[\p{M}\p{DI}]*:)|(?<=#[\p{M}\p{DI}]*)#(?=[\p{M}\p{DI}]*\[)/gv

/** A text in a line of ours, for a terminal and the log of a job: one line, whatever it holds. */
export function inLine(text: string): string {
  return guarded(visible(text.replaceAll(BREAKS, ' ').trim()))
}

/** Whole lines, for a terminal and the log of a job. Of a JSON or YAML text the value stays the same: only its strings can change, to escapes. */
export function inLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => guarded(visible(line.replaceAll('\t', ' '))))
    .join('\n')
}

/** A command to GitHub's runner, on a line of its own. Properties that are undefined are left out. */
export function workflowCommand(name: string, properties: Readonly<Record<string, string | number | undefined>>, message: string): string {
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [
          `${key}=${encoded(inLine(String(value)))
            .replaceAll(':', '%3A')
            .replaceAll(',', '%2C')}`,
        ],
  )
  return `::${name} ${given.join(',')}::${encoded(inLines(message))}`
}

/** Code in Markdown: within it there are no links, images, mentions, HTML, emphasis. The fence is longer than any in the text. */
export function inMarkdown(text: string): string {
  const line = inLine(text)
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  if (line === '') return ''
  return longest > 0 ? `${fence} ${line} ${fence}` : `${fence}${line}${fence}`
}

/** The same in a cell of a table: rows are cut at every `|`, within code as well, and not everybody takes a backslash before it alike. */
export function inTable(text: string): string {
  return inMarkdown(text).replaceAll('|', escaped)
}

/** A text in XML: the same value to a parser, but for characters that XML does not have; those that are not to be seen are shown. */
export function inXml(text: string): string {
  const parts = text.split(/([\t\n\r])/).map((part) => (/^[\t\n\r]$/.test(part) ? part : visible(part)))
  // `>` as well: `]]>` may not stand in a text. A reader takes white space in attributes for spaces.
  return guarded(parts.join('').replaceAll(/[&<>"\t\n\r]/g, entity), entity)
}

function visible(text: string): string {
  return text.replaceAll(UNSEEN, escaped)
}

function guarded(line: string, escape = escaped): string {
  return line.replaceAll(COMMAND, escape)
}

function escaped(characters: string): string {
  return characters
    .split('')
    .map((unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

function entity(character: string): string {
  return ENTITIES[character] ?? `&#${character.charCodeAt(0)};`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Where a line of a workflow command ends, and what stands for that. */
function encoded(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
