import { describe, expect, test } from 'vitest'
import { startGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen } from './raw-request.ts'

const TOKEN = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x40 + i)).toString('base64')
const EXPLAIN = 'x-mooring-explain'

inEnvoy(({ binary }) => {
  describe('how a request was decided', () => {
    test('is told to who presents the token, in answers of pods and of the proxy; no pod sees the token', async () => {
      await using gateway = await startGateway({
        binary,
        env: { MOORING_DEBUG_TOKEN: TOKEN },
        pluginConfig: {
          session: {},
          observe: { debugHeader: { env: 'MOORING_DEBUG_TOKEN' } },
          rules: [
            {
              name: 'users',
              match: { paths: ['/users'] },
              key: { from: [{ header: 'x-user' }], onNone: 'reject' },
            },
          ],
        },
      })
      const ask = async (token: string, path = '/') => {
        const answer = await rawRequest(gateway.port, [EXPLAIN, token], { path })
        return { ...answer, debug: answer.headers['x-mooring-debug'] }
      }

      const first = await ask(TOKEN)
      expect(first.debug).toMatch(
        /^rule=-; session=minted; key=session; tried=session:yielded; fingerprint=[\w-]{8}$/,
      )
      expect(first.setCookie).toHaveLength(1)
      expect(seen(first, EXPLAIN)).toEqual([])

      const rejected = await ask(TOKEN, '/users')
      expect([rejected.status, rejected.debug]).toEqual([
        400,
        'rule=users; session=minted; key=none; tried=header:absent',
      ])

      const stranger = await ask('bm90IHRoZSB0b2tlbg')
      expect([stranger.status, stranger.debug]).toEqual([200, undefined])
      expect(seen(stranger, EXPLAIN)).toEqual([])
    })
  })
})
