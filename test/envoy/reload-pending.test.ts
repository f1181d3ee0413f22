import { expect, test } from 'vitest'
import { POD_NAMES, Replicas, type Responder } from '../../demo/replica.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, seen, type RawAnswer } from './raw-request.ts'
import { until } from './until.ts'
import { startWatching } from './watching.ts'

const HELD = 50
const SESSIONS = 8

/** Keeps what asks for /held waiting until `release`. */
function holding(): { respond: Responder; count: () => number; release: () => void } {
  const answers: (() => void)[] = []
  return {
    respond: (_request, response, echo) => {
      if (echo.path !== '/held') return false
      answers.push(() => response.end(JSON.stringify(echo)))
      return true
    },
    count: () => answers.length,
    release: () => {
      for (const answer of answers) answer()
    },
  }
}

const sending = (sameSite: string) => ({ session: { cookie: { sameSite } } })

inEnvoy(({ binary }) => {
  test('configurations change while answers are pending: each gets the cookie that was minted for it, and no session moves', async () => {
    const held = holding()
    await using replicas = await Replicas.start(POD_NAMES, held.respond)
    const gateway = await startWatching({ binary, replicas: replicas.ports, pluginConfig: sending('Lax') })
    const established = await Promise.all(
      Array.from({ length: SESSIONS }, () => rawRequest(gateway.port, [])),
    )
    const later: { readonly session: number; readonly answer: RawAnswer }[] = []
    let loading = true
    const returning = established.map(async ({ setCookie }, session) => {
      const cookie = setCookie[0]?.split(';')[0] ?? ''
      while (loading) later.push({ session, answer: await rawRequest(gateway.port, ['cookie', cookie]) })
    })
    const newcomers: RawAnswer[] = []
    const inForce = (sameSite: string) => async () => {
      const answer = await rawRequest(gateway.port, [])
      newcomers.push(answer)
      return answer.setCookie[0]?.endsWith(`; SameSite=${sameSite}`) === true
    }
    const pending = Promise.all(
      Array.from({ length: HELD }, () => rawRequest(gateway.port, [], { path: '/held' })),
    )
    try {
      await until('the pending requests', () => held.count() === HELD)
      gateway.apply(sending('Strict'))
      await until('the second configuration', inForce('Strict'))
      gateway.apply(sending('Lax'))
      await until('the third configuration', inForce('Lax'))
      gateway.apply(sending('Strict'))
      await until('the fourth configuration', inForce('Strict'))
      const before = later.length
      await until('more of the load', () => later.length > before + 100)
    } finally {
      held.release()
      loading = false
      await Promise.all(returning)
    }
    const answers = await pending
    await gateway.stop()

    const ids = answers.map((answer) => {
      expect(answer.status).toBe(200)
      expect(answer.setCookie).toEqual([
        expect.stringMatching(/^ISTIOID=[A-Za-z0-9_-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
      ])
      expect(seen(answer, 'cookie')).toEqual([answer.setCookie[0]?.split(';')[0]])
      return answer.setCookie[0]
    })
    expect(new Set(ids).size).toBe(HELD)
    expect(newcomers.filter(({ status }) => status !== 200)).toEqual([])
    for (const { session, answer } of later) {
      expect(answer).toMatchObject({ status: 200, setCookie: [] })
      expect(answer.echo?.pod).toBe(established[session]?.echo?.pod)
    }
  })
})
