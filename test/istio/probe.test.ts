/** The manifest that names pods for `mooring probe`, and pods that go meanwhile. */
import { describe, expect, test } from 'vitest'
import { mooring } from '../cli/mooring.ts'
import { inEnvoy } from '../envoy/in-envoy.ts'
import { TestMesh } from './control-plane.ts'
import { withGoTools } from './go-tools.ts'
import { runSet } from './golden.ts'

interface Report {
  readonly share: number
  readonly moved: number
  readonly pods: readonly { readonly pod: string }[]
  readonly causes: readonly { readonly code: string; readonly sessions: number }[]
}

const probe = async (port: number, ...args: readonly string[]) => {
  const url = `http://127.0.0.1:${port}/`
  const { status, stdout } = await mooring('probe', url, '--host', 'test.com', '--format', 'json', ...args)
  return { status, report: JSON.parse(stdout) as Report }
}

inEnvoy(({ binary }) => {
  test.each([
    ['virtual-services', 'pod-header'],
    ['http-routes', 'gateway-api-pod-header'],
  ])('%s/pod-header.yaml names pods by their addresses, whatever the application says', async (_, name) => {
    await using set = await runSet({
      binary,
      set: name,
      respond: (_request, response) => {
        response.setHeader('x-pod', 'somebody')
        return false
      },
    })
    const { status, report } = await probe(set.port, '--sessions', '40')
    expect(status).toBe(0)
    expect(report).toMatchObject({ share: 1, causes: [] })
    expect(report.pods.map(({ pod }) => pod).sort()).toEqual(
      set.replicas.ports.map((port) => `127.0.0.1:${port}`).sort(),
    )
  })

  withGoTools(['istio'], ({ istio }) => {
    describe('pods_changed', () => {
      // They last as long as the probe's pauses.
      test.concurrent.each([
        ['a pod that goes', (mesh: TestMesh) => mesh.remove('replica-2')],
        ['a pod that comes', (mesh: TestMesh) => mesh.add()],
      ])('%s meanwhile', async (_, change) => {
        await using mesh = await TestMesh.start({ binary, istio, set: 'pod-header' })
        const answers = () => [...mesh.replicas.values()].reduce((sum, { log }) => sum + log.length, 0)
        const probing = probe(
          mesh.port,
          '--sessions',
          '60',
          '--concurrency',
          '60',
          '--requests',
          '60',
          '--pause',
          '100',
        )
        await expect.poll(answers, { timeout: 30_000 }).toBeGreaterThan(600)
        await change(mesh)
        const { status, report } = await probing
        expect(status).toBe(1)
        expect(report.moved).toBeGreaterThan(0)
        expect(report.causes).toMatchObject([{ code: 'pods_changed', sessions: report.moved }])
      })
    })
  })
})
