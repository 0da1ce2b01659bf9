import { UsageError } from '../../base/problem.ts'
import { checkText, readText } from '../../base/values.ts'
import { countSetting, type Setting } from '../../core/setting.ts'
import { type NamedToken, type OrganizationKind, REFUSED_TOKEN, RETAILERS, SUPPLIERS } from './session.ts'

/** What sessions of the supplier API are set to. */
export const settings = {
  orders: countSetting('orders', 1_000, 'orders to start with'),
  supplierTokens: tokens('supplier', SUPPLIERS),
  retailerTokens: tokens('retailer', RETAILERS),
}

function tokens(kind: OrganizationKind, count: number): Setting<NamedToken> {
  return {
    flag: `--${kind}-token <token>`,
    repeats: true,
    help: `a token of the first ${kind}, or of another as TOKEN=NUMBER; may be repeated`,
    read: readText,
    check(value) {
      const [, token = '', number] = /^(.*?)(?:=(\d+))?$/s.exec(checkText(value)) ?? []
      if (token === REFUSED_TOKEN) throw new UsageError('that one is always refused, so that clients can meet a 401: take another')
      const organization = number === undefined ? 1 : Number(number)
      if (!/^[\x21-\x7e]+$/.test(token) || organization < 1 || organization > count)
        throw new UsageError(`give TOKEN, or TOKEN=NUMBER with a number from 1 to ${count}`)
      return { token, kind, organization }
    },
    agree({ supplierTokens, retailerTokens }) {
      const named = [...tokensIn(supplierTokens), ...tokensIn(retailerTokens)]
      const twice = named.find(({ token }, place) => named.findIndex((other) => other.token === token) < place)
      if (twice) throw new UsageError(`the token "${twice.token}" is named twice; a token is one supplier's or one retailer's`)
    },
    write: (named, replace) => tokensIn(named).map(({ token, organization }) => `${replace(token)}=${organization}`),
  }
}

/** The tokens in a setting, which `check` has made. */
function tokensIn(named: unknown): readonly NamedToken[] {
  return Array.isArray(named)
    ? named.filter((one): one is NamedToken => typeof one === 'object' && one !== null && 'organization' in one)
    : []
}
