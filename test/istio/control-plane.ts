import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse, stringify } from 'yaml'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { Replica } from '../../demo/replica.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'
import { guardOrphan } from '../../tools/orphan-guard.ts'
import { ENVIRONMENT } from '../config/compiler.ts'
import { freePort } from '../../tools/free-port.ts'

/** Istio's DiscoveryServer and the part of its agent that fetches modules, in a process of their own (serve.go). */
class ControlPlane implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  readonly #unguard: () => void
  readonly #directory = mkdtempSync(join(tmpdir(), 'mooring-istiod-'))
  #files = 0

  private constructor(istio: string, args: readonly string[]) {
    this.#child = spawn(istio, ['serve', ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#unguard = this.#child.pid === undefined ? () => undefined : guardOrphan(this.#child.pid)
    if (this.#child.stdout === null) throw new Error('no stdout')
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(istio: string, args: readonly string[]) {
    const plane = new ControlPlane(istio, args)
    return { plane, port: Number(await plane.#answer()) }
  }

  /** Creates objects or replaces them; resolves when Istio has taken them, before any proxy has. */
  async apply(...objects: readonly unknown[]): Promise<void> {
    await this.#command('apply', objects)
  }

  /** As {@link apply}, for what kustomize builds of a directory of manifests. */
  async applyDirectory(path: string): Promise<void> {
    await this.#send(`apply ${path}`)
  }

  async delete(...objects: readonly unknown[]): Promise<void> {
    await this.#command('delete', objects)
  }

  /** What Prometheus would scrape: istiod's metrics, and those of the agent. */
  async metrics(): Promise<string> {
    const file = join(this.#directory, 'metrics')
    await this.#send(`metrics ${file}`)
    return readFileSync(file, 'utf8')
  }

  /** What every later fetch of a module yields. */
  async module(path: string): Promise<void> {
    await this.#send(`module ${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
    this.#unguard()
    rmSync(this.#directory, { recursive: true })
  }

  async #command(command: string, objects: readonly unknown[]): Promise<void> {
    const file = join(this.#directory, `${(this.#files += 1)}.yaml`)
    writeFileSync(file, objects.map((object) => stringify(object)).join('\n---\n'))
    await this.#send(`${command} ${file}`)
  }

  async #send(line: string): Promise<void> {
    this.#child.stdin?.write(`${line}\n`)
    const answer = await this.#answer()
    if (answer !== 'done') throw new Error(`${line}: ${answer}`)
  }

  async #answer(): Promise<string> {
    for (;;) {
      const next = await this.#answers.next()
      if (next.done === true) throw new Error('the control plane ended')
      if (next.value.startsWith('serve: ')) return next.value.slice('serve: '.length)
    }
  }
}

export interface MeshOptions {
  readonly binary: string
  /** The compiled test/istio. */
  readonly istio: string
  /** One of sets.yaml, for the proxy `gateway`. */
  readonly set: string
  /** What every fetch of a module yields. Default: the filter that was built. */
  readonly module?: string
  /** How many replicas there are at first. Default 3. */
  readonly replicas?: number
  /** Changes to the control plane before Envoy starts. */
  readonly before?: (plane: ControlPlane) => Promise<void>
}

/** An Envoy that gets its configuration from Istio over delta ADS, and replicas that come and go. */
export class TestMesh implements AsyncDisposable {
  readonly plane: ControlPlane
  readonly envoy: EnvoyProcess
  readonly port: number
  readonly replicas: Map<string, Replica>
  #started: number

  private constructor(
    plane: ControlPlane,
    envoy: EnvoyProcess,
    port: number,
    replicas: Map<string, Replica>,
  ) {
    this.plane = plane
    this.envoy = envoy
    this.port = port
    this.replicas = replicas
    this.#started = replicas.size
  }

  static async start(options: MeshOptions): Promise<TestMesh> {
    const port = await freePort()
    const { plane, port: ads } = await ControlPlane.start(options.istio, [
      ...['-set', options.set, '-module', options.module ?? BUILT_FILTER],
      ...['-gateway-port', String(port)],
    ])
    const replicas = new Map<string, Replica>()
    try {
      await plane.delete(WORLD_ENDPOINTS)
      for (let count = 1; count <= (options.replicas ?? 3); count += 1)
        await addReplica(plane, replicas, count)
      await options.before?.(plane)
      const envoy = await EnvoyProcess.start({
        binary: options.binary,
        bootstrap: adsBootstrap(ads),
        logLevel: 'info',
        env: { ...process.env, ...ENVIRONMENT },
      })
      return new TestMesh(plane, envoy, port, replicas)
    } catch (error) {
      await plane[Symbol.asyncDispose]()
      await Promise.all([...replicas.values()].map((replica) => replica.stop()))
      throw error
    }
  }

  /** Starts one more replica, and returns its name. */
  async add(): Promise<string> {
    return await addReplica(this.plane, this.replicas, (this.#started += 1))
  }

  /** Takes a replica out of the Service, as for a pod that is about to end. It still answers. */
  async remove(name: string): Promise<void> {
    await this.plane.delete(endpointsOf(name, '127.0.0.1', 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.envoy.stop()
    await this.plane[Symbol.asyncDispose]()
    await Promise.all([...this.replicas.values()].map((replica) => replica.stop()))
  }
}

async function addReplica(plane: ControlPlane, replicas: Map<string, Replica>, number: number) {
  const name = `replica-${number}`
  // Istio takes two ports of one address for one endpoint, so each replica has an address of its own.
  const address = `127.0.0.${20 + number}`
  const replica = await Replica.start(name, undefined, undefined, address)
  replicas.set(name, replica)
  await plane.apply(endpointsOf(name, address, replica.port))
  return name
}

/** The endpoints of world/cluster.yaml, whose place the replicas take. */
const WORLD_ENDPOINTS = endpointsOf('test2-bwce-srv-1', '127.0.0.11', 8080)

function endpointsOf(name: string, address: string, port: number) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'test2-bwce-srv' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  }
}

function adsBootstrap(port: number) {
  const { nodeId, metadata } = parse(readFileSync('test/istio/proxies/gateway.yaml', 'utf8')) as {
    nodeId: string
    metadata: Record<string, unknown>
  }
  const ads = { ads: {}, resource_api_version: 'V3' }
  const at = (portValue: number) => ({ socket_address: { address: '127.0.0.1', port_value: portValue } })
  return {
    node: { id: nodeId, cluster: 'istio-system', metadata },
    admin: { address: at(0) },
    dynamic_resources: {
      lds_config: ads,
      cds_config: ads,
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'istiod' } }],
      },
    },
    static_resources: {
      clusters: [
        {
          name: 'istiod',
          type: 'STATIC',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: 'istiod',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(port) } }] }],
          },
        },
      ],
    },
  }
}
