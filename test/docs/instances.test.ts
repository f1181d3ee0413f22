/** The example of docs/instances.md, run as it stands: who acts on which request. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { Proxy, send } from '../filter/chain.ts'

interface Manifest {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: { readonly priority: number; readonly pluginConfig: object }
}

const page = readFileSync(new URL('../../docs/instances.md', import.meta.url), 'utf8')
const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
const manifests = parseAllDocuments(yaml, { version: '1.1' }).map((document) => document.toJS() as Manifest)
const rows = [...page.matchAll(/^\| `(\/[^`]*)` \| (\w+) \| (\w+) \| (\w+) \|$/gm)].map(
  ([, path = '', cookie, cartKey, key]) => ({ path, cookie, cartKey, key }),
)
const INSTANCES = ['mesh', 'shop']

/** Plugins as Istio orders them: the higher priority first. */
function start(proxy: Proxy) {
  const ordered = [...manifests].sort((a, b) => b.spec.priority - a.spec.priority)
  return proxy.plugins(
    Object.fromEntries(
      ordered.map(({ metadata, spec }) => [`${metadata.namespace}.${metadata.name}`, spec.pluginConfig]),
    ),
  )
}

test('the example has two plugins, and the table a row for each of its rules and two more', () => {
  expect(manifests.map(({ metadata }) => metadata.namespace)).toEqual(['istio-system', 'shop'])
  expect(rows).toHaveLength(6)
})

test.each(rows)('$path: as the table says', ({ path, ...expected }) => {
  const proxy = new Proxy()
  const { setCookies, seen } = send(start(proxy), [
    [':path', path],
    ['x-mooring-key', 'forged'],
    ['x-cart-key', 'forged'],
  ])
  const minter = INSTANCES.find((instance) => proxy.counter('cookie_set', instance) === 1n) ?? 'nobody'
  expect(setCookies.map((line) => /SameSite=(\w+)$/.exec(line)?.[1])).toEqual(
    { mesh: ['Lax'], shop: ['Strict'], nobody: [] }[minter],
  )
  // In shadow a client's header stays where it is.
  const writer = (header: string, instance: string): string =>
    seen(header).some((value) => value !== 'forged') ? instance : 'nobody'
  // Each plugin has one key header that the other does not know.
  expect({
    cookie: minter,
    cartKey: writer('x-cart-key', 'shop'),
    key: writer('x-mooring-key', 'mesh'),
  }).toEqual(expected)
})
