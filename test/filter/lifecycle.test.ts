/** Roots and streams come and go in every order that Envoy knows: each keeps its own policy, and nothing is left behind. */
import { describe, expect, test } from 'vitest'
import { type Plugin, PluginRefusedError, type Stream, type Vm } from '../../host/index.ts'
import { LeanHost, ROOT, requestOf } from './lean-host.ts'
import {
  counter,
  headersWith,
  pass,
  requestValues,
  setCookies,
  startMooring,
  startPlugin,
} from './mooring.ts'

const VALID = 'ABEiM0RVZneImaq7zN3u_w'

describe('two plugins of one image in one VM', () => {
  const configurations = {
    shop: { session: { cookie: { name: 'SHOP', ttl: '1h' } }, key: { header: 'x-shop-key' } },
    chat: {
      session: { cookie: { name: 'CHAT', path: '/chat' } },
      key: { header: 'x-chat-key', format: 'raw' },
      observe: { instance: 'chat' },
    },
    shadow: { mode: 'shadow', session: { cookie: { name: 'SHADOW' } } },
    keyOnly: { key: { header: 'x-user-key', from: [{ header: 'x-user' }], format: 'raw' } },
  }

  function startAll(): { vm: Vm; shop: Plugin; chat: Plugin; shadow: Plugin; keyOnly: Plugin } {
    const { vm, plugin } = startMooring(configurations.shop)
    return {
      vm,
      shop: plugin,
      chat: startPlugin(vm, configurations.chat),
      shadow: startPlugin(vm, configurations.shadow),
      keyOnly: startPlugin(vm, configurations.keyOnly),
    }
  }

  test('each mint their own cookie and write their own key, however their streams interleave', () => {
    const { shop, chat, shadow, keyOnly } = startAll()
    const opened = Array.from({ length: 40 }, () => ({
      chat: pass(chat),
      shop: pass(shop),
      keyOnly: pass(keyOnly, [['x-user', 'alice']]),
      shadow: pass(shadow, [['x-mooring-key', 'as it came']]),
    }))
    for (const streams of opened.reverse()) {
      expect(requestValues(streams.keyOnly, 'x-user-key')).toEqual(['alice'])
      expect(requestValues(streams.keyOnly, 'cookie')).toEqual([])
      expect(requestValues(streams.shadow, 'x-mooring-key')).toEqual(['as it came'])
      expect(requestValues(streams.shop, 'x-shop-key')).toHaveLength(1)
      expect(requestValues(streams.shop, 'x-chat-key')).toEqual([])
      const shopCookie = requestValues(streams.shop, 'cookie')[0] ?? ''
      const chatCookie = requestValues(streams.chat, 'cookie')[0] ?? ''
      expect(requestValues(streams.chat, 'x-chat-key')).toEqual([chatCookie.replace('CHAT=', '')])
      expect(setCookies(streams.shop)).toEqual([
        `${shopCookie}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax`,
      ])
      expect(setCookies(streams.shadow)).toEqual([])
      expect(setCookies(streams.keyOnly)).toEqual([])
      expect(setCookies(streams.chat)).toEqual([`${chatCookie}; Path=/chat; HttpOnly; SameSite=Lax`])
    }
  })

  test('count apart where they are named apart', () => {
    const { vm, shop, chat } = startAll()
    setCookies(pass(shop))
    setCookies(pass(chat))
    setCookies(pass(chat))
    vm.advance(1000)
    expect(vm.metrics.counter('wasm_filter.default.mooring_session_minted')).toBe(1n)
    expect(vm.metrics.counter('wasm_filter.chat.mooring_session_minted')).toBe(2n)
  })

  test('do not notice when the other is removed', () => {
    const { vm, shop, chat } = startAll()
    const before = pass(chat)
    shop.stop()
    const after = pass(chat)
    expect(setCookies(before)).toHaveLength(1)
    expect(setCookies(after)).toHaveLength(1)
    expect(vm.plugins).not.toContain(shop)
  })

  test('each read their configuration alone: a refused one changes nothing for the other', () => {
    const { vm, plugin } = startMooring(configurations.shop)
    expect(() => startPlugin(vm, { session: { cookie: { name: 'not a token' } } })).toThrow(
      PluginRefusedError,
    )
    expect(setCookies(pass(plugin))[0]).toMatch(/^SHOP=[A-Za-z0-9_-]{22}; Max-Age=3600; /)
  })
})

