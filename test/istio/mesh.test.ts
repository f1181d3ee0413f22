/** The mesh's default, and who acts where a namespace or a gateway has a plugin of its own besides, in real Envoys. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { type RawAnswer, rawRequest, seen } from '../envoy/raw-request.ts'
import { sessionSeen, sessionsSet } from '../envoy/signed.ts'
import { idOf } from '../session/token.ts'
import { binaryNode, plainKey, textNode } from '../filter/reference-key.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'
import { connectionManager, type Golden, runSet } from './golden.ts'
import { expectMinted, expectScattered, expectSticky, SERVICE, setCookies, SIGNED, visit } from './visits.ts'

const KEY = 'x-mooring-key'
/** Of an id that Mooring minted: its bytes. */
const mintedKey = (id: string) =>
  plainKey(binaryNode('session', Buffer.from(id, 'base64url').toString('hex')))
/** Of a session that a client brought in another form. */
const sessionKey = (text: string) => plainKey(textNode('session', text))
const tenantKey = (tenant: string) => plainKey(textNode('header:x-tenant', tenant))
/** Plugins notice each other within seconds, and a removed one is forgotten after six: docs/instances.md. */
const SOON = { timeout: 30_000 }

/** Runs the golden as in a pod of this namespace. */
function inNamespace(golden: Golden, namespace: string): void {
  const id = `router~192.0.2.10~gw.${namespace}~${namespace}.svc.cluster.local`
  Object.assign(golden, { node: { id, cluster: namespace, metadata: { NAMESPACE: namespace } } })
}

inEnvoy(({ binary }) => {
  test('mesh-default: it needs none of the variables that it names for others', async () => {
    await using set = await runSet({ binary, set: 'mesh-default-gateway', env: {} })
    const visits = await visit(set)
    expectSticky(visits)
    expectMinted(visits)
  })

  test('mesh-default: a namespace that opted out is left alone, but for the key header of a client', async () => {
    await using set = await runSet({
      binary,
      set: 'mesh-default-gateway',
      adjust: (golden) => {
        inNamespace(golden, 'batch')
      },
    })
    const answer = await rawRequest(set.port, [KEY, 'chosen'])
    expect(answer.setCookie).toEqual([])
    expect(seen(answer, KEY)).toEqual([])
  })

  describe("mesh-override: the namespace's plugin acts on the mesh's key header", () => {
    const COOKIE = ['cookie', 'ISTIOID=somebody']
    const call = (port: number, headers: readonly string[], path = '/') =>
      rawRequest(port, [...headers, KEY, 'chosen'], { host: SERVICE, path })
    const keys = async (...args: Parameters<typeof call>) => seen(await call(...args), KEY)

    test("the mesh's stands down, and no client chooses", async () => {
      await using set = await runSet({ binary, set: 'mesh-override' })
      await expect
        .poll(() => keys(set.port, ['x-tenant', 'acme', ...COOKIE]), SOON)
        .toEqual([tenantKey('acme')])
      const visits = await visit(set, {
        host: SERVICE,
        headers: (client) => ({ 'x-tenant': `tenant-${client}`, cookie: 'ISTIOID=everybody' }),
      })
      expectSticky(visits)
      expect(setCookies(visits)).toEqual([])
      expect(visits.map(([first]) => seen({ echo: first?.echo }, KEY))).toEqual(
        visits.map((_, client) => [tenantKey(`tenant-${client}`)]),
      )
    })

    test('calls without a tenant fall back to the session, and without either to no key', async () => {
      await using set = await runSet({ binary, set: 'mesh-override' })
      await expect
        .poll(() => keys(set.port, ['x-tenant', 'acme', ...COOKIE]), SOON)
        .toEqual([tenantKey('acme')])
      const answer = await call(set.port, COOKIE)
      expect([seen(answer, KEY), seen(answer, 'cookie')]).toEqual([
        [sessionKey('somebody')],
        ['ISTIOID=somebody'],
      ])
      const neither = await call(set.port, [])
      expect([seen(neither, KEY), neither.setCookie]).toEqual([[], []])
    })

    test('what it skips the mesh leaves alone too', async () => {
      await using set = await runSet({ binary, set: 'mesh-override' })
      await expect.poll(() => keys(set.port, ['x-tenant', 'acme', ...COOKIE], '/search/it'), SOON).toEqual([])
      expectScattered(
        await visit(set, {
          host: SERVICE,
          path: () => '/search/it',
          headers: () => ({ 'x-tenant': 'acme', cookie: 'ISTIOID=somebody' }),
        }),
      )
      expect(await keys(set.port, COOKIE, '/searches')).toEqual([sessionKey('somebody')])
    })

    test('with `skip: true` in place of its configuration the whole namespace opts out', async () => {
      await using set = await runSet({
        binary,
        set: 'mesh-override',
        adjust: (golden) => {
          const [own] = connectionManager(golden).http_filters
          Object.assign(own?.typed_config.config ?? {}, {
            configuration: {
              '@type': 'type.googleapis.com/google.protobuf.StringValue',
              value: JSON.stringify({ skip: true }),
            },
          })
        },
      })
      await expect.poll(() => keys(set.port, COOKIE), SOON).toEqual([])
      expectScattered(await visit(set, { host: SERVICE, headers: () => ({ cookie: 'ISTIOID=somebody' }) }))
    })
  })

  describe('a gateway with signed sessions beside the default', () => {
    /** Everything is done by one: the cookie is signed, the pod sees one id, and the key is made of it. */
    const isDoneOnce = (answer: RawAnswer): boolean => {
      const [set, ...more] = sessionsSet(answer)
      return (
        set?.token !== undefined &&
        more.length === 0 &&
        answer.setCookie.length === 1 &&
        sessionSeen(answer) === idOf(set.value) &&
        seen(answer, KEY).join() === mintedKey(idOf(set.value))
      )
    }

    test('mesh-default-signed: one cookie, one key', async () => {
      await using set = await runSet({ binary, set: 'mesh-default-signed' })
      await expect.poll(async () => isDoneOnce(await rawRequest(set.port, [])), SOON).toBe(true)
      const visits = await visit(set)
      expectSticky(visits)
      expectMinted(visits, SIGNED)
      expect(isDoneOnce(await rawRequest(set.port, [KEY, 'chosen']))).toBe(true)
    })

    withGoTools(['istio'], ({ istio }) => {
      test('that is added while the default runs, and taken away again', async () => {
        await using mesh = await TestMesh.start({ binary, istio, set: 'mesh-default-gateway' })
        const setByDefault = async () => {
          const answer = await rawRequest(mesh.port, [])
          return answer.setCookie.length === 1 && sessionsSet(answer)[0]?.token === undefined
        }
        expect(await setByDefault()).toBe(true)
        await mesh.plane.applyDirectory('manifests/signed')
        await expect.poll(async () => isDoneOnce(await rawRequest(mesh.port, [])), SOON).toBe(true)
        const visits = await visit(mesh)
        expectSticky(visits)
        expectMinted(visits, SIGNED)

        await mesh.plane.delete(parse(readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8')))
        await expect.poll(setByDefault, SOON).toBe(true)
        // Sessions go on: the default takes the id out of a token.
        const token = sessionsSet({ setCookie: visits[0]?.[0]?.setCookie ?? [] })[0]?.value ?? ''
        const later = await rawRequest(mesh.port, ['cookie', `ISTIOID=${token}`])
        expect([later.setCookie, sessionSeen(later)]).toEqual([[], idOf(token)])
      })
    })
  })
})
