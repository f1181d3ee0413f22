import { Gateway } from '../host/gateway/index.ts'
import { gatewayConfig } from './gateway-config.ts'
import type { IngressKind } from './ingress.ts'

/** Gateways that are the embedded host: real HTTP over sockets, the same module, Envoy's policies and balancers. */
export function embeddedIngress(): IngressKind {
  return {
    name: 'the embedded host',
    start: async (mesh, options) => {
      const lines: string[] = []
      const gateway = await Gateway.start({
        ...gatewayConfig(mesh, options),
        log: ({ message }) => lines.push(message),
      })
      return {
        port: gateway.port,
        log: () => lines.join('\n'),
        [Symbol.asyncDispose]: () => gateway.close(),
      }
    },
  }
}
