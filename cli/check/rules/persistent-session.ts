/**
 * Istio's own persistent sessions, which labels of a Service switch on. Envoy's `stateful_session` runs after all plugins and
 * before the hash (MaybeBuildStatefulSessionFilterConfig, pilot/pkg/networking/util/util.go).
 */
import type { Manifest } from '../../manifests/manifest.ts'
import { mappingAt, textAt } from '../../manifests/value.ts'
import { serviceName } from '../../manifests/service-name.ts'
import type { ConsistentHash } from '../consistent-hash.ts'
import type { Rule } from '../finding.ts'
import type { World } from '../world.ts'

interface PersistentSession {
  readonly service: Manifest
  readonly label: string
  /** Where the pod's address is kept: `the cookie sticky`. */
  readonly carrier: string
  /** Absent where it is a header. */
  readonly cookie?: string
  /** In lower case. Absent where it is a cookie. */
  readonly header?: string
  readonly hash: ConsistentHash | undefined
}

const COOKIE_LABEL = 'istio.io/persistent-session'
const HEADER_LABEL = 'istio.io/persistent-session-header'

function* persistentSessionsIn(world: World): Iterable<PersistentSession> {
  for (const service of world.of('Service')) {
    const labels = mappingAt(service.value, 'metadata', 'labels')
    const hash = world.hashesFor(serviceName(service.name, service.namespace))[0]
    // NAME or NAME:PATH. Where both labels are there, Istio takes this one.
    const [cookie = ''] = textAt(labels, COOKIE_LABEL).split(':')
    const header = textAt(labels, HEADER_LABEL)
    if (cookie !== '') yield { service, label: COOKIE_LABEL, carrier: `the cookie ${cookie}`, cookie, hash }
    else if (header !== '')
      yield {
        ...{ service, label: HEADER_LABEL, carrier: `the header ${header}`, hash },
        header: header.toLowerCase(),
      }
  }
}

/** Whether a plugin keeps its sessions in the same cookie. */
function isOurs(world: World, { cookie }: PersistentSession): boolean {
  return cookie !== undefined && world.plugins.some(({ cookies }) => cookies.has(cookie))
}

/** Whether a plugin takes the pod's address out of answers, and keeps it sealed: `session.persistence`. */
function isSealed(world: World, { header }: PersistentSession): boolean {
  return header !== undefined && world.plugins.some(({ podHeader }) => podHeader === header)
}

export const persistentSession: Rule = {
  code: 'persistent_session',
  severity: 'warning',
  *see(world) {
    for (const session of persistentSessionsIn(world)) {
      const { service, label, carrier, hash } = session
      if (hash === undefined || isOurs(world, session) || isSealed(world, session)) continue
      yield {
        manifest: service,
        path: ['metadata', 'labels', label],
        message: `Istio’s own persistent session decides before what ${hash.manifest.title} hashes, and ${carrier} shows the pod’s address to the client`,
        instead: 'no label, or no consistentHash; or the label for a header, and session.persistence with it',
      }
    }
  },
}

export const persistentSessionLeaks: Rule = {
  code: 'persistent_session_leaks',
  severity: 'warning',
  *see(world) {
    for (const session of persistentSessionsIn(world)) {
      const { service, label, carrier, hash } = session
      if (hash !== undefined || isOurs(world, session) || isSealed(world, session)) continue
      yield {
        manifest: service,
        path: ['metadata', 'labels', label],
        message: `${carrier} shows the pod’s address and port to every client, and who writes another into it chooses the pod`,
        instead: 'no label, and a DestinationRule with consistentHash: {httpHeaderName: x-mooring-key}',
      }
    }
  },
}

export const persistentSessionCookie: Rule = {
  code: 'persistent_session_cookie',
  severity: 'error',
  *see(world) {
    for (const session of persistentSessionsIn(world)) {
      if (!isOurs(world, session)) continue
      yield {
        manifest: session.service,
        path: ['metadata', 'labels', session.label],
        message: `${session.carrier} is that of Mooring’s sessions: Envoy writes a pod’s address over each of them`,
        instead: 'no label, or another name there',
      }
    }
  },
}

export const persistenceNotNamed: Rule = {
  code: 'persistence_not_named',
  severity: 'warning',
  *see(world) {
    const services = world.of('Service')
    const named = new Set([...persistentSessionsIn(world)].map(({ header }) => header))
    if (services.length === 0) return
    for (const { manifest, podHeader, configPath } of world.plugins) {
      if (podHeader === '' || named.has(podHeader)) continue
      yield {
        manifest,
        path: [...configPath, 'session', 'persistence', 'header'],
        message: `no Service here has Envoy name its pods in ${podHeader}: sessions follow the hash alone`,
        instead: `the label ${HEADER_LABEL}: ${podHeader} on the Service, and istiod with PILOT_ENABLE_PERSISTENT_SESSION_FILTER=true`,
      }
    }
  },
}
