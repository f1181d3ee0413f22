import { K1, K2, ring } from '../session/keys.ts'

/** A pluginConfig with `strategy: wrap` for this cookie, and keys that are in the tests' environment. */
export function wrapping(cookie: string): object {
  return {
    session: {
      application: { cookie, strategy: 'wrap' },
      signing: { keys: ring(K2, K1), audience: 'shop' },
    },
  }
}
