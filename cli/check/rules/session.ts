/** What a configuration says of sessions and keys, seen beside the objects around it. */
import { isMapping, listAt, mappingAt, textAt, valueAt } from '../../manifests/value.ts'
import type { Rule } from '../finding.ts'
import { mintsAlways, nameOf, sourcesOf } from '../policy.ts'

/** What may come with a login and was not there before. */
const CREDENTIALS = new Set(['claim', 'header', 'query', 'cookie', 'peer', 'forwardedClientCert'])

export const sourceBeforeSession: Rule = {
  code: 'source_before_session',
  severity: 'warning',
  *see({ plugins }) {
    for (const plugin of plugins) {
      for (const { path, key } of plugin.policies) {
        const sources = sourcesOf(plugin.config, path)
        const session = sources.findIndex(({ kind }) => kind === 'session')
        const before = sources.slice(0, Math.max(session, 0)).find(({ kind }) => CREDENTIALS.has(kind))
        if (before === undefined || key?.['bind'] === 'session') continue
        yield {
          manifest: plugin.manifest,
          path: [...plugin.configPath, ...before.path],
          message: `comes before the session: when a request has it for the first time, at login, the user moves to another pod, and a request without it (an image, a WebSocket) goes back`,
          instead:
            'key: {bind: session}, where a session is to stay; as it is where a user is to have one pod on all devices',
        }
      }
    }
  },
}

export const issuerMissing: Rule = {
  code: 'issuer_missing',
  severity: 'warning',
  *see(world) {
    const issuers = new Set(
      world
        .of('RequestAuthentication')
        .flatMap(({ value }) => listAt(value, 'spec', 'jwtRules').map((rule) => textAt(rule, 'issuer')))
        .filter((issuer) => issuer !== ''),
    )
    if (issuers.size < 2) return
    for (const plugin of world.plugins) {
      for (const { path } of plugin.policies) {
        const claims = sourcesOf(plugin.config, path).filter(({ kind }) => kind === 'claim')
        const [first] = claims
        if (first === undefined || claims.some((source) => nameOf(source) === 'iss')) continue
        yield {
          manifest: plugin.manifest,
          path: [...plugin.configPath, ...first.path],
          message: `tokens of ${String(issuers.size)} issuers are accepted, and the key has no iss: two users of one name share a key`,
          instead: `all: [{claim: iss}, {claim: ${String(nameOf(first))}}]`,
        }
      }
    }
  },
}

export const addressBehindProxy: Rule = {
  code: 'address_behind_proxy',
  severity: 'warning',
  *see({ plugins }) {
    for (const plugin of plugins.filter(({ placement }) => placement !== 'gateway')) {
      for (const { path } of plugin.policies) {
        const source = sourcesOf(plugin.config, path).find(({ kind }) => kind === 'address')
        if (source === undefined) continue
        yield {
          manifest: plugin.manifest,
          path: [...plugin.configPath, ...source.path],
          message:
            'within the mesh the address is that of the pod that calls: everybody behind one pod shares a key',
          instead: 'address at the gateway only',
        }
      }
    }
  },
}

const SHORTEST_SECONDS = 600
const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 }

/** A duration of the Gateway API, `1h30m`, in seconds; nothing where it is none. */
export function secondsOf(duration: string): number | undefined {
  if (!/^(?:\d{1,5}(?:ms|h|m|s)){1,4}$/.test(duration)) return undefined
  return [...duration.matchAll(/(\d+)(ms|h|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  )
}

export const shortTtl: Rule = {
  code: 'short_ttl',
  severity: 'warning',
  *see({ plugins }) {
    for (const plugin of plugins) {
      for (const { path, session } of plugin.policies) {
        const own = [...plugin.configPath, ...path, 'session', 'cookie', 'ttl']
        const seconds = secondsOf(textAt(plugin.manifest.value, ...own))
        if (session === undefined || seconds === undefined || seconds >= SHORTEST_SECONDS) continue
        if (valueAt(session, 'cookie', 'renew') === 'always') continue
        yield {
          manifest: plugin.manifest,
          path: own,
          message: `ends ${textAt(plugin.manifest.value, ...own)} after the first request, whatever the user does meanwhile: then another session begins, on any pod`,
          instead: 'a longer ttl, renew: always, or no ttl, so that the session ends with the browser’s',
        }
      }
    }
  },
}

/** Annotations by which clouds end TLS before the gateway. */
const TLS_ENDS_BEFORE = [
  'service.beta.kubernetes.io/aws-load-balancer-ssl-cert',
  'service.beta.kubernetes.io/do-loadbalancer-certificate-id',
  'alb.ingress.kubernetes.io/certificate-arn',
]

export const secureBehindTerminator: Rule = {
  code: 'secure_behind_terminator',
  severity: 'warning',
  *see(world) {
    const terminator = world.manifests.find(({ kind, value }) => {
      if (kind === 'Ingress' && listAt(value, 'spec', 'tls').length > 0) return true
      const annotations = mappingAt(value, 'metadata', 'annotations')
      return (kind === 'Service' || kind === 'Ingress') && TLS_ENDS_BEFORE.some((name) => name in annotations)
    })
    if (terminator === undefined || world.manifests.some(({ value }) => trustsProxies(value))) return
    for (const plugin of world.plugins.filter(({ placement }) => placement === 'gateway')) {
      const [top] = plugin.policies
      const secure = valueAt(top?.session, 'cookie', 'secure') ?? 'auto'
      if (top?.session === undefined || !mintsAlways(top.session) || secure !== 'auto') continue
      yield {
        manifest: plugin.manifest,
        path: [...plugin.configPath, 'session'],
        message: `TLS ends before the gateway (${terminator.title}), which takes every request for plain http: the cookie is set without Secure`,
        instead: 'cookie: {secure: true}, or numTrustedProxies in the gateway’s topology',
      }
    }
  },
}

/** Whether an object tells a gateway how many proxies are before it, in whatever form that is written. */
function trustsProxies(value: unknown): boolean {
  if (typeof value === 'string') return /numTrustedProxies["']?:\s*[1-9]/.test(value)
  if (Array.isArray(value)) return value.some(trustsProxies)
  if (!isMapping(value)) return false
  return Object.entries(value).some(
    ([name, inner]) => (name === 'numTrustedProxies' && Number(inner) > 0) || trustsProxies(inner),
  )
}
