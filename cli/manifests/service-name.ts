const DEFAULT_NAMESPACE = 'default'

/**
 * The full name that Istio gives to a host of a DestinationRule or a route: short names are of the namespace of the
 * object that says them, or of the default one.
 *
 *     serviceName('cart', 'shop') === 'cart.shop.svc.cluster.local'
 */
export function serviceName(host: string, namespace: string): string {
  if (host.includes('.') || host === '' || host === '*') return host
  return `${host}.${namespace === '' ? DEFAULT_NAMESPACE : namespace}.svc.cluster.local`
}

/** Whether a DestinationRule's host, which may begin with `*`, is for the service with this full name. */
export function isFor(host: string, service: string): boolean {
  return host.startsWith('*') ? service.endsWith(host.slice(1)) : host === service
}
