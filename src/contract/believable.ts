import type { faker as english } from '@faker-js/faker/locale/en'
import { nearest } from '../base/nearest.ts'
import type { Json } from './schema.ts'
import { isJson } from './schema.ts'

type Faker = typeof english

/** What a property may be believed to hold. A date is written as the schema has it. */
export type Believable = string | number | Date

/** Makes values that look like what their names say. `draw` is what they hang on, and nothing else. */
export interface Believer {
  /** By the name of a property, and by that of what has it: `name` of a `company`. */
  named(name: string, owner: string, draw: () => number): Believable | undefined
  formatted(format: string, draw: () => number): string | undefined
  /** Some words, as many as have so many characters. */
  text(least: number, draw: () => number): string
  /** A name for what a map holds. */
  key(draw: () => number): string
  /** What `x-faker` asks for. @throws RangeError where there is no such method */
  asked(wish: unknown, draw: () => number): unknown
}

/** Dates lie in the year before this time, or after it where their name says so: the same for everybody, as there is no clock here. */
const TODAY = Date.UTC(2026, 0, 1)
const YEAR = 365 * 24 * 3_600_000

/** Loads faker with one locale: all of them take 160 ms. */
export async function loadBeliever(): Promise<Believer> {
  const { faker } = await import('@faker-js/faker/locale/en')
  let next = (): number => 0
  // An instance of our own, so that nobody who shares the process is disturbed. `next` is a closure: faker calls it without its object.
  const own: Faker = Reflect.construct(faker.constructor, [
    { locale: faker.rawDefinitions, randomizer: { next: () => next(), seed: () => undefined } },
  ])
  own.setDefaultRefDate(new Date(TODAY))
  const at = (draw: () => number): Faker => {
    next = draw
    return own
  }
  return {
    named(name, owner, draw) {
      const words = wordsOf(name)
      const whole = GENERAL.test(words) ? `${singular(wordsOf(owner))} ${words}` : words
      return NAMES.find(([pattern]) => pattern.test(whole))?.[1](at(draw), whole)
    },
    formatted: (format, draw) => FORMATS.get(format)?.(at(draw)),
    text: (least, draw) => textOf(at(draw), least),
    key: (draw) => at(draw).word.noun().replaceAll(/\W/g, ''),
    asked: (wish, draw) => asked(wish, at(draw)),
  }
}

/** `shipToAddress_2` as `ship to address 2`. */
function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3 $2$4')
    .replaceAll(/[^a-z\d]+/gi, ' ')
    .toLowerCase()
    .trim()
}

/** A `user` with a `name` has a person's name, not a user name. */
function singular(words: string): string {
  return words
    .replace(/ies$/, 'y')
    .replace(/(?<!s)s$/, '')
    .replace(/\buser$/, 'person')
}

/** Names that say little without what they belong to. */
const GENERAL = /^(name|title|type|label|key|value|line ?1?)$/

function textOf(faker: Faker, least: number): string {
  let text = faker.lorem.words(2)
  while (text.length < least) text += ` ${faker.lorem.words(8)}`
  return text
}

function moment(faker: Faker, sign: 1 | -1 = -1): Date {
  // In whole seconds, as most APIs have it.
  return new Date(TODAY + sign * faker.number.int({ min: 1, max: YEAR / 1000 }) * 1000)
}

const HOST = 'example.com'
const isoTime = (date: Date): string => date.toISOString().replace('.000', '')
const site = (faker: Faker): string => `https://${faker.internet.domainWord()}.${HOST}`
const email = (faker: Faker): string => faker.internet.exampleEmail().toLowerCase()
const money = (faker: Faker): number => faker.number.int({ min: 100, max: 20_000 }) / 100
const whole =
  (min: number, max: number) =>
  (faker: Faker): number =>
    faker.number.int({ min, max })
const always = (value: Believable) => (): Believable => value

