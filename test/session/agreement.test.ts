/** Random tokens, sound and damaged: what the filter makes of each, against the second implementation, byte for byte. */
import { expect, test } from 'vitest'
import { ManualClock } from '../../host/index.ts'
import { pass, requestValues, setCookies, startMooring } from '../filter/mooring.ts'
import { type Prng, SEED, TIME_LIMIT, caseCount, rounds } from '../fuzz/prng.ts'
import { ENVIRONMENT, K1, K2, STRANGER, ring } from './keys.ts'
import {
  type Claims,
  type Judgement,
  type Lifetimes,
  type Scope,
  type SigningKey,
  base64url,
  judge,
  readToken,
  successorOf,
  tokenOf,
} from './token.ts'

const CASES = caseCount(4_000)
const TOKENS_A_ROUND = 40

const RINGS: readonly (readonly [SigningKey, ...SigningKey[]])[] = [[K1], [K2], [K1, K2], [K2, K1]]
const LIFETIMES: readonly Required<Lifetimes>[] = [
  { idle: 0, absolute: 0, skew: 60 },
  { idle: 1801, absolute: 43_200, skew: 60 },
  { idle: 120, absolute: 120, skew: 60 },
  { idle: 7, absolute: 0, skew: 0 },
  { idle: 0, absolute: 3600, skew: 300 },
]

interface Expected {
  readonly id: string | undefined
  /** What the token in Set-Cookie says; undefined: there is none. */
  readonly claims?: Claims
}

/** A proxy with a random configuration, at a random time. */
class Round {
  private readonly prng: Prng
  private readonly keys: readonly [SigningKey, ...SigningKey[]]
  private readonly lifetimes: Required<Lifetimes>
  private readonly scope: Scope
  private readonly now: number
  private readonly mooring
  private readonly seen: Set<Judgement>

  constructor(prng: Prng, seen: Set<Judgement>) {
    this.prng = prng
    this.seen = seen
    this.keys = prng.pick(RINGS)
    this.lifetimes = prng.pick(LIFETIMES)
    this.scope = prng.pick([
      { name: 'ISTIOID' },
      { name: 'sid', audience: 'shop' },
      { name: 's', audience: 'a.b' },
    ])
    this.now = 1_000_000_000 + prng.word()
    const { idle, absolute, skew } = this.lifetimes
    this.mooring = startMooring(
      {
        session: {
          cookie: { name: this.scope.name },
          signing: {
            keys: ring(...this.keys),
            clockSkew: `${skew}s`,
            ...(idle === 0 ? {} : { idleTimeout: `${idle}s` }),
            ...(absolute === 0 ? {} : { absoluteTimeout: `${absolute}s` }),
            ...(this.scope.audience === undefined ? {} : { audience: this.scope.audience }),
          },
        },
      },
      { environment: ENVIRONMENT, clock: new ManualClock(new Date(this.now * 1000 + prng.below(1000))) },
    )
  }

  one(): void {
    const https = this.prng.onceIn(4)
    const text = this.prng.onceIn(4) ? this.damaged(this.token()) : this.token()
    const passed = pass(this.mooring.plugin, [
      [':scheme', https ? 'https' : 'http'],
      ['cookie', `${this.scope.name}=${text}`],
    ])
    const [cookie] = requestValues(passed, 'cookie')
    const id = cookie?.slice(this.scope.name.length + 1)
    const { id: expectedId = id, claims } = this.expected(text, https, id)
    const shown = `${text} at ${this.now} with ${JSON.stringify(this.lifetimes)}`
    expect(id, shown).toBe(expectedId)
    expect(setCookies(passed), shown).toEqual(claims === undefined ? [] : [this.setCookie(claims)])
  }

