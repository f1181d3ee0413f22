import { X509Certificate, createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { readMesh, withHosts, withPluginConfig } from '../../demo/mesh.ts'
import { pageResponder } from '../../demo/page.ts'
import { POD_NAMES, Replicas, type Echo, type Responder } from '../../demo/replica.ts'
import { startBefore } from '../envoy/before-replicas.ts'
import { Authority, downstreamTls, type Identity } from '../envoy/certificates.ts'
import { greetWebSocket } from './web-socket.ts'

/** Clients take every name under this top-level domain for 127.0.0.1, and each `NAME.test` is a site of its own. */
export const TEST_DOMAIN = 'test'

/** A page of a test's own, made when it is asked for: by then the site's address is known. */
export type Page = (echo: Echo) => string

export interface SiteOptions {
  /** Default: that of manifests/ingress-gateway/wasm-plugin.yaml. */
  readonly pluginConfig?: unknown
  /** The plugin's environment variables. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /** Relative to manifests/. Default: the one that hashes Mooring's key header. */
  readonly destinationRule?: string
  /** The cookie that the demo's page shows. Default `ISTIOID`. */
  readonly cookie?: string
  /**
   * By path without query: `.svg` is a picture, `.events` an EventSource's stream that never ends, all else HTML.
   * They come before the demo's own. A WebSocket may be opened at every path; it says the pod's name.
   */
  readonly pages?: Readonly<Record<string, Page>>
}

/** What one request told the log of the pod that it reached. */
export interface Logged {
  readonly pod: string
  readonly method: string
  readonly path: string
  /** The Cookie header, `-` for none. */
  readonly cookie: string
}

/** The demo's page behind a real Envoy with the filter, over HTTP and HTTPS, at every host under `.test`. */
export interface Site extends AsyncDisposable {
  /** `http://HOST.test:PORT/path` */
  readonly http: (host: string, path?: string) => string
  /** `https://HOST.test:PORT/path`; the browser speaks HTTP/2 there. */
  readonly https: (host: string, path?: string) => string
  /** Every request so far whose path, without query, is this one, pod after pod. */
  readonly logged: (path: string) => readonly Logged[]
}

// Clients refuse `*.test`; a browser that knows the key's hash does not look at the names.
const HOSTS = ['shop', 'example', '*.example']

/** A certificate for `shop.test`, `example.test` and the hosts below it, and the two ways that clients trust it. */
export interface SiteCertificate {
  readonly identity: Identity
  /** The CA's certificate, PEM. */
  readonly ca: string
  /** Base64 of the SHA-256 of the key's SubjectPublicKeyInfo. */
  readonly publicKeyHash: string
}

export function createCertificate(): SiteCertificate {
  const authority = new Authority('test authority')
  const identity = authority.issue({ dns: HOSTS.map((host) => `${host}.${TEST_DOMAIN}`) })
  const key = new X509Certificate(identity.cert).publicKey.export({ type: 'spki', format: 'der' })
  return {
    identity,
    ca: authority.cert,
    publicKeyHash: createHash('sha256').update(key).digest('base64'),
  }
}

const HTTP_LISTENER = 'http'
const HTTPS_LISTENER = 'https'

/** Starts a site; throws `EnvoyStartError` where Envoy refuses the configuration. */
export async function startSite(binary: string, identity: Identity, options: SiteOptions): Promise<Site> {
  const counts = () => Object.fromEntries(replicas.all.map(({ name, log }) => [name, log.length]))
  const demo = pageResponder(options.cookie ?? 'ISTIOID', counts)
  const own = ownPages(options.pages ?? {})
  const respond: Responder = (...exchange) => own(...exchange) || demo(...exchange)
  const replicas = await Replicas.start(POD_NAMES, respond, (request, socket, { pod }) => {
    greetWebSocket(request, socket, pod)
  })
  const running = await startBefore(replicas, ({ ports }) => ({
    binary,
    bootstrap: bootstrap(ports, identity, options),
  }))
  const [http, https] = await Promise.all(
    [HTTP_LISTENER, HTTPS_LISTENER].map((name) => running.envoy.port(name)),
  )
  return {
    http: (host, path = '/') => `http://${host}.${TEST_DOMAIN}:${http}${path}`,
    https: (host, path = '/') => `https://${host}.${TEST_DOMAIN}:${https}${path}`,
    logged: (path) =>
      replicas.all.flatMap(({ log }) => log.map(readLog)).filter((line) => withoutQuery(line.path) === path),
    [Symbol.asyncDispose]: running[Symbol.asyncDispose],
  }
}

/** One listener without TLS and one with it, before the same cluster. */
function bootstrap(replicas: readonly number[], identity: Identity, options: SiteOptions) {
  const plain = readMesh({
    destinationRule: options.destinationRule ?? 'destination-rules/http-header-name.yaml',
  })
  const configuration: unknown = options.pluginConfig ?? JSON.parse(plain.wasmPlugin?.configuration ?? '')
  const mesh = withHosts(withPluginConfig(plain, configuration, { ...options.env }), `*.${TEST_DOMAIN}`)
  const [http, https] = [undefined, downstreamTls(identity)].map(
    (transportSocket) =>
      envoyBootstrap(mesh, {
        wasm: BUILT_FILTER,
        replicas,
        // As Istio's listeners.
        connectionManager: { upgrade_configs: [{ upgrade_type: 'websocket' }] },
        ...(transportSocket === undefined ? {} : { transportSocket }),
      }) as { readonly static_resources: { readonly listeners: readonly object[] } },
  )
  return {
    ...http,
    static_resources: {
      ...http?.static_resources,
      listeners: [
        { ...http?.static_resources.listeners[0], name: HTTP_LISTENER },
        { ...https?.static_resources.listeners[0], name: HTTPS_LISTENER },
      ],
    },
  }
}

function ownPages(pages: Readonly<Record<string, Page>>): Responder {
  return (_request, response: ServerResponse, echo) => {
    const path = withoutQuery(echo.path)
    const page = pages[path]
    if (page === undefined) return false
    response.setHeader('cache-control', 'no-store')
    response.setHeader('content-type', TYPES[extname(path)] ?? 'text/html; charset=utf-8')
    if (path.endsWith('.events')) response.write(page(echo))
    else response.end(page(echo))
    return true
  }
}

const TYPES: Readonly<Record<string, string>> = { '.svg': 'image/svg+xml', '.events': 'text/event-stream' }

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? ''
}

function readLog(line: string): Logged {
  const [, pod = '', method = '', path = '', cookie = ''] = /^(\S+) (\S+) (\S+) (.*)$/.exec(line) ?? []
  return { pod, method, path, cookie }
}