/** By words of a property's name, the first that fits: the more special before the more general. Numbers 555-0100 to 555-0199 are nobody's. */
const NAMES: readonly (readonly [pattern: RegExp, make: (faker: Faker, words: string) => Believable])[] = [
  [/\be ?mail( address)?$/, email],
  [/\b(first|given|fore) ?name$/, (f) => f.person.firstName()],
  [/\b(last|family|sur) ?name$/, (f) => f.person.lastName()],
  [/\bmiddle ?name$/, (f) => f.person.middleName()],
  [/\b(user ?name|login|nick ?name|handle|screen ?name)$/, (f) => f.internet.username().toLowerCase()],
  [/\bpassword$/, (f) => f.internet.password()],
  [
    /\b(company|vendor|supplier|organi[sz]ation|employer|brand|merchant|manufacturer|retailer|carrier|store|shop|publisher|operator)( name)?$/,
    (f) => f.company.name(),
  ],
  [/\b(product|item|article|goods|ware)( (name|title))?$/, (f) => f.commerce.productName()],
  [/\b(category|department)( name)?$/, (f) => f.commerce.department()],
  [/\b(pet|dog|cat|animal)( name)?$/, (f) => f.animal.petName()],
  [/\bbreed$/, (f) => f.animal.dog()],
  [/\b(book|film|movie)( (name|title))?$/, (f) => f.book.title()],
  [/\b(song|track)( (name|title))?$/, (f) => f.music.songName()],
  [/\b(artist|band)( name)?$/, (f) => f.music.artist()],
  [/\b(city|town)( name)?$/, (f) => f.location.city()],
  [/\bcountry code$/, (f) => f.location.countryCode()],
  [/\bcountry( name)?$/, (f) => f.location.country()],
  [/\b(province|address state|state code|region)$/, (f) => f.location.state({ abbreviated: true })],
  [/\b(zip|postal|post) ?code$|\bzip$/, (f) => f.location.zipCode('#####')],
  [/\b(address line 2|address ?2|line 2|apartment|suite)$/, (f) => f.location.secondaryAddress()],
  [/\b(street|address|address line)( ?1| name)?$|\baddress line 1$/, (f) => f.location.streetAddress()],
  [/\blat(itude)?$/, (f) => f.location.latitude()],
  [/\b(lng|lon|long|longitude)$/, (f) => f.location.longitude()],
  [/\b(phone|mobile|cell|fax|telephone|tel)( number| no)?$/, (f) => `+1${f.number.int({ min: 201, max: 989 })}55501${f.string.numeric(2)}`],
  [/\b(image|avatar|photo|picture|thumbnail|logo|icon|cover)( (url|uri|link|href|src))?$/, (f) => `${site(f)}/${f.lorem.slug(2)}.jpg`],
  [/\b(url|uri|link|href|website|web site|homepage|home page|endpoint|src)$/, (f) => `${site(f)}/${f.lorem.slug(2)}`],
  [/\b(ip|ip address|ipv4)$/, (f) => f.internet.ipv4({ network: 'test-net-1' })],
  [/\bipv6$/, (f) => f.internet.ipv6()],
  [/\bmac( address)?$/, (f) => f.internet.mac()],
  [/\b(host|host ?name|domain|domain name)$/, (f) => `${f.internet.domainWord()}.${HOST}`],
  [/\buser agent$/, (f) => f.internet.userAgent()],
  [/\bport$/, (f) => f.internet.port()],
  [/\b(uuid|guid)$/, (f) => f.string.uuid()],
  [/\bcolou?r( name)?$/, (f) => f.color.human()],
  [/\bcurrency( code)?$/, always('USD')],
  [/\blocale$/, always('en-US')],
  [/\b(language|lang)( code)?$/, always('en')],
  [/\btime ?zone$/, always('America/New_York')],
  [/\bgender|sex$/, (f) => f.person.sex()],
  [/\b(age)$/, whole(18, 80)],
  [/\b(birthday|birth ?date|date of birth|dob)$/, (f) => new Date(moment(f).getTime() - f.number.int({ min: 18, max: 80 }) * YEAR)],
  [/\byear$/, whole(2000, 2025)],
  [/\bmonth$/, whole(1, 12)],
  [/\bday$/, whole(1, 28)],
  [/\b(hour|hours)$/, whole(0, 23)],
  [
    /\b(expir(es|ation|y)|due|until|end|ends|next|estimated|eta|valid)\b.*\b(at|on|date|time)$|\b(expires|valid until|eta)$/,
    (f) => moment(f, 1),
  ],
  [
    /\b(at|date|date ?time|time ?stamp|created|updated|modified|time)$|\b(created|updated|modified|deleted|posted|start|last|first)\b.* on$/,
    (f) => moment(f),
  ],
  [/\b(price|amount|total|sub ?total|cost|balance|fee|tax|discount|salary|revenue|payment|msrp)$/, money],
  [/\b(quantity|qty|units|stock|seats|inventory)$/, whole(1, 20)],
  [/\b(count|number of \w+|total \w+|num \w+)$/, whole(1, 100)],
  [/\b(percent|percentage|progress)$/, whole(0, 100)],
  [/\b(rating|stars|score)$/, whole(1, 5)],
  [/\bpage( number)?$/, always(1)],
  [/\b(page size|per page|limit)$/, always(20)],
  [/\b(offset|skip)$/, always(0)],
  [/\b(width|height|length|depth|size)$/, whole(1, 200)],
  [/\b(weight|kilograms|pounds)$/, (f) => f.number.int({ min: 1, max: 200 }) / 10],
  [/\b(job title|occupation|profession|position|role)$/, (f) => f.person.jobTitle()],
  [/\b(description|summary|comments?|notes?|message|body|text|content|bio|about|reason|details?|abstract)$/, (f) => f.lorem.sentence()],
  [/\b(title|subject|headline|caption|label)$/, (f) => capital(f.lorem.words(3))],
  [/\bslug$/, (f) => f.lorem.slug(2)],
  [/\b(token|secret|api ?key|hash|checksum|etag|signature|cursor)$/, (f) => f.string.alphanumeric(32)],
  [/\b(version)$/, (f) => f.system.semver()],
  [/\bsku$/, (f) => f.string.alphanumeric({ length: 8, casing: 'upper' })],
  [/\bisbn( 13)?$/, (f) => f.commerce.isbn({ separator: '' })],
  [/\biban$/, (f) => f.finance.iban()],
  [/\bbic|swift$/, (f) => f.finance.bic()],
  [/\bvin$/, (f) => f.vehicle.vin()],
  [/\bfile ?name$/, (f) => f.system.commonFileName()],
  [/\b(mime|content|media) ?type$/, (f) => f.system.mimeType()],
  [/\bpath$/, (f) => `/${f.lorem.slug(2).replace('-', '/')}`],
  [
    /\b(tracking|reference|order|invoice|account|serial|confirmation) (number|no|code)$/,
    (f) => f.string.numeric({ length: 10, allowLeadingZeros: false }),
  ],
  [/\bcode$/, (f) => f.string.alphanumeric({ length: 6, casing: 'upper' })],
  [/\bstatus|state$/, always('active')],
  [
    /\b(full|display|customer|contact|person|user|author|owner|employee|recipient|passenger|patient|member|friend|sender|manager|driver|guest|student|teacher|buyer|seller|real|holder) name$/,
    (f) => f.person.fullName(),
  ],
  [/^(author|owner|recipient|sender|assignee|creator|manager|driver|created by|updated by)$/, (f) => f.person.fullName()],
  [/\bid$/, (f, words) => (words.includes('uu') ? f.string.uuid() : f.number.int({ min: 1, max: 99_999 }))],
  [/\b(name|type|key|tag|tags|group)$/, (f) => capital(f.word.noun())],
]

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const FORMATS: ReadonlyMap<string, (faker: Faker) => string> = new Map<string, (faker: Faker) => string>([
  ['date-time', (f) => isoTime(moment(f))],
  ['iso-date-time', (f) => isoTime(moment(f))],
  ['date', (f) => isoTime(moment(f)).slice(0, 10)],
  ['time', (f) => isoTime(moment(f)).slice(11)],
  ['iso-time', (f) => isoTime(moment(f)).slice(11)],
  ['duration', (f) => `P${f.number.int({ min: 1, max: 30 })}DT${f.number.int({ min: 1, max: 23 })}H`],
  ['email', email],
  ['idn-email', email],
  ['hostname', (f) => `${f.internet.domainWord()}.${HOST}`],
  ['idn-hostname', (f) => `${f.internet.domainWord()}.${HOST}`],
  ['ipv4', (f) => f.internet.ipv4({ network: 'test-net-1' })],
  ['ipv6', (f) => `2001:db8:${f.internet.ipv6().slice(10)}`],
  ['uri', (f) => `${site(f)}/${f.lorem.slug(2)}`],
  ['url', (f) => `${site(f)}/${f.lorem.slug(2)}`],
  ['iri', (f) => `${site(f)}/${f.lorem.slug(2)}`],
  ['uri-reference', (f) => `/${f.lorem.slug(2)}`],
  ['iri-reference', (f) => `/${f.lorem.slug(2)}`],
  ['uri-template', (f) => `${site(f)}/${f.lorem.word()}/{id}`],
  ['uuid', (f) => f.string.uuid()],
  ['ulid', (f) => f.string.ulid()],
  ['json-pointer', (f) => `/${f.lorem.word()}/0`],
  ['json-pointer-uri-fragment', (f) => `#/${f.lorem.word()}/0`],
  ['relative-json-pointer', (f) => `1/${f.lorem.word()}`],
  ['regex', (f) => `^${f.lorem.word()}$`],
  ['byte', (f) => btoa(f.lorem.words(3))],
  ['base64', (f) => btoa(f.lorem.words(3))],
  ['base64url', (f) => btoa(f.lorem.words(3)).replaceAll('=', '')],
  ['password', (f) => f.internet.password()],
  ['binary', (f) => f.lorem.words(3)],
])

