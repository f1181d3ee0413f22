/** Where and when a plugin runs. */
import { isMapping, listAt, mappingAt, numberAt, type Path, textAt, valueAt } from '../../manifests/value.ts'
import type { Rule } from '../finding.ts'
import type { Plugin } from '../plugin.ts'
import { sourcesOf } from '../policy.ts'

export const claimBeforeAuthn: Rule = {
  code: 'claim_before_authn',
  severity: 'error',
  *see({ plugins }) {
    for (const plugin of plugins.filter(({ phase }) => phase === 'AUTHN')) {
      const verified = plugin.policies
        .flatMap(({ path }) => sourcesOf(plugin.config, path))
        .find(({ kind, fields }) => kind === 'claim' && fields['token'] !== 'unverified')
      if (verified === undefined) continue
      yield {
        manifest: plugin.manifest,
        path: ['spec', 'phase'],
        message:
          'runs before tokens are verified: no request has a claim yet, and the next source decides for everybody',
        instead: 'phase: AUTHZ',
        fix: plugin.manifest.replace(['spec', 'phase'], 'AUTHZ'),
      }
    }
  },
}

export const priorityMissing: Rule = {
  code: 'priority_missing',
  severity: 'warning',
  *see({ plugins }) {
    for (const { manifest } of plugins) {
      if (valueAt(manifest.value, 'spec', 'priority') !== undefined) continue
      yield {
        manifest,
        path: ['spec'],
        message:
          'without a priority it runs last of its phase, after plugins with a negative one: another plugin that reads or writes its headers may come first',
        instead: 'priority: 10',
        fix: manifest.insertInto(['spec'], 'priority: 10'),
      }
    }
  },
}

export const matchMissing: Rule = {
  code: 'match_missing',
  severity: 'warning',
  *see({ plugins }) {
    for (const { manifest, placement } of plugins) {
      if (placement === 'gateway' || placement === 'waypoint') continue
      const entries = listAt(manifest.value, 'spec', 'match')
      const inbound = entries.findIndex((entry) => textAt(entry, 'mode') !== 'CLIENT')
      if (entries.length > 0 && inbound < 0) continue
      yield {
        manifest,
        path: inbound < 0 ? ['spec'] : ['spec', 'match', inbound],
        message:
          'runs in sidecars on the way in too, where the pod is chosen already: each call pays and is counted twice, and what the caller sent is taken for a client’s',
        instead: 'match: [{mode: CLIENT}]',
        ...(entries.length === 0 && {
          fix: manifest.insertInto(['spec'], 'match: [{mode: CLIENT}]'),
        }),
      }
    }
  },
}

export const waypointMatch: Rule = {
  code: 'waypoint_match',
  severity: 'error',
  *see({ plugins }) {
    for (const { manifest } of plugins.filter(({ placement }) => placement === 'waypoint')) {
      const entries = listAt(manifest.value, 'spec', 'match')
      const reaches = entries.some(
        (entry) => textAt(entry, 'mode') !== 'CLIENT' && listAt(entry, 'ports').length === 0,
      )
      if (entries.length === 0 || reaches) continue
      yield {
        manifest,
        path: ['spec', 'match'],
        message:
          'a waypoint counts as SERVER with port 0: this matches nothing there, and the plugin never runs',
        instead: 'no match at all',
      }
    }
  },
}

export const selectorOnWaypoint: Rule = {
  code: 'selector_on_waypoint',
  severity: 'error',
  *see({ plugins, waypoints }) {
    for (const { manifest } of plugins) {
      const labels = mappingAt(manifest.value, 'spec', 'selector', 'matchLabels')
      const waypoint = waypoints.find(
        ({ name, namespace }) =>
          namespace === manifest.namespace && labels['gateway.networking.k8s.io/gateway-name'] === name,
      )
      if (waypoint === undefined && labels['gateway.istio.io/managed'] !== 'istio.io-mesh-controller')
        continue
      yield {
        manifest,
        path: ['spec', 'selector'],
        message: 'selects a waypoint, and waypoints look at targetRefs only: the plugin never runs',
        instead: `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${waypoint?.name ?? 'waypoint'}}]`,
      }
    }
  },
}

/** Istio's order: phase, then priority, which is the least there is where it is unset. */
function order({ manifest, phase }: Plugin): number {
  const phases = ['AUTHN', 'AUTHZ', 'STATS']
  const rank = phases.includes(phase) ? phases.indexOf(phase) : phases.length
  const priority = numberAt(manifest.value, 'spec', 'priority') ?? -(2 ** 31)
  return rank * 2 ** 33 - priority
}

