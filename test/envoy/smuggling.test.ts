/** Tricks with repeated and odd parts of a request, through a real Envoy: what it refuses, and what the filter makes of the rest. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { plainKey, textNode } from '../filter/reference-key.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { createIssuer, type Issuer } from './jwt-authn.ts'
import { overSocket } from './over-socket.ts'
import { rawRequest, seen } from './raw-request.ts'

const KEY = 'x-mooring-key'
const TOP = plainKey(textNode('constant', 'top'))

inEnvoy(({ binary }) => {
  describe('no trick', () => {
    let gateway: TestGateway
    let issuer: Issuer

    beforeAll(async () => {
      issuer = await createIssuer()
      gateway = await startGateway({
        binary,
        jwtAuthn: issuer.jwtAuthn,
        pluginConfig: {
          key: {
            header: KEY,
            from: [{ claim: 'sub' }, { header: 'x-user' }, { query: 'u' }, { constant: 'top' }],
          },
          rules: [
            { name: 'static', match: { paths: ['/static/**'] }, skip: true },
            { name: 'options', match: { methods: ['OPTIONS'] }, skip: true },
          ],
        },
      })
    })

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]()
    })

    const ask = async (...lines: string[]) => {
      const { status, echo } = await overSocket(
        gateway.port,
        lines.some((line) => /^host:/i.test(line)) ? lines : [...lines, 'host: test.com'],
      )
      return { status, keys: echo === undefined ? [] : seen({ echo }, KEY) }
    }

    test('reaches the skip but the plain way', async () => {
      expect(await ask('GET /static/x HTTP/1.1')).toEqual({ status: 'HTTP/1.1 200 OK', keys: [] })
      for (const path of [
        '/static%2Fx',
        '/static;a/x',
        '/static/..;/x',
        '/static%5Cx',
        '/static/%2e%2e/api',
        '//static/../api',
      ]) {
        expect({ path, ...(await ask(`GET ${path} HTTP/1.1`)) }).toEqual({
          path,
          status: 'HTTP/1.1 200 OK',
          keys: [TOP],
        })
      }
    })

    test('has two values counted as one of them', async () => {
      expect((await ask('GET / HTTP/1.1', 'x-user: a', 'X-USER: b')).keys).toEqual([TOP])
      expect((await ask('GET /?u=a&u=b HTTP/1.1')).keys).toEqual([plainKey(textNode('query:u', 'a'))])
      expect((await ask('GET / HTTP/1.1', 'x-user: a', 'x-user : b')).status).toBe('HTTP/1.1 400 Bad Request')
      // A folded line is one value with a blank, to Envoy and so to the filter.
      expect((await ask('GET / HTTP/1.1', 'x-user: a', ' b')).keys).toEqual([
        plainKey(textNode('header:x-user', 'a b')),
      ])
    })

    test('gives a request two hosts: Envoy joins them to one that nobody has', async () => {
      expect((await ask('GET / HTTP/1.1', 'host: test.com', 'host: other.com')).status).toBe(
        'HTTP/1.1 404 Not Found',
      )
    })

    test('gives a request that is over Envoy’s limit to the filter', async () => {
      const statusOf = async (octets: number) =>
        (await ask('GET / HTTP/1.1', `x-user: ${'a'.repeat(octets)}`)).status
      // 60 KiB with all other lines: a little less still reaches a pod, so the refusal is Envoy's own.
      expect(await statusOf(61_000)).toBe('HTTP/1.1 200 OK')
      expect(await statusOf(62_000)).toBe('HTTP/1.1 431 Request Header Fields Too Large')
    })

    test('makes two of one claim: Envoy refuses the token', async () => {
      const payload = (more: string): string =>
        `{"iss":"https://issuer.example.com","exp":4102444800,"sub":"alice"${more}}`
      const keyOf = async (text: string) => {
        const answer = await rawRequest(gateway.port, [
          'authorization',
          `Bearer ${await issuer.signText(text)}`,
        ])
        return answer.status === 200 ? seen(answer, KEY) : answer.status
      }
      expect(await keyOf(payload(''))).toEqual([plainKey(textNode('claim:/sub', 'alice'))])
      expect(await keyOf(payload(',"sub":"bob"'))).toBe(401)
    })
  })
})
