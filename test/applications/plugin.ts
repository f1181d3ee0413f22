import { K1, K2, ring } from '../session/keys.ts'

/** A pluginConfig for this cookie, with keys that are in the tests' environment. */
export function applying(
  cookie: string,
  { strategy = 'wrap', ...session }: { readonly strategy?: string; readonly persistence?: object } = {},
): object {
  return {
    session: {
      application: { cookie, strategy },
      signing: { keys: ring(K2, K1), audience: 'shop' },
      ...session,
    },
  }
}

/** `strategy: wrap` alone. */
export const wrapping = (cookie: string): object => applying(cookie)
