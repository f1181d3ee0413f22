/** mooring explain without its command line: manifests as objects, and what it says of a request. */
import { Explainer, type Explanation, type Known } from '../../cli/explain/explain.ts'
import { Journeys } from '../../cli/explain/journey.ts'
import { manifestsIn } from '../../cli/explain/manifests.ts'
import { pluginIn } from '../../cli/explain/plugin.ts'
import { podsGiven } from '../../cli/explain/pods.ts'
import { requestOf } from '../../cli/explain/request.ts'
import { mooringModule } from '../filter/mooring.ts'
import { ENVIRONMENT } from '../session/keys.ts'

export const HOST = 'cart.shop.svc.cluster.local'
/** Three, and any other number of them would do. */
export const PODS = '10.0.0.1:8080,10.0.0.2:8080,10.0.0.3:8080'

export interface Case extends Partial<Known> {
  readonly pluginConfig?: object
  /** The WasmPlugin's own fields beside pluginConfig. */
  readonly spec?: object
  readonly consistentHash?: object
  readonly method?: string
  readonly url?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly namespace?: string
}

/** A DestinationRule of {@link HOST}. */
export function destinationRule(trafficPolicy: object, spec: object = {}): object {
  return {
    kind: 'DestinationRule',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { host: 'cart', trafficPolicy, ...spec },
  }
}

/** By default: a session, the key header hashed, a GET of http://shop.example.com/ without any header. */
export function explained({
  pluginConfig = { session: {} },
  spec = {},
  consistentHash = { httpHeaderName: 'x-mooring-key' },
  method = 'GET',
  url = 'http://shop.example.com/',
  headers = [],
  namespace = 'istio-system',
  ...known
}: Case): Explanation {
  const env = Object.keys(ENVIRONMENT).map((name) => ({ name, valueFrom: 'HOST' }))
  const items = [
    {
      kind: 'WasmPlugin',
      metadata: { name: 'mooring', namespace: 'istio-system' },
      spec: { vmConfig: { env }, ...spec, pluginConfig },
    },
    destinationRule({ loadBalancer: { consistentHash } }),
  ]
  const manifests = manifestsIn('mesh.yaml', JSON.stringify({ kind: 'List', items }))
  const plugin = pluginIn(manifests, undefined, { files: new Map(), own: ENVIRONMENT })
  const journeys = new Journeys(manifests, { host: undefined, port: undefined, pods: podsGiven([PODS]) })
  const explainer = Explainer.of(mooringModule, plugin, namespace, journeys)
  if ('refused' in explainer) throw new Error(explainer.refused.join('\n'))
  return explainer.explain(requestOf(method, url, headers), {
    time: new Date('2027-01-31T00:00:00Z'),
    ...known,
  })
}

/** The sources, a line each: `from[0] header x-user: absent`. */
export function sourceLines({ sources }: Explanation): readonly string[] {
  return sources.map(
    ({ at, source, outcome, reason }) =>
      `${at} ${source}: ${outcome}${reason === undefined ? '' : ` (${reason})`}`,
  )
}
