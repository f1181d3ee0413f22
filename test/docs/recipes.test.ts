/** The recipes of docs/keys.md, each run as it stands: who shares a pod, and who does not. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { HeaderList, PropertyTree } from '../../host/index.ts'
import { ENVIRONMENT } from '../config/compiler.ts'
import { verified } from '../filter/key-of.ts'
import { pass, requestValues, startMooring } from '../filter/mooring.ts'

interface Request {
  readonly headers?: HeaderList
  readonly properties?: PropertyTree
}

interface Case {
  /** These have one key. */
  readonly same: readonly Request[]
  /** Each of these has another, or none. */
  readonly others: readonly Request[]
  /** Answered with 400. */
  readonly rejected?: readonly Request[]
}

const of = (headers: Record<string, string>, properties: PropertyTree = {}): Request => ({
  headers: Object.entries(headers),
  properties,
})
const user = (sub: string): PropertyTree => verified({ sub })
const peer = (uri: string): PropertyTree => ({ connection: { uri_san_peer_certificate: uri } })
const SID = 'ISTIOID=ABEiM0RVZneImaq7zN3u_w'

const CASES: Readonly<Record<string, Case>> = {
  'By user': {
    same: [of({}, user('alice')), of({ cookie: SID }, user('alice'))],
    others: [of({}, user('bob')), of({ cookie: SID }), of({ 'x-user': 'alice' })],
  },
  'By tenant and user': {
    same: [
      of({}, verified({ 'https://acme.io/tenant': 'a', sub: 'bc' })),
      of({ cookie: SID }, verified({ 'https://acme.io/tenant': 'a', sub: 'bc', more: 1 })),
    ],
    others: [
      of({}, verified({ 'https://acme.io/tenant': 'ab', sub: 'c' })),
      of({}, verified({ sub: 'bc' })),
      of({ cookie: SID }),
    ],
  },
  'By cart': {
    same: [of({ ':path': '/carts/7/items' }), of({ ':path': '/carts/7' }), of({ cookie: `${SID}; cart=7` })],
    others: [of({ ':path': '/carts/8' }), of({ cookie: SID })],
  },
  'By API key': {
    same: [
      of({ 'x-api-key': 'k1' }),
      of({ authorization: 'ApiKey k1' }),
      of({ authorization: 'ApiKey  k1 ' }),
    ],
    others: [of({ 'x-api-key': 'k2' })],
    rejected: [of({}), of({ authorization: 'Bearer k1' })],
  },
  'By device': {
    same: [of({ 'x-device-id': 'Pixel 7' }), of({ ':path': '/?device=pixel+7' })],
    others: [of({ 'x-device-id': 'Pixel 8' }), of({ cookie: SID })],
  },
  'By SPIFFE identity': {
    same: [
      of({}, peer('spiffe://a.local/ns/shop/sa/cart')),
      of({}, peer('spiffe://b.local/ns/shop/sa/cart')),
    ],
    others: [
      of({}, peer('spiffe://a.local/ns/shop/sa/web')),
      of({ 'x-forwarded-client-cert': 'By=spiffe://a.local/ns/m/sa/n;URI=spiffe://a.local/ns/shop/sa/cart' }),
      of({}),
    ],
  },
  'By gRPC session': {
    same: ['Get', 'Put'].map((method) =>
      of({ ':path': `/shop.Carts/${method}`, 'content-type': 'application/grpc', 'x-session-id': 's' }),
    ),
    others: [
      of({ ':path': '/shop.Users/Get', 'content-type': 'application/grpc', 'x-session-id': 's' }),
      of({ ':path': '/shop.Carts/Get', 'x-session-id': 's' }),
    ],
  },
  'MCP up to 2025-11-25': {
    same: [
      of({ ':path': '/mcp', authorization: 'Bearer t1' }),
      of({ ':path': '/mcp', authorization: 'Bearer t1', 'mcp-session-id': 'from-the-server' }),
    ],
    others: [of({ ':path': '/mcp', authorization: 'Bearer t2' }), of({ ':path': '/mcp' }, user('alice'))],
  },
  'MCP from 2026-07-28': {
    same: [
      of({ ':path': '/mcp', 'mcp-method': 'tools/call', 'mcp-param-workspace': 'w' }, user('alice')),
      of(
        { ':path': '/mcp', 'mcp-method': 'tools/call', 'mcp-param-workspace': '=?base64?dw==?=' },
        user('alice'),
      ),
    ],
    others: [
      of({ ':path': '/mcp', 'mcp-method': 'tools/call', 'mcp-param-workspace': 'w' }, user('bob')),
      of({ ':path': '/mcp', 'mcp-method': 'tools/call', 'mcp-param-workspace': 'v' }, user('alice')),
      of({ ':path': '/mcp', 'mcp-method': 'tools/list', 'mcp-param-workspace': 'w' }, user('alice')),
    ],
  },
  'LLM conversations': {
    same: [
      of({ 'x-conversation-id': 'c1' }, verified({ tenant: 'a', sub: 'alice' })),
      of({ 'x-conversation-id': 'c1', cookie: SID }, verified({ tenant: 'a', sub: 'bob' })),
    ],
    others: [
      of({ 'x-conversation-id': 'c1' }, verified({ tenant: 'b', sub: 'alice' })),
      of({ 'x-conversation-id': 'c2' }, verified({ tenant: 'a', sub: 'alice' })),
      of({}, user('alice')),
      of({ cookie: SID }),
    ],
  },
}

const page = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8')
const section = /\n## Recipes\n([\s\S]*?)\n## /.exec(page)?.[1] ?? ''
const recipes = [...section.matchAll(/### (.*)\n[\s\S]*?```yaml\n([\s\S]*?)```/g)].map(
  ([, title = '', yaml = '']) => ({ title, configuration: parse(yaml, { version: '1.1' }) as object }),
)

test('every recipe is run, and no other', () => {
  expect(recipes.map(({ title }) => title)).toEqual(Object.keys(CASES))
})

describe.each(recipes)('$title', ({ title, configuration }) => {
  const { same, others, rejected = [] } = CASES[title] ?? { same: [], others: [] }
  const mooring = startMooring(configuration, { environment: ENVIRONMENT })

  const send = ({ headers = [], properties = {} }: Request) => {
    const passed = pass(mooring.plugin, headers, properties)
    const keys = requestValues(passed, 'x-mooring-key')
    const status = passed.request.localReply?.status
    passed.stream.end()
    return { keys, status }
  }

  test('gives one key to those who belong together', () => {
    const [first, ...rest] = same.map((request) => send(request).keys)
    expect(first).toHaveLength(1)
    expect(rest).toEqual(rest.map(() => first))
  })

  test('gives others another one', () => {
    const [shared] = same.map((request) => send(request).keys[0])
    const keys = others.flatMap((request) => send(request).keys)
    expect(keys).not.toContain(shared)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('refuses only those whom it says', () => {
    expect([...same, ...others].map((request) => send(request).status)).toEqual(
      [...same, ...others].map(() => undefined),
    )
    expect(rejected.map((request) => send(request).status)).toEqual(rejected.map(() => 400))
  })
})
