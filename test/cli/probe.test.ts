/** What `mooring probe` sends, and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { Authority, type Identity } from '../envoy/certificates.ts'
import { freePort } from '../../tools/free-port.ts'
import { mooring } from './mooring.ts'

interface Seen {
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly port: number | undefined
}

const folder = mkdtempSync(join(tmpdir(), 'mooring-probe-'))
const servers: Server[] = []
afterAll(() => {
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A pod, and all that it was asked. */
async function pod(
  answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined,
  { ends = true, identity }: { readonly ends?: boolean; readonly identity?: Identity } = {},
): Promise<{ readonly url: string; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = []
  const listen = (request: IncomingMessage, response: ServerResponse) => {
    seen.push({ url: request.url, headers: request.headers, port: request.socket.remotePort })
    response.setHeader('x-pod', 'pod-1')
    answer(request, response)
    if (ends) response.end()
  }
  const server = identity === undefined ? createServer(listen) : createSecureServer(identity, listen)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const scheme = identity === undefined ? 'http' : 'https'
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

describe('what is sent', () => {
  test('each path once a round, the last round over a new connection, cookies and headers with each', async () => {
    const { url, seen } = await pod((request, response) => {
      if (request.headers.cookie === undefined)
        response.setHeader('set-cookie', ['ISTIOID=a; Path=/', 'lang=en'])
    })
    const args = [
      '--sessions',
      '1',
      '--requests',
      '3',
      '--host',
      'shop.example.com',
      '-H',
      'X-One: 1',
      '-H',
      'x-two:',
    ]
    expect((await mooring('probe', `${url}/a?b=c`, '/d', ...args)).status).toBe(0)
    expect(seen.map((request) => request.url)).toEqual(['/a?b=c', '/d', '/a?b=c', '/d', '/a?b=c', '/d'])
    expect(seen.map(({ headers }) => headers.cookie)).toEqual([
      undefined,
      ...Array.from({ length: 5 }, () => 'ISTIOID=a; lang=en'),
    ])
    expect(seen.map(({ headers }) => [headers.host, headers['x-one'], headers['x-two']])).toEqual(
      seen.map(() => ['shop.example.com', '1', '']),
    )
    const ports = seen.map(({ port }) => port)
    expect(new Set(ports.slice(0, 4)).size).toBe(1)
    expect(new Set(ports.slice(4)).size).toBe(1)
    expect(ports[4]).not.toBe(ports[0])
  })

  test('sessions share nothing, but for --one-connection', async () => {
    let made = 0
    const { url, seen } = await pod((request, response) => {
      if (request.headers.cookie === undefined) response.setHeader('set-cookie', `ISTIOID=${(made += 1)}`)
    })
    const args = ['--sessions', '4', '--requests', '2', '--concurrency', '1']
    await mooring('probe', url, ...args)
    expect(seen.map(({ headers }) => headers.cookie)).toEqual(
      [1, 2, 3, 4].flatMap((session) => [undefined, `ISTIOID=${session}`]),
    )
    expect(new Set(seen.map(({ port }) => port)).size).toBe(8)
    await mooring('probe', url, ...args, '--one-connection')
    expect(new Set(seen.slice(8).map(({ port }) => port)).size).toBe(1)
  })

  test('bearer tokens, which sessions take in turn', async () => {
    const { url, seen } = await pod()
    const file = join(folder, 'tokens')
    writeFileSync(file, 'aaa.bbb.ccc\nddd\n')
    await mooring(
      'probe',
      url,
      '--sessions',
      '3',
      '--requests',
      '2',
      '--concurrency',
      '1',
      '--token-file',
      file,
    )
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(
      ['aaa.bbb.ccc', 'ddd', 'aaa.bbb.ccc'].flatMap((token) => [`Bearer ${token}`, `Bearer ${token}`]),
    )
  })

  test('as many sessions at a time as --concurrency says', async () => {
    const waiting: ServerResponse[] = []
    const { url, seen } = await pod(
      (_request, response) => {
        waiting.push(response)
        // Nobody is answered before three have asked.
        if (waiting.length === 3) for (const each of waiting.splice(0)) each.end()
      },
      { ends: false },
    )
    const args = ['--sessions', '6', '--requests', '2', '--concurrency', '3']
    expect((await mooring('probe', url, ...args)).status).toBe(0)
    expect(seen).toHaveLength(12)
  })

  test('over TLS a certificate has to be good, or --insecure given', async () => {
    const identity = new Authority('test').issue({ dns: ['shop.example.com'] })
    const { url } = await pod(undefined, { identity })
    const args = ['--sessions', '1', '--host', 'shop.example.com']
    expect(await mooring('probe', url, ...args)).toEqual({
      status: 2,
      stdout: '',
      stderr: `mooring: ${url}: no answer: UNABLE_TO_VERIFY_LEAF_SIGNATURE\n`,
    })
    expect((await mooring('probe', url, ...args, '--insecure')).status).toBe(0)
  })
})

describe('how it ends', () => {
  test('with 2 where nobody listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    expect(await mooring('probe', url, '--sessions', '2')).toEqual({
      status: 2,
      stdout: '',
      stderr: `mooring: ${url}: no answer: ECONNREFUSED\n`,
    })
  })

  test('with 2 where answers name no pod', async () => {
    const { url } = await pod()
    const { status, stderr } = await mooring('probe', url, '--sessions', '2', '--pod-header', 'X-Other')
    expect(status).toBe(2)
    expect(stderr).toContain('no answer has a header x-other, so nobody can say which pod it came from.')
  })

  const URL = 'http://127.0.0.1:1/'
  test.each([
    [[], 'probe: name a URL'],
    [['shop.example.com'], 'shop.example.com: expected a URL that begins with http:// or https://'],
    [['ftp://a'], 'ftp://a: expected a URL that begins with http:// or https://'],
    [[URL, 'http://b/'], 'http://b/: expected a path of http://127.0.0.1:1, as the first URL'],
    [[URL, '--sessions', '0'], '--sessions 0: expected a whole number from 1 to 100000'],
    [[URL, '--sessions', '1e3'], '--sessions 1e3: expected a whole number from 1 to 100000'],
    [[URL, '--requests', '1'], '--requests 1: expected a whole number from 2 to 1000'],
    [[URL, '--concurrency', '257'], '--concurrency 257: expected a whole number from 1 to 256'],
    [[URL, '--pause', 'x'], '--pause x: expected a whole number from 0 to 3600000'],
    [[URL, '--min-share', '1.1'], '--min-share 1.1: expected a number from 0 to 1'],
    [[URL, '--min-share', ''], '--min-share : expected a number from 0 to 1'],
    [[URL, '--format', 'xml'], '--format xml: expected text or json'],
    [[URL, '--pod-header', 'x pod'], '--pod-header x pod: expected a name, without spaces'],
    [[URL, '--cookie', 'a=b'], '--cookie a=b: expected a name, without spaces'],
    [[URL, '-H', 'x-one'], '-H "x-one": expected \'name: value\''],
    [[URL, '-H', 'x-one: a\r\nb: c'], '-H "x-one: a\\r\\nb: c": expected \'name: value\''],
  ])('with 2, and what to write: %j', async (args, message) => {
    expect(await mooring('probe', ...args)).toEqual({
      status: 2,
      stdout: '',
      stderr: `mooring: ${message}\nmooring probe --help says more\n`,
    })
  })

  test('with 2 for a file of tokens that is none, without showing it', async () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'two words\n')
    expect(await mooring('probe', URL, '--token-file', file)).toEqual({
      status: 2,
      stdout: '',
      stderr: `mooring: --token-file ${file}: expected a bearer token on each line\nmooring probe --help says more\n`,
    })
  })
})
