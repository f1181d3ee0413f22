/** What the tests of signed sessions start from. */
import { ManualClock } from '../../host/index.ts'
import * as keys from '../session/keys.ts'
import { type Mooring, pass, setCookies, startMooring } from './mooring.ts'

export const { ENVIRONMENT } = keys

/** As `signing.keys` of a configuration names them. */
export const [K1, K2, K3] = keys.ring(keys.K1, keys.K2, keys.K3) as [object, object, object]

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
