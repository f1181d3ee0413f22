/** Configurations that change under load: sessions live on, and answers on their way set what they were to set. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { POD_NAMES, Replicas, type Echo } from '../../demo/replica.ts'
import { ENVIRONMENT, K1, K2 } from '../session/keys.ts'
import type { SigningKey } from '../session/token.ts'
import { inEnvoy } from './in-envoy.ts'
import { rawRequest, type RawAnswer } from './raw-request.ts'
import { cookieOf, sessionSeen, sessionsSet, signing, tokenAged } from './signed.ts'
import { idOf } from '../session/token.ts'
import { startWatching } from './watching.ts'

const CLIENTS = 6
const WAITING = 8

/** `name` is the cookie that /step mints, so that a test sees which configuration is in force. */
const configuration = (name: string, ...keys: readonly SigningKey[]) => ({
  session: { signing: signing(...keys) },
  rules: [{ name: 'step', match: { paths: ['/step'] }, session: { cookie: { name } } }],
})

/** Without signing, as before it is switched on. */
const unsigned = (name: string) => ({
  session: {},
  rules: [{ name: 'step', match: { paths: ['/step'] }, session: { cookie: { name } } }],
})

inEnvoy(({ binary }) => {
  test.each([
    [
      'signed sessions',
      [
        configuration('s1', K1),
        configuration('s2', K1, K2),
        configuration('s3', K2, K1),
        configuration('s4', K2, K1),
      ],
      () => tokenAged({ key: K1 }),
      idOf,
    ],
    [
      'unsigned sessions',
      [unsigned('s1'), unsigned('s2'), unsigned('s3'), unsigned('s4')],
      () => idOf(tokenAged()),
      (id: string) => id,
    ],
  ])(
    'no request fails and no session is lost while configurations change: %s',
    async (_, steps, make, idIn) => {
      const held: (() => void)[] = []
      const hold = (_request: unknown, response: ServerResponse, echo: Echo) => {
        if (echo.path !== '/held') return false
        held.push(() => response.end(JSON.stringify(echo)))
        return true
      }
      await using replicas = await Replicas.start(POD_NAMES, hold)
      const gateway = await startWatching({
        binary,
        replicas: replicas.ports,
        env: ENVIRONMENT,
        pluginConfig: steps[0],
      })
      let loading = true
      let requests = 0
      const failures: RawAnswer[] = []
      const lost: string[] = []
      const check = (answer: RawAnswer, id: string | undefined) => {
        requests++
        if (answer.status !== 200) failures.push(answer)
        else if (sessionSeen(answer) !== id) lost.push(`${id ?? '-'} became ${sessionSeen(answer) ?? '-'}`)
      }
      const client = async () => {
        const cookie = make()
        while (loading) check(await rawRequest(gateway.port, cookieOf(cookie)), idIn(cookie))
      }
      const newcomer = async (path: string) => {
        const answer = await rawRequest(gateway.port, [], { path })
        const [set] = sessionsSet(answer)
        check(answer, set === undefined ? 'none was set' : idIn(set.value))
      }
      const newcomers = async () => {
        while (loading) await newcomer('/')
      }
      const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
        const deadline = Date.now() + 30_000
        while (!(await holds())) {
          if (Date.now() > deadline) throw new Error(`${what} never came`)
          await sleep(10)
        }
      }
      const inForce = (name: string) =>
        until(
          name,
          async () => sessionsSet(await rawRequest(gateway.port, [], { path: '/step' }), name).length > 0,
        )

      const load = [...Array.from({ length: CLIENTS }, client), newcomers()]
      try {
        await inForce('s1')
        for (const [i, step] of steps.slice(1).entries()) {
          // Their pods do not answer before the configuration that let them in has been replaced.
          const waiting = Array.from({ length: WAITING }, () => newcomer('/held'))
          await until('the requests that wait', () => held.length === WAITING)
          gateway.apply(step)
          await inForce(`s${i + 2}`)
          for (const release of held.splice(0)) release()
          await Promise.all(waiting)
        }
      } finally {
        loading = false
        for (const release of held.splice(0)) release()
        await Promise.all(load)
        await gateway.stop()
      }
      expect(failures).toEqual([])
      expect(lost).toEqual([])
      expect(requests).toBeGreaterThan(WAITING * 3 + CLIENTS)
    },
  )
})
