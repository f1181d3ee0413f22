/** What the tests of signed sessions start from. */
import { ManualClock } from '../../host/index.ts'
import { type Mooring, HASH_SECRET, pass, setCookies, startMooring } from './mooring.ts'

/** A secret of 32 bytes that count up from `first`. */
function secret(first: number): string {
  return Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)).toString('base64')
}

export const ENVIRONMENT = {
  MOORING_SIGNING_1: secret(0x60),
  // Bytes 00 to 1f, as the vectors of docs/token.md use them.
  MOORING_SIGNING_2: secret(0x00),
  MOORING_SIGNING_3: secret(0x90),
  MOORING_HASH_SECRET: HASH_SECRET,
}

export const K1 = { id: 'k1', env: 'MOORING_SIGNING_1' }
export const K2 = { id: 'k2', env: 'MOORING_SIGNING_2' }
export const K3 = { id: 'k3', env: 'MOORING_SIGNING_3' }

export const SIGNING = { keys: [K2, K1], idleTimeout: '30m', absoluteTimeout: '12h' }

/** 2023-11-14T22:23:20Z, when the token of docs/token.md was issued. */
export const ISSUED = 1_700_000_600

/** A filter with a signed session, at `seconds` since 1970. */
export function startSigned(
  session: object = {},
  seconds: number = ISSUED,
  configuration: object = {},
): Mooring & { readonly clock: ManualClock } {
  const clock = new ManualClock(new Date(seconds * 1000))
  const mooring = startMooring(
    { session: { signing: SIGNING, ...session }, ...configuration },
    { environment: ENVIRONMENT, clock },
  )
  return { ...mooring, clock }
}

/** `ISTIOID=<token>`, as a browser would send what the filter sets over https. */
export function mintToken(configuration: object): string {
  const { plugin } = startMooring(configuration, { environment: ENVIRONMENT })
  const [line = ''] = setCookies(pass(plugin, [['x-forwarded-proto', 'https']]))
  return line.split(';')[0] ?? ''
}
