/** The image of `make image`, pushed to a registry on this machine and pulled by the code of Istio's agent. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guardOrphan } from '../../tools/orphan-guard.ts'
import { runCommand } from '../../tools/run-command.ts'
import { withGoTools } from './go-tools.ts'

const BUILT = 'build/mooring.wasm'

withGoTools(['crane', 'oras', 'istio'], ({ crane, oras, istio }) => {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-registry-'))
  let registry: ChildProcess
  let address = ''
  let unguard: () => void = () => undefined
  let sums: { readonly oci: string; readonly https: string }

  beforeAll(async () => {
    const printed = spawnSync(
      process.execPath,
      ['build/js/tools/image.js', '--out', join(directory, 'image')],
      {
        encoding: 'utf8',
      },
    ).stdout
    sums = {
      oci: /oci:\/\/ +([0-9a-f]{64})/.exec(printed)?.[1] ?? '',
      https: /https:\/\/ +([0-9a-f]{64})/.exec(printed)?.[1] ?? '',
    }
    registry = spawn(crane, ['registry', 'serve', '--address', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (registry.pid !== undefined) unguard = guardOrphan(registry.pid)
    address = await new Promise((resolve, reject) => {
      let said = ''
      const listen = (text: string) => {
        said += text
        const port = /port (?:\S*:)?(\d+)/.exec(said)?.[1]
        if (port !== undefined) resolve(`127.0.0.1:${port}`)
      }
      registry.stdout?.setEncoding('utf8').on('data', listen)
      registry.stderr?.setEncoding('utf8').on('data', listen)
      registry.once('exit', () => {
        reject(new Error(`the registry ended: ${said}`))
      })
    })
    const push = spawnSync(crane, ['push', join(directory, 'image'), `${address}/mooring:0.1.0`], {
      encoding: 'utf8',
    })
    expect({ status: push.status, stderr: push.stderr.includes('rror') }).toEqual({
      status: 0,
      stderr: false,
    })
  })

  afterAll(() => {
    registry.kill()
    unguard()
    rmSync(directory, { recursive: true })
  })

  const pull = async (url: string, sha256 = '') => {
    const out = join(directory, 'pulled.wasm')
    rmSync(out, { force: true })
    const { status, stderr } = await runCommand(
      istio,
      ['pull', '-url', url, '-o', out, ...(sha256 === '' ? [] : ['-sha256', sha256])],
      { timeoutMs: 60_000 },
    )
    return { status, stderr, module: status === 0 ? readFileSync(out) : undefined }
  }

  test('crane sees the digest that make image printed', () => {
    const { stdout } = spawnSync(crane, ['digest', `${address}/mooring:0.1.0`], { encoding: 'utf8' })
    expect(stdout).toBe(`sha256:${sums.oci}\n`)
  })

  test('oras pushes the same', async () => {
    const copied = spawnSync(
      oras,
      [
        'cp',
        '--from-oci-layout',
        `${join(directory, 'image')}:0.1.0`,
        '--to-plain-http',
        `${address}/by-oras:0.1.0`,
      ],
      { encoding: 'utf8' },
    )
    expect(copied.stdout).toContain(`Digest: sha256:${sums.oci}`)
    const { module } = await pull(`oci://${address}/by-oras:0.1.0`, sums.oci)
    expect(module?.equals(readFileSync(BUILT))).toBe(true)
  })

  test('the agent pulls it by tag, without a checksum', async () => {
    const { module } = await pull(`oci://${address}/mooring:0.1.0`)
    expect(module?.equals(readFileSync(BUILT))).toBe(true)
  })

  test('the agent pulls it by digest, and compares the checksum', async () => {
    const { module } = await pull(`oci://${address}/mooring@sha256:${sums.oci}`, sums.oci)
    expect(module?.equals(readFileSync(BUILT))).toBe(true)
  })

  test("for oci:// the checksum of the file is refused: it is the manifest's that counts", async () => {
    const { status, stderr } = await pull(`oci://${address}/mooring:0.1.0`, sums.https)
    expect(status).toBe(1)
    expect(stderr).toContain(`has checksum ${sums.oci}, which does not match: ${sums.https}`)
  })

  test("for http:// it is the file's", async () => {
    expect(sums.https).toBe(createHash('sha256').update(readFileSync(BUILT)).digest('hex'))
    const server: Server = createServer((_, response) => response.end(readFileSync(BUILT)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mooring.wasm`
    try {
      expect((await pull(url, sums.https)).module?.equals(readFileSync(BUILT))).toBe(true)
      const refused = await pull(url, sums.oci)
      expect(refused.status).toBe(1)
      expect(refused.stderr).toContain(`has checksum ${sums.https}, which does not match: ${sums.oci}`)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('an image that is not there is an error, not another module', async () => {
    const { status, stderr } = await pull(`oci://${address}/mooring:0.0.1`)
    expect(status).toBe(1)
    expect(stderr).toContain('could not fetch Wasm OCI image')
  })
})
