/** The Helm chart makes what kustomize makes, by the tools themselves. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { withGoTools } from './go-tools.ts'

interface KubernetesObject {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** What the chart makes; RequestAuthentication, Gateways and the sample application are not its business. */
const KINDS = ['WasmPlugin', 'TrafficExtension', 'DestinationRule', 'PrometheusRule']

function objectsIn(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml, { version: '1.1' })
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object): object is KubernetesObject => object !== null && KINDS.includes(object.kind))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

withGoTools(['helm', 'kustomize'], ({ helm, kustomize }) => {
  const run = (file: string, ...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const template = (namespace: string, ...args: readonly string[]) =>
    run(helm, 'template', 'mooring', 'chart', '--namespace', namespace, ...args)

  const CASES: readonly (readonly [values: string, namespace: string, ...directories: string[]])[] = [
    ['gateway-api', 'istio-ingress', 'manifests/gateway-api'],
    ['sidecars', 'shop', 'manifests/sidecars'],
    ['waypoint', 'shop', 'manifests/waypoint'],
    ['mesh-default', 'istio-system', 'manifests/mesh-default'],
    ['mesh-override', 'shop', 'manifests/mesh-override'],
    ['signed', 'istio-system', 'manifests/signed'],
    ['by-user', 'istio-system', 'manifests/by-user'],
    ['shadow', 'istio-system', 'manifests/rollout/1-shadow', 'manifests/alerts'],
    ['seed', 'istio-system', 'manifests/seed'],
    ['traffic-extension', 'istio-system', 'manifests/traffic-extension/ingress-gateway'],
  ]

  const built = (directories: readonly string[]) =>
    objectsIn(directories.map((directory) => run(kustomize, 'build', directory).stdout).join('---\n'))

  test('with its own values it is manifests/ingress-gateway', () => {
    const made = template('istio-system')
    expect(made.stderr).toBe('')
    expect(objectsIn(made.stdout)).toEqual(built(['manifests/ingress-gateway']))
    expect(objectsIn(made.stdout)).toHaveLength(1)
  })

  test.each(CASES)('chart/examples/%s.yaml', (values, namespace, ...directories) => {
    const file = `chart/examples/${values}.yaml`
    const made = template(namespace, '--values', file)
    expect(made.stderr).toBe('')
    expect(objectsIn(made.stdout)).toEqual(built(directories))
    // It says itself what it is to be compared with, and in which namespace.
    const [first = ''] = readFileSync(file, 'utf8').split('\n')
    expect(first).toContain(directories[0])
    expect(first).toContain(`--namespace ${namespace}`)
  })

  test('what docs/mesh.md installs can be rendered', () => {
    const commands = [...readFileSync('docs/mesh.md', 'utf8').matchAll(/^ {4}helm install (.*)$/gm)]
    expect(commands.length).toBe(2)
    for (const [, rest = ''] of commands) {
      expect(run(helm, 'template', ...rest.split(' '))).toMatchObject({ status: 0, stderr: '' })
    }
  })

  test('what kustomize builds becomes TrafficExtensions, as docs/mesh.md says', () => {
    const { stdout } = run(kustomize, 'build', 'manifests/by-user')
    const turned = spawnSync(process.execPath, ['build/js/tools/traffic-extension.js'], {
      encoding: 'utf8',
      input: stdout,
    }).stdout
    const kinds = (yaml: string) => [...yaml.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind)
    expect(kinds(stdout)).toEqual(['WasmPlugin', 'RequestAuthentication'])
    expect(kinds(turned)).toEqual(['TrafficExtension', 'RequestAuthentication'])
  })

  test('every example is compared', () => {
    expect(CASES.map(([values]) => `${values}.yaml`).sort()).toEqual(readdirSync('chart/examples').sort())
  })

  test('lint finds nothing to complain about', () => {
    expect(run(helm, 'lint', 'chart', '--strict')).toMatchObject({ status: 0, stderr: '' })
  })

  describe('values that are wrong are refused before anything is applied', () => {
    test.each([
      ['an unknown value', 'failStrategie=FAIL_OPEN', 'failStrategie'],
      ['an unknown strategy', 'failStrategy=FAIL_SOMETIMES', '/failStrategy'],
      ['a URL without a scheme', 'image.url=registry.example.com/mooring:0.1.0', '/image/url'],
      ['a checksum that is none', 'image.sha256=sha256:abc', '/image/sha256'],
      ['an unknown field of pluginConfig', 'pluginConfig.session.coookie.name=X', '/pluginConfig/session'],
      [
        'a cookie that is no token',
        'pluginConfig.session.cookie.name=a b',
        '/pluginConfig/session/cookie/name',
      ],
      ['a selector beside targetRefs', 'targetRefs[0].kind=Gateway,targetRefs[0].name=gw', "'not' failed"],
      [
        'a ring and Maglev at once',
        'destinationRules[0].name=a,destinationRules[0].namespace=b,destinationRules[0].host=c,' +
          'destinationRules[0].consistentHash.httpHeaderName=x,' +
          'destinationRules[0].consistentHash.ringHash.minimumRingSize=1024,' +
          'destinationRules[0].consistentHash.maglev.tableSize=65537',
        '/destinationRules/0/consistentHash',
      ],
    ])('%s', (_, value, place) => {
      const { status, stdout, stderr } = template('istio-system', '--set', value)
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toContain(place)
    })
  })
})
