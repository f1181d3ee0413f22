/** Claims of unverified tokens a second time, from docs/keys.md, "Unverified tokens". Texts have a character an octet. */
import { decodeJwt, decodeProtectedHeader } from 'jose'

export type ClaimValue =
  | { readonly type: 's'; readonly text: string }
  | { readonly type: 'n'; readonly number: number }
  | { readonly type: 't'; readonly flag: boolean }
  | { readonly type: 'l'; readonly items: readonly string[] }

/** JSON with the text of its numbers, which a double would lose. */
type Json =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Json> }
  | { readonly kind: 'list'; readonly items: readonly Json[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'word'; readonly value: boolean | null }

/** What `Bearer` leaves of a header; undefined if a scheme is missing that has to be there. */
export function withoutScheme(header: string, text: string): string | undefined {
  const token = /^bearer +(.*)$/is.exec(text)?.[1]
  return token ?? (header === 'authorization' ? undefined : text)
}

/** The claim's value; undefined if the token is none, or the claim is not there or of another type. */
export function tokenClaim(token: string, names: readonly string[], type: string): ClaimValue | undefined {
  let found: Json | undefined = payloadOf(token)
  for (const name of names) found = found?.kind === 'object' ? found.members.get(name) : undefined
  return found === undefined ? undefined : valueOf(found, type)
}

function payloadOf(token: string): Json | undefined {
  if (token.length > 8192) return undefined
  const parts = token.split('.')
  const [first = '', second = ''] = parts
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined
  const header = objectOf(first)
  const payload = objectOf(second)
  if (header === undefined || payload === undefined || header.members.has('crit')) return undefined
  // A third opinion: whatever passes here is a token to jose too, and says the same.
  const names = [Object.keys(decodeProtectedHeader(token)), Object.keys(decodeJwt(token))]
  if (names[0]?.length !== header.members.size || names[1]?.length !== payload.members.size) {
    throw new Error(`jose reads another token: ${token}`)
  }
  return payload
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function objectOf(part: string): (Json & { kind: 'object' }) | undefined {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const text = decoder.decode(Buffer.from(part, 'base64url'))
    // Is it JSON at all: from here on only what JSON leaves open is looked at.
    JSON.parse(text)
    const read = new Reader(text).value(1)
    return read.kind === 'object' ? read : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)
      return undefined
    throw error
  }
}

/** Reads what JSON.parse has accepted; a RangeError where it is beyond a limit. */
class Reader {
  readonly #tokens: string[]

  constructor(text: string) {
    this.#tokens = text.match(/[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g) ?? []
  }

  value(level: number): Json {
    const token = this.#take()
    if (token === '{') return this.#object(within(level))
    if (token === '[') return this.#list(within(level))
    if (token.startsWith('"')) return { kind: 'string', text: textOf(token) }
    if (!/^[-\d]/.test(token)) return { kind: 'word', value: JSON.parse(token) as boolean | null }
    if (token.length > 64) throw new RangeError('a longer number')
    return { kind: 'number', text: token }
  }

  #object(level: number): Json {
    const members = new Map<string, Json>()
    while (this.#tokens[0] !== '}') {
      const name = textOf(this.#take())
      if (members.has(name)) throw new RangeError('a name twice')
      this.#take()
      members.set(name, this.value(level + 1))
      if (members.size > 64) throw new RangeError('more members')
      if (this.#tokens[0] === ',') this.#take()
    }
    this.#take()
    return { kind: 'object', members }
  }

  #list(level: number): Json {
    const items: Json[] = []
    while (this.#tokens[0] !== ']') {
      items.push(this.value(level + 1))
      if (this.#tokens[0] === ',') this.#take()
    }
    this.#take()
    return { kind: 'list', items }
  }

  #take(): string {
    const token = this.#tokens.shift()
    if (token === undefined) throw new RangeError('nothing is left')
    return token
  }
}

function within(level: number): number {
  if (level > 16) throw new RangeError('deeper')
  return level
}

function textOf(token: string): string {
  const text = JSON.parse(token) as string
  if (/\p{Surrogate}/u.test(text)) throw new RangeError('a lone surrogate')
  return text
}

function valueOf(found: Json, type: string): ClaimValue | undefined {
  if (type === 'string' && found.kind === 'string') {
    return isClean(found.text) ? { type: 's', text: Buffer.from(found.text).toString('latin1') } : undefined
  }
  if (type === 'number' && found.kind === 'number') return integerOf(found.text)
  if (type === 'boolean' && found.kind === 'word' && found.value !== null)
    return { type: 't', flag: found.value }
  if (type !== 'list' || found.kind !== 'list') return undefined
  const items = found.items.flatMap((item) =>
    item.kind === 'string' && isClean(item.text) ? [item.text] : [],
  )
  return items.length === found.items.length ? { type: 'l', items } : undefined
}

function isClean(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- the page names these bytes
  return !/[\0-\x1f]/.test(text)
}

/** By what is written: the digits as one integer, and where the point stands in it. */
function integerOf(text: string): ClaimValue | undefined {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? []
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return { type: 'n', number: 0 }
  const power = Number(exponent) - fraction.length
  // Beyond this many digits it is no integer, or one beyond 2^53.
  if (Math.abs(power) > 100) return undefined
  const scale = 10n ** BigInt(Math.abs(power))
  if (power < 0 && digits % scale !== 0n) return undefined
  const size = power < 0 ? digits / scale : digits * scale
  return size > 2n ** 53n ? undefined : { type: 'n', number: Number(sign === '-' ? -size : size) }
}
