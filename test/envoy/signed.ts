/** Signed sessions in a real Envoy: its configuration, and tokens of any age. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EnvoyProcess } from '../../tools/envoy-process.ts'
import { K2, ring } from '../session/keys.ts'
import { readToken, tokenOf, type Claims, type Scope, type SigningKey, type Token } from '../session/token.ts'
import { seen, type RawAnswer } from './raw-request.ts'

export const NAME = 'ISTIOID'
export const SCOPE: Scope = { name: NAME, audience: 'shop' }
export const MINUTE = 60
export const HOUR = 60 * MINUTE
/** Seconds. */
export const IDLE = 30 * MINUTE
export const ABSOLUTE = 12 * HOUR

/** The clock of this machine, which Envoy reads too, in seconds. */
export const now = (): number => Math.floor(Date.now() / 1000)

/** `session.signing` with these keys and the times above. */
export function signing(...keys: readonly SigningKey[]): object {
  return { keys: ring(...keys), audience: 'shop', idleTimeout: '30m', absoluteTimeout: '12h' }
}

/** A session as its client would hold it: born and issued so many seconds ago. */
export function tokenAged(
  { born = 0, issued = 0, key = K2, scope = SCOPE, ...claims }: Aged = {},
  id: Uint8Array = randomBytes(16),
): string {
  return tokenOf(key, scope, { id, birth: now() - Math.max(born, issued), issued: now() - issued, ...claims })
}

export interface Aged extends Pick<Claims, 'flags' | 'bound'> {
  readonly born?: number
  readonly issued?: number
  readonly key?: SigningKey
  readonly scope?: Scope
}

/** The Cookie header that returns this token. */
export const cookieOf = (token: string, name = NAME): string[] => ['cookie', `${name}=${token}`]

/** The session as a pod saw it; undefined if there was none. Throws if there are several. */
export function sessionSeen(answer: Pick<RawAnswer, 'echo'>, name = NAME): string | undefined {
  const values = seen(answer, 'cookie')
    .flatMap((line) => line.split('; '))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  if (values.length > 1) throw new Error(`the pod saw several sessions: ${values.join(' ')}`)
  return values[0]
}

export interface SetSession {
  /** The cookie's value as it was set. */
  readonly value: string
  /** What it says, if it is a token. */
  readonly token: Token | undefined
  readonly maxAge: number | undefined
  /** The other attributes, in order. */
  readonly attributes: readonly string[]
}

/** Every Set-Cookie of the session. */
export function sessionsSet({ setCookie }: Pick<RawAnswer, 'setCookie'>, name = NAME): readonly SetSession[] {
  return setCookie
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => {
      const [pair = '', ...attributes] = line.split('; ')
      const value = pair.slice(name.length + 1)
      const maxAge = attributes.find((attribute) => attribute.startsWith('Max-Age='))
      return {
        value,
        token: readToken(value),
        maxAge: maxAge === undefined ? undefined : Number(maxAge.slice('Max-Age='.length)),
        attributes: attributes.filter((attribute) => attribute !== maxAge),
      }
    })
}

/** Mooring's counters that are not zero, once `requests` were counted: workers hand theirs over once a second. */
export async function countersAt(
  envoy: EnvoyProcess,
  requests: number,
): Promise<Readonly<Record<string, number>>> {
  const counted = async () =>
    Object.fromEntries(
      [...(await envoy.stats('mooring_'))]
        .filter(([, value]) => value > 0)
        .map(([name, value]) => [name.replace('wasmcustom.wasm_filter.default.mooring_', ''), value]),
    )
  const deadline = Date.now() + 20_000
  let counters = await counted()
  while (counters['requests'] !== requests && Date.now() < deadline) {
    await sleep(50)
    counters = await counted()
  }
  return counters
}
