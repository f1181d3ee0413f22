import { EnvoyProcess } from '../tools/envoy-process.ts'

import { envoyBootstrap, INGRESS_LISTENER } from './envoy-bootstrap.ts'
import type { Mesh } from './mesh.ts'

/** What a gateway needs besides the mesh. */
export interface IngressOptions {
  /** The module that a WasmPlugin runs, a file. */
  readonly wasm: string
  /** The ports of the replicas, on 127.0.0.1. */
  readonly replicas: readonly number[]
  /** The port to listen on. Default 0: any free one. */
  readonly port?: number
}

/** A running gateway: requests to `port` on 127.0.0.1 reach the replicas as the mesh says. */
export interface Ingress extends AsyncDisposable {
  readonly port: number
  /** What it wrote to its log. */
  readonly log: () => string
}

/** A way to run gateways. */
export interface IngressKind {
  /** For people: `Envoy 1.40.0`. */
  readonly name: string
  readonly start: (mesh: Mesh, options: IngressOptions) => Promise<Ingress>
}

/** Gateways that are a real Envoy. */
export function envoyIngress(binary: string, version: string): IngressKind {
  return {
    name: `Envoy ${version}`,
    start: async (mesh, options) => {
      const envoy = await EnvoyProcess.start({ binary, bootstrap: envoyBootstrap(mesh, options) })
      return {
        port: await envoy.port(INGRESS_LISTENER),
        log: () => envoy.log,
        [Symbol.asyncDispose]: () => envoy.stop(),
      }
    },
  }
}
