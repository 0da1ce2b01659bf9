import type { LoadedDocument } from '../../document/load.ts'
import { formOf } from '../form.ts'
import type { Side } from '../generate.ts'
import { METHODS } from '../router.ts'
import { createReader, isJson, type Located, type Reader } from '../schema.ts'
import { createValidator } from '../validator.ts'
import { Behaviours, type Stub } from './behaviours.ts'
import { camel, codeOf, comment, key, laidOut, Names, object, plural, quoted, spaced, WIDTH } from './names.ts'
import { type Declared, Roles } from './roles.ts'
import { declarationsOf, type Shape } from './type.ts'
import { Types } from './types.ts'
import { type Making, Values } from './values.ts'

/** What a module is written with. */
export interface Material extends Making {
  /** Names that kinds, and words of scenarios, cannot have. */
  readonly taken: { readonly kinds: readonly string[]; readonly words: readonly string[] }
}

/** A module for an API, and what it does. */
export interface WrittenModule {
  readonly text: string
  /** Operations that are answered from state, and from the document. */
  readonly live: readonly string[]
  readonly rest: readonly string[]
}

/**
 * Writes a module whose default export is an API: a stub for each operation of a document.
 * @param document one that can be served, in the words of OpenAPI 3
 * @param address the document's, relative to the module: `./parcels.yaml`
 * @throws DocumentError for a reference that leads nowhere
 */
export function writeModule(document: LoadedDocument, address: string, material: Material): WrittenModule {
  const [request, response] = [sideOf(formOf(document, 'request')), sideOf(formOf(document, 'response'))]
  const { reader } = response
  const uri = document.sources[0]?.uri ?? ''
  const types = new Types(reader, uri)
  const operations = operationsOf(reader, reader.at(uri, ''), types)
  const roles = new Roles(operations, reader, types)
  // What is written for one name would be done by all operations that have it. Of what every object has, a compiler knows another type.
  const isAlone = ({ key }: Declared): boolean => !(key in {}) && operations.filter((other) => other.key === key).length === 1
  const known = operations.map((operation) => ({ operation, role: isAlone(operation) ? roles.of(operation) : undefined }))
  const names = kindNames(
    known.flatMap(({ role }) => (role ? [role.of] : [])),
    material.taken,
  )
  const behaviours = new Behaviours({ request, response, types, names, values: new Values(response, types, material) }, known)
  const stubs = known.map(({ operation, role }) => behaviours.of(operation, role))
  const used = [...names].filter(([shape]) => stubs.some((stub) => stub.kind === 'live' && stub.of === shape))
  return {
    text: textOf({ document, address, stubs, used, behaviours, types }),
    live: stubs.flatMap(({ kind, operation }) => (kind === 'live' ? [operation.key] : [])),
    rest: stubs.flatMap(({ kind, operation }) => (kind === 'rest' ? [operation.key] : [])),
  }
}

function sideOf(document: LoadedDocument): Side {
  const reader = createReader(document)
  return { reader, validator: createValidator(document, reader) }
}

function operationsOf(reader: Reader, root: Located, types: Types): readonly Declared[] {
  return reader.children(root, 'paths').flatMap(([template, item]) =>
    METHODS.flatMap((method): Declared[] => {
      const located = reader.child(item, method.toLowerCase())
      if (!located) return []
      const { operationId, summary, description } = located.value
      const own = typeof operationId === 'string' ? operationId : `${method} ${template}`
      const said = [summary, description].find((text) => typeof text === 'string' && text.trim() !== '')
      const parameters = new Map(
        [item, located].flatMap((owner) =>
          reader.children(owner, 'parameters').map(([, parameter]) => {
            const name = String(parameter.value['name'])
            const schema = reader.schema(reader.child(parameter, 'content', 'application/json') ?? parameter, 'schema')
            const type = schema ? types.of(schema, name) : ({ kind: 'plain', name: 'string' } as const)
            return [`${String(parameter.value['in'])} ${name}`, { name, in: String(parameter.value['in']), schema, type }]
          }),
        ),
      )
      return [
        { method, template, key: own, summary: typeof said === 'string' ? said.trim() : '', located, parameters: [...parameters.values()] },
      ]
    }),
  )
}

