import { serviceName } from './service-name.ts'
import { listAt, type Mapping, mappingAt, numberAt, type Path, textAt } from './value.ts'

export interface Destination {
  readonly path: Path
  /** `cart.shop.svc.cluster.local` */
  readonly host: string
  readonly subset: string
  readonly port?: number
  readonly weight?: number
}

/** What is read of an object that has routes. */
interface Routing {
  readonly kind: string
  readonly namespace: string
  readonly value: Mapping
}

/** What one HTTP route of a VirtualService, or one rule of an HTTPRoute, does with its requests. */
export interface Route<M extends Routing> {
  readonly manifest: M
  readonly path: Path
  readonly destinations: readonly Destination[]
}

export function routesOf<M extends Routing>(manifest: M): readonly Route<M>[] {
  if (manifest.kind === 'VirtualService') {
    return listAt(manifest.value, 'spec', 'http').map((_, index) => virtualServiceRoute(manifest, index))
  }
  if (manifest.kind === 'HTTPRoute' || manifest.kind === 'GRPCRoute') {
    return listAt(manifest.value, 'spec', 'rules').map((_, index) => gatewayApiRoute(manifest, index))
  }
  return []
}

function virtualServiceRoute<M extends Routing>(manifest: M, index: number): Route<M> {
  const path = ['spec', 'http', index]
  const destinations = listAt(manifest.value, ...path, 'route').map((item, number): Destination => {
    const port = numberAt(item, 'destination', 'port', 'number')
    const weight = numberAt(item, 'weight')
    return {
      path: [...path, 'route', number],
      host: serviceName(textAt(item, 'destination', 'host'), manifest.namespace),
      subset: textAt(item, 'destination', 'subset'),
      ...(port !== undefined && { port }),
      ...(weight !== undefined && { weight }),
    }
  })
  return { manifest, path, destinations }
}

function gatewayApiRoute<M extends Routing>(manifest: M, index: number): Route<M> {
  const path = ['spec', 'rules', index]
  const destinations = listAt(manifest.value, ...path, 'backendRefs')
    .map((item, number) => ({ item: mappingAt(item), number }))
    .filter(({ item }) => (textAt(item, 'kind') || 'Service') === 'Service')
    .map(({ item, number }): Destination => {
      const port = numberAt(item, 'port')
      const weight = numberAt(item, 'weight')
      return {
        path: [...path, 'backendRefs', number],
        host: serviceName(textAt(item, 'name'), textAt(item, 'namespace') || manifest.namespace),
        subset: '',
        ...(port !== undefined && { port }),
        ...(weight !== undefined && { weight }),
      }
    })
  return { manifest, path, destinations }
}
