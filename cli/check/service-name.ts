/**
 * The full name that Istio gives to a host of a DestinationRule or a route: short names are of the rule's own namespace.
 *
 *     serviceName('cart', 'shop') === 'cart.shop.svc.cluster.local'
 */
export function serviceName(host: string, namespace: string): string {
  return host.includes('.') || host === '' || host === '*' ? host : `${host}.${namespace}.svc.cluster.local`
}

/** Whether a DestinationRule's host, which may begin with `*`, is for the service with this full name. */
export function isFor(host: string, service: string): boolean {
  return host.startsWith('*') ? service.endsWith(host.slice(1)) : host === service
}