export const orderReversed: Rule = {
  code: 'order_reversed',
  severity: 'warning',
  *see({ plugins }) {
    for (const mesh of plugins.filter(({ isForMesh }) => isForMesh)) {
      for (const own of plugins) {
        if (own === mesh || own.isForMesh || own.placement === 'waypoint' || order(own) <= order(mesh))
          continue
        const shared =
          [...own.cookies].some((name) => mesh.cookies.has(name)) ||
          [...own.headers].some((name) => mesh.headers.has(name))
        const skips = own.policies.every(({ session, key }) => session === undefined && key === undefined)
        if (!shared && !skips) continue
        yield {
          manifest: own.manifest,
          path: ['spec', 'priority'],
          message: `runs after ${mesh.manifest.title}, the mesh’s own: that one has taken cookie and key by then, and what stands here has no effect`,
          instead: `a priority above ${String(numberAt(mesh.manifest.value, 'spec', 'priority') ?? 'that one’s')}`,
        }
      }
    }
  },
}

export const pluginTwice: Rule = {
  code: 'plugin_twice',
  severity: 'warning',
  *see({ plugins }) {
    for (const extension of plugins.filter(({ manifest }) => manifest.kind === 'TrafficExtension')) {
      const target = ({ manifest: { value } }: Plugin) =>
        JSON.stringify([valueAt(value, 'spec', 'selector'), valueAt(value, 'spec', 'targetRefs')])
      const twin = plugins.find(
        (other) =>
          other.manifest.kind === 'WasmPlugin' &&
          other.manifest.namespace === extension.manifest.namespace &&
          target(other) === target(extension),
      )
      if (twin === undefined) continue
      yield {
        manifest: extension.manifest,
        path: ['metadata', 'name'],
        message: `is for the same proxies as ${twin.manifest.title}: both run, and every request pays twice`,
        instead: 'one of the two',
      }
    }
  },
}

export const trafficExtensionVersion: Rule = {
  code: 'traffic_extension_version',
  severity: 'error',
  *see(world) {
    const { istio } = world
    if (istio?.isBefore(30) !== true) return
    for (const manifest of world.of('TrafficExtension')) {
      yield {
        manifest,
        path: ['kind'],
        message: `Istio ${istio.toString()} has no TrafficExtension: it cannot be applied`,
        instead: 'kind: WasmPlugin, or Istio 1.30',
      }
    }
  },
}

export const sharedEnvironment: Rule = {
  code: 'shared_environment',
  severity: 'warning',
  *see({ plugins, istio }) {
    // Envoy 1.39, of Istio 1.31, made the environment part of what names a VM.
    if (istio?.isBefore(31) !== true) return
    const names = ({ environment }: Plugin) =>
      environment
        .map(({ name, value, fromPod }) => `${name}=${fromPod ? '(pod)' : value}`)
        .toSorted()
        .join('\n')
    for (const [index, plugin] of plugins.entries()) {
      const other = plugins
        .slice(0, index)
        .find(
          (before) => before.url === plugin.url && meet(before, plugin) && names(before) !== names(plugin),
        )
      if (other === undefined) continue
      yield {
        manifest: plugin.manifest,
        path: [...plugin.wasm, 'vmConfig', 'env'],
        message: `has another environment than ${other.manifest.title} with the same image: on Istio ${istio.toString()} both share that of the first to start, and a secret may be missing`,
        instead: 'the same vmConfig.env in both',
      }
    }
  },
}

/** Whether two plugins may run on one proxy. */
function meet(one: Plugin, other: Plugin): boolean {
  if (one.placement === 'waypoint' || other.placement === 'waypoint') return one.placement === other.placement
  if (one.isForMesh || other.isForMesh) return true
  const [first, second] = [one, other].map(({ manifest }) =>
    mappingAt(manifest.value, 'spec', 'selector', 'matchLabels'),
  )
  const apart = Object.entries(first ?? {}).some(
    ([label, value]) => isMapping(second) && label in second && second[label] !== value,
  )
  return one.manifest.namespace === other.manifest.namespace && !apart
}

/** The filter gives a request's callback 1 MiB (assembly/bytes/arena.ts), and may read its headers twice. */
const MOST_HEADERS_KB = 512

export const headersOverArena: Rule = {
  code: 'headers_over_arena',
  severity: 'warning',
  *see(world) {
    if (world.plugins.length === 0) return
    for (const manifest of world.of('EnvoyFilter')) {
      const limit = headerLimit(manifest.value['spec'], ['spec'])
      if (limit === undefined || limit.kilobytes <= MOST_HEADERS_KB) continue
      yield {
        manifest,
        path: limit.path,
        message: `lets ${String(limit.kilobytes)} KiB of headers in, of which the filter reads at most 1 MiB in all: larger requests have no session and no key, and where sessions are signed they are answered with 431`,
        instead: `at most ${String(MOST_HEADERS_KB)}`,
        fix: manifest.replace(limit.path, String(MOST_HEADERS_KB)),
      }
    }
  },
}

function headerLimit(
  value: unknown,
  path: Path,
): { readonly path: Path; readonly kilobytes: number } | undefined {
  const entries = Array.isArray(value) ? [...value.entries()] : isMapping(value) ? Object.entries(value) : []
  for (const [step, inner] of entries) {
    const here = [...path, step]
    if ((step === 'max_request_headers_kb' || step === 'maxRequestHeadersKb') && typeof inner === 'number') {
      return { path: here, kilobytes: inner }
    }
    const found = headerLimit(inner, here)
    if (found !== undefined) return found
  }
  return undefined
}
