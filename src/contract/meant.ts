import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Issue } from '../base/http.ts'
import { excerpt } from './excerpt.ts'
import { isJson, type Located, type Reader } from './schema.ts'

/* Where no branch of a choice fits: which one seems to be meant, and what is wrong by that. */

/** What is needed to explain errors. */
export interface Explainer {
  readonly reader: Reader
  checkBranch(branch: Located): (value: unknown, at: string, all?: boolean) => readonly Issue[]
  schemasOfChoice(error: ErrorObject): ReadonlySet<unknown>
}

export const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf'])

/**
 * Whether a choice failed that a discriminator makes, by the condition that stands for it: what is wrong by the branch that it names, or
 * that it names none, is told already.
 */
export function isToldByDiscriminator({ keyword, parentSchema, instancePath }: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (!CHOICES.has(keyword) || !isJson(parentSchema)) return false
  const { if: condition, then: first, [keyword]: branches } = parentSchema
  if (!isJson(condition) || !isJson(first) || !Array.isArray(branches)) return false
  const isOfBranch = branches.some((branch: unknown) => isJson(branch) && branch['$ref'] !== undefined && branch['$ref'] === first['$ref'])
  const [property] = [condition['required']].flat()
  return (
    isOfBranch &&
    errors.some(
      (other) =>
        other.parentSchema === parentSchema &&
        other.instancePath === instancePath &&
        (other.keyword === 'if' || (other.keyword === 'required' && other.params['missingProperty'] === property)),
    )
  )
}

/**
 * What is wrong with a value by the one branch that it seems to be meant for: the only one of its type, and of several for objects the one to
 * which its names come nearest. Undefined where that is none, and all of them have to be told.
 */
export function issuesOfMeant(
  error: ErrorObject,
  at: string,
  { reader, checkBranch }: Explainer,
  all: boolean,
): readonly Issue[] | undefined {
  const { keyword, parentSchema, data, instancePath } = error
  const choice = CHOICES.has(keyword) ? reader.placeOf(parentSchema) : undefined
  if (!choice || !isJson(parentSchema)) return undefined
  // What a parameter's text was read as is a guess.
  if (!isJson(data) && OF_TEXT.test(at)) return undefined
  const here = at + instancePath
  const judged = reader
    .schemas({ value: parentSchema, uri: choice.file, pointer: choice.pointer }, keyword)
    .map(([, branch]) => checkBranch(branch)(data, here, all))
    .filter((issues) => !issues.some((issue) => issue.at === here && MISFITS.has(issue.rule)))
    .map((issues) => ({ issues, ...distanceOf(issues, here) }))
  // An object without names is near to none.
  if (judged.length > 1 && isJson(data) && Object.keys(data).length === 0) return undefined
  const [example] = judged
  const apart =
    judged.length > 1 &&
    example?.issues.find(
      (issue) => isTelling(issue) && judged.every(({ issues }) => issues.some((one) => isTelling(one) && one.at === issue.at)),
    )
  if (apart) {
    const told = judged.flatMap(({ issues }) => issues.filter((one) => isTelling(one) && one.at === apart.at))
    const wanted = distinct(told.flatMap((one) => one.wanted))
    const list = wanted.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    return [
      {
        ...apart,
        rule: 'enum',
        message: `is ${excerpt(apart.value)}; it must be ${list.length > 1 ? 'one of ' : ''}${list.join(', ')}`,
        wanted,
      },
    ]
  }
  const nearest = Math.min(...judged.map(({ other }) => other))
  const ofForm = judged.filter(({ other }) => other === nearest)
  const least = Math.min(...ofForm.map(({ far }) => far))
  const [meant, ...others] = ofForm.filter(({ far }) => far === least).map(({ issues }) => issues)
  if (!meant || meant.length === 0 || others.length === 0) return meant?.length === 0 ? undefined : meant
  const likely = [meant, ...others]
  const strays = meant.filter(
    (stray) => isStray(stray) && others.every((issues) => issues.some((one) => isStray(one) && one.at === stray.at)),
  )
  if (strays.length === 0) {
    const names = likely.flatMap((issues) => issues.filter(isStray).map((stray) => stray.at.slice(here.length + 1)))
    const [first] = meant
    if (!first || names.length === 0 || !likely.every((issues) => issues.every(isStray))) return undefined
    return [
      {
        at: here,
        rule: keyword,
        message: `has ${[...new Set(names)].join(' and ')}, of which one excludes the other`,
        ...placed(error, reader),
      },
    ]
  }
  const wanted = strays.map((stray) =>
    likely.flatMap((issues) => issues.filter((one) => one.at === stray.at).flatMap((one) => one.wanted ?? [])),
  )
  return strays.map((stray, index) => ({ ...stray, wanted: [...new Set(wanted[index])] }))
}

const OF_TEXT = /^\/(?:path|query|header|cookie)\//

/** A value that breaks one of these itself is nothing that the branch could mean. */
const MISFITS: ReadonlySet<string> = new Set(['type', 'const', 'enum', 'oneOf', 'anyOf'])

function isStray({ rule }: Issue): boolean {
  return rule === 'additionalProperties' || rule === 'unevaluatedProperties'
}

/** Whether an issue is about a member that may say of which form its object is. */
function isTelling({ rule }: Issue): boolean {
  return rule === 'const' || rule === 'enum'
}

/** How far an object is from a branch: in how many members it says that it is of another form, and how many names it has that are not right. */
function distanceOf(issues: readonly Issue[], here: string): { readonly other: number; readonly far: number } {
  const own = issues.filter(({ at }) => at.startsWith(`${here}/`) && !at.slice(here.length + 1).includes('/'))
  return {
    other: own.filter((issue) => isTelling(issue) && [issue.wanted].flat().length === 1).length,
    far: own.filter((issue) => issue.rule === 'required' || isStray(issue)).length,
  }
}

/** Where the rule stands that an error is about. */
export function placed(error: ErrorObject, reader: Reader): Pick<Issue, 'place'> {
  const place = reader.placeOf(error.parentSchema, error.keyword)
  return place ? { place } : {}
}

export function distinct<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