describe('while a configuration is replaced', () => {
  const older = { session: { cookie: { name: 'OLD', ttl: '1h' } }, key: { header: 'x-old' } }
  const newer = { session: { cookie: { name: 'NEW', path: '/new' } }, key: { header: 'x-new' } }

  test('streams that are open get the Set-Cookie of the old one, new ones that of the new one', () => {
    const { vm, plugin } = startMooring(older)
    const early = [pass(plugin), pass(plugin), pass(plugin)]
    const successor = plugin.replace({ configuration: JSON.stringify(newer) })
    const late = pass(successor)
    expect(vm.plugins).toEqual([plugin, successor])
    for (const passed of early) {
      const [cookie = ''] = requestValues(passed, 'cookie')
      expect(setCookies(passed)).toEqual([`${cookie}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax`])
    }
    expect(vm.plugins).toEqual([successor])
    expect(setCookies(late)[0]).toMatch(/^NEW=[A-Za-z0-9_-]{22}; Path=\/new; HttpOnly; SameSite=Lax$/)
  })

  test('a refused one leaves the old one as it was', () => {
    const { plugin } = startMooring(older)
    const early = pass(plugin)
    expect(() => plugin.replace({ configuration: '{"session":{"cokie":{}}}' })).toThrow(PluginRefusedError)
    expect(setCookies(early)).toHaveLength(1)
    expect(requestValues(pass(plugin), 'x-old')).toHaveLength(1)
  })

  test('counters go on where they were', () => {
    const mooring = startMooring(older)
    setCookies(pass(mooring.plugin))
    const successor = mooring.plugin.replace({ configuration: JSON.stringify(newer) })
    setCookies(pass(successor))
    expect(counter(mooring, 'session_minted')).toBe(2n)
  })

  test('what was counted since the last tick is not lost', () => {
    const { vm, plugin } = startMooring(older)
    setCookies(pass(plugin))
    plugin.stop()
    expect(vm.metrics.counter('wasm_filter.default.mooring_session_minted')).toBe(1n)
  })

  test('a client keeps its session where the cookie keeps its name', () => {
    const { plugin } = startMooring({ session: {} })
    const successor = plugin.replace({
      configuration: JSON.stringify({ session: { cookie: { ttl: '1h' } } }),
    })
    const passed = pass(successor, [['cookie', `ISTIOID=${VALID}`]])
    expect(requestValues(passed, 'cookie')).toEqual([`ISTIOID=${VALID}`])
    expect(setCookies(passed)).toEqual([])
  })
})

/** Every way in which a stream may end, as Envoy ends streams. */
const ENDINGS: [string, (stream: Stream) => void][] = [
  ['before it reached the filter', () => undefined],
  ['reset after the request headers', (stream) => stream.requestHeaders()],
  [
    'reset after the request body',
    (stream) => {
      stream.requestHeaders()
      stream.requestBody('body', { endOfStream: true })
    },
  ],
  [
    'reset after the request trailers',
    (stream) => {
      stream.requestHeaders()
      stream.requestTrailers([['x-trailer', '1']])
    },
  ],
  [
    'after the response headers',
    (stream) => {
      stream.requestHeaders()
      stream.responseHeaders()
    },
  ],
  [
    'after response body and trailers',
    (stream) => {
      stream.requestHeaders()
      stream.responseHeaders()
      stream.responseBody('body')
      stream.responseTrailers([['x-trailer', '1']])
    },
  ],
  [
    'after a local reply of the proxy',
    (stream) => {
      stream.requestHeaders()
      stream.responseHeaders({ headers: [[':status', '503']], details: 'no_healthy_upstream' })
    },
  ],
  ['with a response that no request came before', (stream) => stream.responseHeaders()],
]

