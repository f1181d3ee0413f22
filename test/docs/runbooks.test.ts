/** The commands of the runbooks. What their PromQL is worth, test/istio/dashboard.test.ts asks promtool. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const commands = readdirSync('docs/runbooks').flatMap((name) =>
  [
    ...readFileSync(`docs/runbooks/${name}`, 'utf8').matchAll(
      /^(?: {4}| {8})((?:kubectl|istioctl|node) .*)$/gm,
    ),
  ].map(([, command]) => command ?? ''),
)

test('every command is of a kind that is checked here, or needs a cluster', () => {
  const kinds = commands.map((command) =>
    command
      .split(' ')
      .slice(0, command.startsWith('kubectl -n') ? 4 : 2)
      .join(' '),
  )
  expect([...new Set(kinds)].sort()).toEqual([
    'istioctl proxy-status',
    'kubectl -n istio-system logs',
    'kubectl -n istio-system rollout',
    'kubectl get',
    'node build/js/cli/main.js',
  ])
})

test('what is piped into check, and what is checked, is what check reads', () => {
  const plugin: unknown = parse(readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8'))
  const list = JSON.stringify({ kind: 'List', items: [plugin] })
  const checks = commands.filter((command) => command.includes('cli/main.js check'))
  expect(checks.length).toBe(2)
  for (const command of checks) {
    const script = `kubectl() { printf '%s' "$LIST"; }; ${command}`
    const { status, stdout } = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, LIST: list },
    })
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '1 object, 1 configuration of Mooring: nothing found\n',
    })
  }
})