/** What each kind is called in the module, and its list in scenarios. */
function kindNames(
  shapes: readonly Shape[],
  taken: Material['taken'],
): ReadonlyMap<Shape, { readonly kind: string; readonly word: string }> {
  const [kinds, words] = [new Names(taken.kinds), new Names(taken.words)]
  return new Map(
    [...new Set(shapes)].map((shape) => [shape, { kind: kinds.take(camel(shape.called)), word: words.take(plural(camel(shape.called))) }]),
  )
}

/** What the text is made of. */
interface Parts {
  readonly document: LoadedDocument
  readonly address: string
  readonly stubs: readonly Stub[]
  readonly used: readonly (readonly [Shape, { readonly kind: string; readonly word: string }])[]
  readonly behaviours: Behaviours
  readonly types: Types
}

function textOf({ document, address, stubs, used, behaviours, types }: Parts): string {
  const main = document.sources[0]
  const info = main && isJson(main.content) && isJson(main.content['info']) ? main.content['info'] : {}
  const title = comment([info['title'], info['version']].filter((part) => typeof part === 'string').join(' '), 80)
  const kinds = used.map(([shape, { kind, word }]) => {
    const component = types.componentOf(shape)
    const newId = behaviours.newIdOf(shape)
    const about = [...(component === undefined ? [] : [`schema: ${quoted(component)}`]), `word: ${quoted(word)}`, ...(newId ? [newId] : [])]
    return laidOut(`    ${key(kind)}: kind<${shape.name}>(`, about, '),')
  })
  const refused = new Set(stubs.flatMap((stub) => (stub.kind === 'live' && stub.refuses ? [stub.of] : [])))
  const problems = used.flatMap(([shape, { kind }]) =>
    refused.has(shape) ? [[`${quoted(codeOf(kind))}: { status: 404, title: ${quoted(`There is no such ${spaced(kind)}`)} }`] as const] : [],
  )
  const live = stubs.flatMap((stub) => (stub.kind === 'live' ? [stub] : []))
  const declarations = declarationsOf([
    ...used.map(([shape]) => ({ kind: 'shape', shape }) as const),
    ...live.flatMap((stub) => stub.types),
  ])
  const imports = [
    'defineApi',
    ...(live.some(({ text }) => text.includes('Input<{')) ? ['type Input'] : []),
    ...(live.length > 0 ? ['kind', 'reply'] : []),
  ]
  const whose = comment(`${title === '' ? 'An API' : title}: what each operation of ${main?.uri ?? address} does.`)
  const said = `/** ${whose} ${TAKEN_OUT} */`
  return [
    `import ${object(imports)} from 'allocation-mock/api'\n`,
    ...declarations.map((declaration) => `${declaration}\n`),
    [
      said.length <= WIDTH ? said : `/**\n * ${whose}\n * ${TAKEN_OUT}\n */`,
      'export default defineApi({',
      `  document: new URL(${quoted(address)}, import.meta.url),`,
      ...table(
        'kinds',
        kinds.map((row) => row.replace(/^ {4}/, '').replace(/,$/, '')),
      ),
      ...table('problems', problems.flat()),
      ...(stubs.length === 0 ? [] : ['  behaviours: {', ...stubs.map(({ text }) => text), '  },']),
      '})\n',
    ].join('\n'),
    ...(live.some(({ text }) => text.includes('nextId(')) ? [NEXT_ID] : []),
  ].join('\n')
}

const TAKEN_OUT = 'Operations that are taken out are answered from the document.'

const NEXT_ID = `/** The number behind those that there are. */
function nextId(all: readonly { readonly id?: number }[]): number {
  return Math.max(0, ...all.map(({ id = 0 }) => id)) + 1
}
`

function table(name: string, rows: readonly string[]): readonly string[] {
  if (rows.length === 0) return []
  const line = `  ${name}: ${object(rows)},`
  return [line.length <= WIDTH && !line.includes('\n') ? line : `  ${name}: {\n${rows.map((row) => `    ${row},\n`).join('')}  },`]
}
