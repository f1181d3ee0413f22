/** The commands in docs/mesh.md name files that are there, and figures that are true. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Host, Maglev, RingHash, xxHash64 } from '../../host/envoy/index.ts'

const page = readFileSync('docs/mesh.md', 'utf8')
const commands = [
  ...page.matchAll(/^ {4}((?:make|crane|oras|skopeo|cosign|node|kubectl|curl|helm) .*)$/gm),
].map(([, command]) => command ?? '')

test('every command is of a kind that is checked here or run elsewhere', () => {
  expect(new Set(commands.map((command) => command.split(' ').slice(0, 2).join(' ')))).toEqual(
    new Set([
      'make image',
      'crane push',
      'oras cp',
      'skopeo copy',
      'cosign sign',
      'node build/js/cli/main.js',
      'kubectl apply',
      'kubectl kustomize',
      'kubectl -n',
      'curl --cookie-jar',
      'helm install',
    ]),
  )
})

test('every directory that is applied is one that kustomize builds, every file is there', () => {
  const directories = [...page.matchAll(/(?:apply -k|kubectl kustomize) (\S+)/g)].map(
    ([, path]) => path ?? '',
  )
  expect(directories.length).toBeGreaterThan(5)
  expect(directories.filter((path) => !existsSync(`${path.replace(/`.*/, '')}/kustomization.yaml`))).toEqual(
    [],
  )
  const files = [...page.matchAll(/(?:apply -f|--patch-file|--values|check) ([a-z]\S+\.yaml)/g)].map(
    ([, path]) => path ?? '',
  )
  expect(files.length).toBeGreaterThan(2)
  expect(files.filter((path) => !existsSync(path))).toEqual([])
})

test('the tables name directories that are there', () => {
  const named = [...page.matchAll(/`((?:options|traffic-extension|destination-rules)\/[a-z-]*)`/g)].map(
    ([, path]) => path ?? '',
  )
  expect(named.filter((path) => !existsSync(`manifests/${path}`))).toEqual([])
  const [, places = ''] = /## Where it runs\n\n([\s\S]*?)\n\n/.exec(page) ?? []
  const rows = [...places.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name ?? '')
  expect(rows.length).toBe(8)
  expect(rows.filter((name) => !existsSync(`manifests/${name}`))).toEqual([])
})

test('a plugin is checked as the page says', () => {
  const [command = ''] = commands.filter((line) => line.startsWith('node build/js/cli/main.js check'))
  const [file = '', ...args] = command.split(' ').slice(1)
  const { status, stdout } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: '1 object, 1 configuration of Mooring: nothing found\n',
  })
})

interface Variable {
  readonly name: string
  readonly valueFrom: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}

/** What a patch for the gateway's Deployment gives the proxy. */
function gatewayVariables(option: string): readonly Variable[] {
  const patch = parse(readFileSync(`manifests/options/${option}/gateway-environment.yaml`, 'utf8')) as {
    spec: { template: { spec: { containers: { name: string; env: Variable[] }[] } } }
  }
  const [container] = patch.spec.template.spec.containers
  expect(container?.name).toBe('istio-proxy')
  return container?.env ?? []
}

test.each([
  ['hash-secret', [{ name: 'mooring', key: 'hash-secret' }]],
  [
    'signing',
    [
      { name: 'mooring-signing', key: 'signing-1' },
      { name: 'mooring-signing', key: 'signing-2', optional: true },
    ],
  ],
])(
  'options/%s: the gateway gets what the plugin takes, from the Secret of the page',
  (option, references) => {
    const given = gatewayVariables(option)
    expect(given.map(({ valueFrom }) => valueFrom.secretKeyRef)).toEqual(references)
    const patches = parse(readFileSync(`manifests/options/${option}/plugin.yaml`, 'utf8')) as {
      value: { name?: string; valueFrom?: string }
    }[]
    const taken = patches.filter(({ value }) => value.valueFrom === 'HOST').map(({ value }) => value.name)
    expect(taken).toEqual(given.map(({ name }) => name))
    const [first] = references
    expect(page).toContain(`create secret generic ${first?.name ?? ''} --from-literal=${first?.key ?? ''}=`)
  },
)

test('what the options take has different names, and a plugin that others stand beside has them all', () => {
  const all = ['hash-secret', 'signing'].flatMap(gatewayVariables).map(({ name }) => name)
  expect(new Set(all).size).toBe(all.length)
  for (const directory of ['mesh-default', 'mesh-override']) {
    const { spec } = parse(readFileSync(`manifests/${directory}/wasm-plugin.yaml`, 'utf8')) as {
      spec: { vmConfig: { env: { name: string; valueFrom?: string }[] } }
    }
    const named = spec.vmConfig.env.filter(({ valueFrom }) => valueFrom === 'HOST').map(({ name }) => name)
    expect(named).toEqual(all)
  }
})

test('the command that rotates adds a secret under a key that the gateway reads', () => {
  const [command = ''] = commands.filter((line) => line.includes(' patch secret '))
  const script = `kubectl() { printf '%s\\n' "$@"; }; openssl() { echo 'AB+/cd=='; }; ${command}`
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  const [patch = '', option, secret] = stdout.trim().split('\n').reverse()
  expect([secret, option]).toEqual(['mooring-signing', '--patch'])
  const { stringData } = JSON.parse(patch) as { stringData: Record<string, string> }
  expect(stringData).toEqual({ 'signing-2': 'AB+/cd==' })
  expect(gatewayVariables('signing').map(({ valueFrom }) => valueFrom.secretKeyRef)).toContainEqual({
    name: secret,
    key: 'signing-2',
    optional: true,
  })
})

test('the shares of moved sessions are those of the balancers, on average over addresses', () => {
  const sessions = Array.from({ length: 1_000 }, (_, index) => xxHash64(`session-${index}`))
  const hosts = (round: number, count: number): Host[] =>
    Array.from({ length: count }, (_, index) => ({ address: `10.0.${round}.${index + 1}:8080` }))
  const share = (balancer: (hosts: Host[]) => { chooseHost: (hash: bigint) => Host | undefined }) => {
    const rounds = Array.from({ length: 12 }, (_, round) => {
      const [three, four] = [balancer(hosts(round, 3)), balancer(hosts(round, 4))]
      const moved = sessions.filter(
        (hash) => three.chooseHost(hash)?.address !== four.chooseHost(hash)?.address,
      )
      return (100 * moved.length) / sessions.length
    })
    return Math.round(rounds.reduce((sum, value) => sum + value) / rounds.length)
  }
  const row = /^\| 3 to 4 replicas \|(.*)$/m.exec(page)?.[1] ?? ''
  const [least = 0, ring = 0, largerRing = 0, maglev = 0] = [...row.matchAll(/(\d+) %/g)].map(([, n]) =>
    Number(n),
  )
  expect(least).toBe(25)
  const off = (documented: number, found: number) => Math.abs(documented - found)
  expect(
    off(
      ring,
      share((all) => new RingHash(all, { minimumRingSize: 1024 })),
    ),
  ).toBeLessThanOrEqual(1)
  expect(
    off(
      largerRing,
      share((all) => new RingHash(all, { minimumRingSize: 4096 })),
    ),
  ).toBeLessThanOrEqual(1)
  expect(
    off(
      maglev,
      share((all) => new Maglev(all, { tableSize: 65537 })),
    ),
  ).toBeLessThanOrEqual(1)
})