describe('a stream that ends', () => {
  test.each(ENDINGS)('%s leaves nothing behind', (_, run) => {
    const { vm, plugin } = startMooring({ session: {} })
    const repeat = (times: number): void => {
      for (let i = 0; i < times; i++) {
        const stream = plugin.stream({ headers: headersWith([]) })
        run(stream)
        stream.end()
      }
    }
    repeat(100)
    const size = vm.memory.size
    // More than may be pending at once: if any were left behind, sessions would no longer be minted.
    repeat(70_000)
    expect(vm.memory.size).toBe(size)
    expect(setCookies(pass(plugin))).toHaveLength(1)
  })

  test('with a local reply of the filter leaves nothing behind', () => {
    const { vm, plugin } = startMooring({
      session: {},
      key: { from: [{ header: 'x-user' }], onNone: 'reject' },
    })
    const repeat = (times: number): void => {
      for (let i = 0; i < times; i++) {
        const { stream, request } = pass(plugin)
        if (request.localReply?.status !== 400) throw new Error('the request was not rejected')
        stream.end()
      }
    }
    repeat(100)
    const size = vm.memory.size
    repeat(70_000)
    expect(vm.memory.size).toBe(size)
    expect(setCookies(pass(plugin, [['x-user', 'alice']]))).toHaveLength(1)
  })

  test('after its plugin was replaced leaves nothing of the old policy behind', () => {
    const { vm, plugin } = startMooring({ session: {} })
    let running = plugin
    const replace = (times: number): void => {
      for (let i = 0; i < times; i++) {
        const open = Array.from({ length: 8 }, () => pass(running))
        running = running.replace({ configuration: JSON.stringify({ session: {} }) })
        open.forEach(({ stream }, index) => {
          if (index % 2 === 0) stream.responseHeaders()
          stream.end()
        })
      }
    }
    replace(100)
    const size = vm.memory.size
    replace(2000)
    expect(vm.memory.size).toBe(size)
    expect(vm.plugins).toEqual([running])
    expect(setCookies(pass(running))).toHaveLength(1)
  })
})

describe('at most 65,536 streams await their Set-Cookie', () => {
  test('one more gets no session, until another has ended', () => {
    const mooring = startMooring({ session: {} })
    const open = Array.from({ length: 65_536 }, () => pass(mooring.plugin))
    const excess = pass(mooring.plugin)
    expect(requestValues(excess, 'cookie')).toEqual([])
    expect(requestValues(excess, 'x-mooring-key')).toEqual([])
    expect(setCookies(excess)).toEqual([])
    expect(counter(mooring, 'session_exhausted')).toBe(1n)

    const [first, ...others] = open
    first?.stream.end()
    const next = pass(mooring.plugin)
    expect(setCookies(next)).toHaveLength(1)
    expect(others.filter((passed) => setCookies(passed).length === 1)).toHaveLength(65_535)
  })
})

describe('a host that does what Envoy does not', () => {
  const configuration = JSON.stringify({ session: {} })
  const first = 2
  const second = 3

  /** Two streams whose answers would get a Set-Cookie. */
  function waiting(): LeanHost {
    const host = new LeanHost(configuration)
    host.current = requestOf([[':method', 'GET']])
    for (const stream of [first, second]) {
      host.call('proxy_on_context_create', stream, ROOT)
      host.call('proxy_on_request_headers', stream, 0, 1)
    }
    return host
  }

  test('and configures a root again gets no Set-Cookie of the policy that is gone', () => {
    const host = waiting()
    expect(host.call('proxy_on_configure', ROOT, configuration.length)).toBe(1)
    host.call('proxy_on_response_headers', first)
    expect(host.setCookies).toBe(0)
    host.stream(host.current, true)
    expect(host.setCookies).toBe(1)
  })

  test('and deletes a root before its streams gets none either, nor does a root of the same id', () => {
    const host = waiting()
    host.call('proxy_on_delete', ROOT)
    host.call('proxy_on_response_headers', first)
    host.call('proxy_on_context_create', ROOT, 0)
    expect(host.call('proxy_on_configure', ROOT, configuration.length)).toBe(1)
    host.call('proxy_on_response_headers', second)
    expect(host.setCookies).toBe(0)
  })

  test('and runs callbacks of streams and roots that it never created gets nothing done', () => {
    const host = waiting()
    host.call('proxy_on_request_headers', 77, 0, 1)
    host.call('proxy_on_response_headers', 77)
    host.call('proxy_on_delete', 77)
    host.call('proxy_on_tick', 77)
    expect(host.call('proxy_on_configure', 77, configuration.length)).toBe(0)
    expect(host.setCookies).toBe(0)
    host.call('proxy_on_response_headers', first)
    expect(host.setCookies).toBe(1)
  })
})
