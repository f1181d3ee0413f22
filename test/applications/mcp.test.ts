/**
 * Servers and clients of the Model Context Protocol, by its official SDK, behind manifests/mcp in a real Envoy: sessions up to
 * 2025-11-25, and 2026-07-28, which has none.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readDestinationRule } from '../../demo/resources.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { K1, STRANGER } from '../session/keys.ts'
import { unwrap, wrap } from '../session/wrapped.ts'
import { Gateway } from './gateway.ts'
import { McpClient, refusal, SESSIONS, STATELESS } from './mcp-client.ts'
import { type Arrived, mcpPods } from './mcp-pod.ts'
import { Pods } from './pod.ts'

const CLIENTS = process.env['PROVE'] === undefined ? 12 : 200
const { pluginConfig } = (
  parse(readFileSync('manifests/mcp/wasm-plugin.yaml', 'utf8'), { version: '1.1' }) as {
    spec: { pluginConfig: object }
  }
).spec
const { algorithm } = readDestinationRule('manifests/mcp/destination-rule.yaml')
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SOON = { timeout: 20_000 }

const everybody = <T>(visit: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: CLIENTS }, (_, index) => visit(index)))
const podOf = (noted: string) => noted.slice(0, noted.indexOf(':'))

inEnvoy(({ binary }) => {
  /** Three servers behind the manifest, and every request that reached one. */
  async function start({ filter = true } = {}) {
    const arrived: Arrived[] = []
    const pods = await Pods.start(mcpPods(arrived))
    const gateway = await Gateway.start({
      binary,
      pods: pods.running,
      algorithm,
      hosts: ['127.0.0.1'],
      ...(filter ? { pluginConfig } : {}),
    })
    return {
      arrived,
      pods,
      gateway,
      connect: (more: { readonly sessionId?: string } = {}) =>
        McpClient.connect({ port: gateway.port, protocol: SESSIONS, ...more }),
      [Symbol.asyncDispose]: async () => {
        await gateway[Symbol.asyncDispose]()
        await pods[Symbol.asyncDispose]()
      },
    }
  }

  describe('up to 2025-11-25', () => {
    test('a session lives on one pod: calls, its stream and what it missed of it, and its end', async () => {
      await using mcp = await start()
      const pods = await everybody(async (index) => {
        await using client = await mcp.connect()
        expect(client.protocol).toBe(SESSIONS)
        const { value = '' } = unwrap(client.sessionId) ?? {}
        expect(value).toMatch(UUID)
        const own = (method: string) =>
          mcp.arrived.filter(
            ({ method: had, headers }) => had === method && headers['mcp-session-id'] === value,
          )

        const pod = podOf(await client.note(`a${index}`))
        expect(await client.note('b')).toBe(`${pod}: a${index} b`)
        await expect.poll(() => own('GET').length, SOON).toBe(1)
        await client.announce('one')
        await client.announce('two', false)
        await client.announce('three')
        await expect.poll(() => client.heard, SOON).toEqual(['one', 'two', 'three'])
        expect(own('GET')[1]?.headers['last-event-id']).toMatch(/^\d+$/)
        await client.endSession()
        expect(own('DELETE').length).toBe(1)
        // With one session's id on every request but the first, all of it on its pod.
        expect([...own('GET'), ...own('POST'), ...own('DELETE')].filter((each) => each.pod !== pod)).toEqual(
          [],
        )
        return pod
      })
      expect(new Set(pods).size).toBeGreaterThan(1)
      expect(mcp.arrived.filter(({ headers }) => headers['mcp-session-id']?.includes('~'))).toEqual([])
    })

    test('what is over the pod itself answers with 404, and the client begins anew', async () => {
      await using mcp = await start()
      await using client = await mcp.connect()
      const pod = podOf(await client.note('a'))
      const { sessionId } = client
      await client.endSession()
      await using late = await mcp.connect({ sessionId })
      expect(await refusal(late.note('b'))).toBe(404)
      expect(mcp.arrived.at(-1)?.pod).toBe(pod)
      await using fresh = await mcp.connect()
      expect(await fresh.note('c')).toMatch(/^shop-\d: c$/)
    })

    test('an id with a forged suffix is answered with 404, and no pod is asked', async () => {
      await using mcp = await start()
      await using client = await mcp.connect()
      await client.note('a')
      await expect.poll(() => mcp.arrived.filter(({ method }) => method === 'GET').length, SOON).toBe(1)
      const { value = '', k = new Uint8Array() } = unwrap(client.sessionId) ?? {}
      const header = { kind: 'header', name: 'mcp-session-id', audience: 'mcp' } as const
      const asked = mcp.arrived.length
      for (const forged of [
        wrap({ ...STRANGER, kid: 'k1' }, header, value, k),
        wrap(STRANGER, header, value, k),
        wrap(K1, { ...header, audience: 'shop' }, value, k),
        `x${client.sessionId}`,
      ]) {
        await using thief = await mcp.connect({ sessionId: forged })
        expect(await refusal(thief.note('b'))).toBe(404)
      }
      expect(mcp.arrived.slice(asked)).toEqual([])
    })

    test("when a pod goes its clients begin anew; the others' sessions go on", async () => {
      await using mcp = await start()
      const { connect, gateway, pods } = mcp
      const clients = await everybody(() => connect())
      const places = await Promise.all(clients.map(async (client) => podOf(await client.note('a'))))
      const [gone, ...left] = pods.running
      if (gone === undefined) throw new Error('no pods')
      await gateway.balanceOver(left)
      await pods.stop(gone)
      const restarts = await Promise.all(
        clients.map(async (client, i) => {
          let noted = ''
          const status = await refusal(client.note('b').then((all) => void (noted = all)))
          if (status === undefined) {
            expect(noted).toBe(`${places[i] ?? ''}: a b`)
            return false
          }
          expect(status).toBe(404)
          await using again = await connect()
          expect(await again.note('c')).toMatch(/^shop-\d: c$/)
          return true
        }),
      )
      expect(restarts.filter((_, i) => places[i] === gone.name).every(Boolean)).toBe(true)
      expect(restarts).toContain(false)
      await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
    })

    test('without the filter hardly anybody gets as far as a second call', async () => {
      await using mcp = await start({ filter: false })
      const lost = await everybody(async () => {
        try {
          await using client = await mcp.connect()
          await client.note('a')
          return (await client.note('b')).endsWith(': a b') ? 0 : 1
        } catch {
          return 1
        }
      })
      expect(lost.filter((each) => each === 1).length).toBeGreaterThan(CLIENTS / 2)
    })
  })

  describe('2026-07-28', () => {
    const WORKSPACES = [
      ...Array.from({ length: 16 }, (_, i) => `workspace-${i}`),
      ...['naïve 日本', 'x y', '=?base64?eA==?=', '0'],
    ]

    test('a workspace lives on one pod, whoever works in it', async () => {
      await using mcp = await start()
      const pods = await Promise.all(
        WORKSPACES.map(async (workspace) => {
          const users = await Promise.all(
            ['ann', 'bob', 'cat'].map(async (user) => {
              const client = await McpClient.connect({
                port: mcp.gateway.port,
                protocol: STATELESS,
                headers: { authorization: `Bearer ${user}` },
              })
              await client.learnTools()
              return client
            }),
          )
          const noted: string[] = []
          for (const [i, client] of [...users, ...users].entries()) {
            expect(client.protocol).toBe(STATELESS)
            expect(client.sessionId).toBe('')
            noted.push(await client.note(`${i}`, workspace))
          }
          await Promise.all(users.map((client) => client[Symbol.asyncDispose]()))
          const pod = podOf(noted[0] ?? '')
          expect(noted.at(-1)).toBe(`${pod}: 0 1 2 3 4 5`)
          return pod
        }),
      )
      expect(new Set(pods).size).toBeGreaterThan(1)
      const calls = mcp.arrived.filter(({ headers }) => headers['mcp-method'] === 'tools/call')
      expect(calls.length).toBe(6 * WORKSPACES.length)
      expect(new Set(calls.map(({ headers }) => headers['mcp-param-workspace'])).size).toBe(WORKSPACES.length)
    })

    test('calls without a workspace stay with their user', async () => {
      await using mcp = await start()
      const pods = await everybody(async (index) => {
        await using client = await McpClient.connect({
          port: mcp.gateway.port,
          protocol: STATELESS,
          headers: { authorization: `Bearer user-${index}` },
        })
        const noted = [await client.note('a'), await client.note('b'), await client.note('c')]
        expect(new Set(noted.map(podOf)).size).toBe(1)
        return podOf(noted[0] ?? '')
      })
      expect(new Set(pods).size).toBeGreaterThan(1)
    })
  })
})
