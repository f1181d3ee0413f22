/**
 * manifests/mcp as Istio generates it, in real Envoys, with requests as the two generations of the protocol have them.
 * test/applications/mcp.test.ts has its official SDK do the same.
 */
import { expect, test } from 'vitest'
import type { Responder } from '../../demo/replica.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { rawRequest, seen } from '../envoy/raw-request.ts'
import { unwrap } from '../session/wrapped.ts'
import { runSet } from './golden.ts'

const SESSION = 'mcp-session-id'
const SESSIONS = 30

/** Makes a session up for whoever has none, and echoes the request. */
const respond: Responder = (request, response, { pod }) => {
  if (request.headers[SESSION] === undefined) response.setHeader(SESSION, `of-${pod}`)
  return false
}

inEnvoy(({ binary }) => {
  test('a session that a pod made up stays with it, and the pod sees its own id', async () => {
    await using set = await runSet({ binary, set: 'mcp', respond })
    const pods = await Promise.all(
      Array.from({ length: SESSIONS }, async () => {
        const first = await rawRequest(set.port, [], { method: 'POST', path: '/mcp' })
        const held = String(first.headers[SESSION])
        const pod = first.echo?.pod
        expect(unwrap(held)).toMatchObject({ value: `of-${pod}`, kid: 'k1' })
        for (const method of ['POST', 'GET', 'DELETE']) {
          const later = await rawRequest(set.port, [SESSION, held], { method, path: '/mcp' })
          expect([later.echo?.pod, seen(later, SESSION)]).toEqual([pod, [`of-${pod}`]])
          expect(later.headers[SESSION]).toBeUndefined()
        }
        const forged = await rawRequest(set.port, [SESSION, `x${held}`], { method: 'POST', path: '/mcp' })
        expect([forged.status, forged.echo]).toEqual([404, undefined])
        return pod
      }),
    )
    expect(new Set(pods).size).toBeGreaterThan(1)
  })

  test('without sessions a workspace has one pod, as text and in base64, and nothing is wrapped', async () => {
    await using set = await runSet({ binary, set: 'mcp', respond })
    const call = (user: string, ...workspace: readonly string[]) =>
      rawRequest(set.port, ['mcp-method', 'tools/call', 'authorization', `Bearer ${user}`, ...workspace], {
        method: 'POST',
        path: '/mcp',
      })
    const pods = await Promise.all(
      Array.from({ length: SESSIONS }, async (_, index) => {
        const name = `workspace ${index}`
        const answers = [
          await call('ann', 'mcp-param-workspace', name),
          await call('bob', 'mcp-param-workspace', `=?base64?${Buffer.from(name).toString('base64')}?=`),
        ]
        expect(answers[1]?.echo?.pod).toBe(answers[0]?.echo?.pod)
        expect(answers.map(({ echo, headers }) => headers[SESSION] === `of-${echo?.pod ?? ''}`)).toEqual([
          true,
          true,
        ])
        return answers[0]?.echo?.pod
      }),
    )
    expect(new Set(pods).size).toBeGreaterThan(1)
    const ann = [await call('ann'), await call('ann'), await call('ann')]
    expect(new Set(ann.map((answer) => String(seen(answer, 'x-mooring-key')))).size).toBe(1)
    expect(seen(await call('bob'), 'x-mooring-key')).not.toEqual(
      seen(ann[0] ?? { echo: undefined }, 'x-mooring-key'),
    )
  })
})