/** Names of faker's that documents still have, and what they are called today. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['name.findName', 'person.fullName'],
  ['name.name', 'person.fullName'],
  ['name.title', 'person.jobTitle'],
  ['address.stateAbbr', 'location.state'],
  ['address.cityName', 'location.city'],
  ['address.streetName', 'location.street'],
  ['phone.phoneNumber', 'phone.number'],
  ['internet.userName', 'internet.username'],
  ['internet.color', 'color.rgb'],
  ['commerce.color', 'color.human'],
  ['company.companyName', 'company.name'],
  ['finance.account', 'finance.accountNumber'],
  ['image.imageUrl', 'image.url'],
  ['image.image', 'image.url'],
  ['datatype.number', 'number.int'],
  ['datatype.float', 'number.float'],
  ['datatype.string', 'string.sample'],
  ['datatype.uuid', 'string.uuid'],
  ['random.number', 'number.int'],
  ['internet.avatar', 'image.avatar'],
  ['random.uuid', 'string.uuid'],
  ['random.boolean', 'datatype.boolean'],
  ['random.word', 'word.sample'],
  ['random.words', 'word.words'],
  ['random.alphaNumeric', 'string.alphanumeric'],
  ['random.alpha', 'string.alpha'],
  ['random.numeric', 'string.numeric'],
  ['random.arrayElement', 'helpers.arrayElement'],
  ['helpers.randomize', 'helpers.arrayElement'],
])
const MOVED: ReadonlyMap<string, string> = new Map([
  ['name', 'person'],
  ['address', 'location'],
])

/** `person.firstName`, or one such name with what it is given: `{ helpers.arrayElement: [[a, b]] }`. */
function asked(wish: unknown, faker: Faker): unknown {
  if (typeof wish === 'string') return called(faker, wish, [])
  const entries: readonly (readonly [string, unknown])[] = isJson(wish) ? Object.entries(wish) : []
  const [entry, other] = entries
  if (!entry || other) throw new RangeError('is neither the name of a method of faker, nor one such name with what it is given')
  const [name, given] = entry
  if (name === 'fake' || name === 'helpers.fake')
    return String([given].flat()[0]).replaceAll(/\{\{\s*([\w.]+)\s*\}\}/g, (_, inner: string) => String(called(faker, inner, [])))
  return called(faker, name, Array.isArray(given) ? given : [given])
}

