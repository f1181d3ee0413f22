/** That verifying a token takes as many instructions wherever its tag goes wrong: time tells nothing about the right one. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ManualClock, Vm } from '../../host/index.ts'
import { ENVIRONMENT, K1, K2 } from '../session/keys.ts'
import { base64url, tokenOf, variable } from '../session/token.ts'
import { countInstructions, countingModule } from '../../bench/instructions/count.ts'

const NOW = 1_800_000_000
const SCOPE = { name: 'ISTIOID' }

const module = countingModule(readFileSync('build/mooring.wasm'))

/** A proxy whose key `k2` has this secret. A forged token mints nothing there: a new id costs what it costs. */
function proxyWith(secret: string): (cookie: string) => { cookie: string | undefined; instructions: number } {
  const vm = new Vm(module, {
    environment: { ...ENVIRONMENT, MOORING_SIGNING_2: secret },
    clock: new ManualClock(new Date(NOW * 1000)),
  })
  const plugin = vm.startPlugin({
    configuration: JSON.stringify({
      session: {
        onInvalid: 'ignore',
        signing: { keys: [{ id: 'k2', env: 'MOORING_SIGNING_2' }], absoluteTimeout: '12h' },
      },
    }),
  })
  return (token) => {
    const stream = plugin.stream({
      headers: [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':authority', 'test.com'],
        [':path', '/'],
        ['cookie', `ISTIOID=${token}`],
      ],
    })
    const instructions = countInstructions(vm, () => stream.requestHeaders({ endOfStream: true }))
    const cookie = stream.request.get('cookie')
    stream.end()
    return { cookie, instructions }
  }
}

test('verifying takes as long for a tag that is nearly right as for one that is all wrong', () => {
  const sound = tokenOf(K2, SCOPE, { id: Buffer.alloc(16, 0x5a), birth: NOW, issued: NOW })
  const signed = sound.slice(0, -22)
  const tag = Buffer.from(sound.slice(-22), 'base64url')
  const near = proxyWith(variable(K2))
  // Here the right tag is another one, so the same text is wrong nearly everywhere.
  const far = proxyWith(variable(K1))
  // The first request of a proxy costs a little more, so there is one of each before anything is compared.
  expect(near(sound).cookie).toBe(`ISTIOID=${base64url(Buffer.alloc(16, 0x5a))}`)
  expect(far(sound).cookie).toBeUndefined()

  const forged = Array.from({ length: 128 }, (_, bit) =>
    Buffer.from(tag.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))),
  )
  for (const wrong of forged) {
    const token = `${signed}${base64url(wrong)}`
    const refused = far(token)
    expect(refused.cookie).toBeUndefined()
    expect(near(token), token).toEqual(refused)
  }
})
