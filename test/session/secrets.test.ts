/** What stays of signing keys in a proxy's memory: neither the secrets nor what was derived from them. */
import { expect, test } from 'vitest'
import { pass, setCookies, startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT, HASH_SECRET, K1, K2, ring } from './keys.ts'
import { deriveKey, variable } from './token.ts'

test('no secret, no text of one and no derived key stays in memory, before requests and after them', () => {
  const { vm, plugin } = startMooring(
    {
      session: {
        adopt: [{ cookie: 'OLDSESSION' }],
        signing: { keys: ring(K1, K2), idleTimeout: '30m', absoluteTimeout: '12h' },
      },
      key: { hashSecret: { env: 'MOORING_HASH_SECRET' } },
    },
    { environment: ENVIRONMENT },
  )
  const secrets = [K1.secret, K2.secret, HASH_SECRET]
  const traces = secrets.flatMap((secret) => [
    Buffer.from(secret),
    Buffer.from(variable({ kid: '', secret })),
    ...['token', 'successor', 'key', 'adopt'].map((purpose) => deriveKey(secret, purpose)),
  ])
  const found = () => {
    const memory = Buffer.from(vm.memory.read(0, vm.memory.size) ?? [])
    expect(memory.includes('OLDSESSION')).toBe(true)
    // The hash works on words in the machine's order.
    return traces.filter((trace) => memory.includes(trace) || memory.includes(swapped(trace))).length
  }
  expect(found()).toBe(0)
  const first = pass(plugin)
  expect(setCookies(first)).toHaveLength(1)
  setCookies(pass(plugin, [['cookie', 'OLDSESSION=legacy-value; ISTIOID=x']]))
  expect(found()).toBe(0)
})

const swapped = (bytes: Buffer) =>
  Buffer.from(bytes)
    .subarray(0, bytes.length & ~3)
    .swap32()