function called(faker: Faker, name: string, given: readonly unknown[]): unknown {
  const [before = '', last = ''] = name.split('.')
  const today = RENAMED.get(name) ?? `${MOVED.get(before) ?? before}.${last}`
  const [module = '', method = ''] = today.split('.')
  const methods = modulesOf(faker)
  const found = methods.get(module)?.[method]
  // Only what faker itself offers: a document is not to reach what lies behind.
  if (today !== `${module}.${method}` || typeof found !== 'function' || !/^(?!constructor$|fake$)[a-z]\w*$/.test(method)) {
    const known = [...methods].flatMap(([one, its]) => namesOf(its).map((each) => `${one}.${each}`))
    throw new RangeError(`names no method of faker: "${name}"; near to it are ${nearest(name, known).slice(0, 3).join(', ')}`)
  }
  const large = given
    .flatMap((one) => [...countsIn(one, OF_VALUES.has(module) || today === 'finance.amount' ? '' : 'count')])
    .find((count) => count > MOST)
  if (large !== undefined) throw new RangeError(`asks ${today} for ${large}, and may for ${MOST}`)
  const made: unknown = Reflect.apply(found, methods.get(module), given)
  return made instanceof Date ? isoTime(made) : typeof made === 'bigint' ? Number(made) : made
}