  /** Times near every bound, on both sides. */
  private token(): string {
    const { prng, now } = this
    const { idle, absolute, skew } = this.lifetimes
    const bounds = [0, idle >> 1, idle, idle + skew, -skew, absolute + skew].map((age) => now - age)
    const near = () => Math.max(prng.pick(bounds) + prng.below(5) - 2, 0)
    const issued = near()
    const birth = prng.onceIn(3) ? near() : issued - prng.below(1000)
    return tokenOf(
      prng.onceIn(6) ? prng.pick([K1, K2, STRANGER, { kid: 'k2', secret: K1.secret }]) : prng.pick(this.keys),
      prng.onceIn(10) ? { name: 'other' } : this.scope,
      {
        id: this.bytes(),
        birth,
        issued,
        flags: prng.onceIn(20) ? prng.below(256) : prng.below(2),
        ...(prng.onceIn(3) ? { bound: this.bytes() } : {}),
      },
    )
  }

  /** One character another, gone, or twice. None of them ends a cookie or is a quote or a blank. */
  private damaged(token: string): string {
    const at = this.prng.below(token.length)
    const put = this.prng.pick(['', 'A', '-', '.', 'z', '1', '=', `${token[at] ?? ''}${token[at] ?? ''}`])
    return token.slice(0, at) + put + token.slice(at + 1)
  }

  private expected(text: string, https: boolean, found: string | undefined): Expected {
    const verdict = judge(text, this.keys, this.scope, this.now, this.timeouts)
    this.seen.add(verdict)
    const begun = (id: Uint8Array): Expected => ({
      id: base64url(id),
      claims: { id, birth: this.now, issued: this.now, flags: https ? 1 : 0 },
    })
    const token = readToken(text)
    const key = this.keys.find(({ kid }) => kid === token?.kid)
    if (token !== undefined && key !== undefined) {
      if (verdict.startsWith('expired')) return begun(successorOf(key, token))
      if (verdict === 'valid') return this.kept(token, https)
    }
    if (verdict === 'unknown_key') {
      expect(found).toBeUndefined()
      return { id: undefined }
    }
    const drawn = Buffer.from(found ?? '', 'base64url')
    expect(drawn).toHaveLength(16)
    expect(base64url(drawn)).not.toBe(token && base64url(token.id))
    return begun(drawn)
  }

  private kept(token: Claims & { kid: string; flags: number }, https: boolean): Expected {
    const { idle } = this.lifetimes
    const due = idle === 0 ? token.kid !== this.keys[0].kid : this.now - token.issued > Math.floor(idle / 2)
    const flags = https || token.flags === 1 ? 1 : 0
    return {
      id: base64url(token.id),
      ...(due || flags !== token.flags
        ? { claims: { ...token, flags, issued: Math.max(this.now, token.issued) } }
        : {}),
    }
  }

  private setCookie(claims: Claims): string {
    const { idle, absolute } = this.lifetimes
    const rest = Math.max(absolute - (this.now - claims.birth), 1)
    const left = absolute === 0 ? idle : idle === 0 ? rest : Math.min(idle, rest)
    return [
      `${this.scope.name}=${tokenOf(this.keys[0], this.scope, claims)}`,
      ...(left === 0 ? [] : [`Max-Age=${left}`]),
      'Path=/',
      ...(claims.flags === 1 ? ['Secure'] : []),
      'HttpOnly',
      'SameSite=Lax',
    ].join('; ')
  }

  private get timeouts(): Lifetimes {
    const { idle, absolute, skew } = this.lifetimes
    return { ...(idle === 0 ? {} : { idle }), ...(absolute === 0 ? {} : { absolute }), skew }
  }

  private bytes(): Buffer {
    return Buffer.from(Array.from({ length: 16 }, () => this.prng.below(256)))
  }
}

test(
  `the filter and the second implementation agree on ${CASES} tokens (seed ${SEED})`,
  { timeout: TIME_LIMIT },
  () => {
    const seen = new Set<Judgement>()
    rounds('../session/agreement.test.ts', CASES, (prng) => {
      const round = new Round(prng, seen)
      for (let i = 0; i < TOKENS_A_ROUND; i++) round.one()
      return TOKENS_A_ROUND
    })
    if (process.env['MOORING_ROUND'] === undefined) {
      expect([...seen].sort()).toEqual([
        'expired_absolute',
        'expired_idle',
        'forged',
        'malformed',
        'unknown_key',
        'valid',
      ])
    }
  },
)