/** So many of anything are made at once: each is a character, a word or an element. */
const MOST = 10_000
/** Modules whose numbers are values as a rule, not how many are wanted. */
const OF_VALUES: ReadonlySet<string> = new Set(['number', 'date', 'location', 'image', 'commerce'])
const COUNTS: ReadonlySet<string> = new Set(['length', 'count', 'fractionDigits', 'dec', 'min', 'max'])

/** Numbers among arguments that say how many are wanted; in a pattern, how often. @param key under which the argument stands */
function* countsIn(given: unknown, key: string): Generator<number> {
  if (typeof given === 'number' && COUNTS.has(key)) yield given
  if (typeof given === 'string') for (const [, count] of given.matchAll(/(?<=[{,])\s*(\d{5,})/g)) yield Number(count)
  if (typeof given !== 'object' || given === null) return
  // A length may be an object of two ends.
  for (const [inner, one] of Object.entries(given))
    yield* countsIn(one, Array.isArray(given) || key === 'count' ? 'count' : inner === 'min' || inner === 'max' ? key : inner)
}

function modulesOf(faker: Faker): ReadonlyMap<string, Json> {
  const { definitions: _, rawDefinitions: _raw, ...modules } = faker
  return new Map(Object.entries(modules).flatMap(([name, module]) => (isModule(name, module) ? [[name, module]] : [])))
}

function isModule(name: string, module: unknown): module is Json {
  return isJson(module) && /^[a-z]+$/.test(name)
}

function namesOf(module: Json): string[] {
  const inherited: string[] = Object.getOwnPropertyNames(Object.getPrototypeOf(module))
  return [...Object.keys(module), ...inherited].filter((name) => name !== 'constructor')
}
