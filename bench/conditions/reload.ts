/** What requests notice of configurations that are replaced meanwhile, as a changed WasmPlugin is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { envoyBootstrap } from '../../demo/envoy-bootstrap.ts'
import { type Mesh, withPluginConfig } from '../../demo/mesh.ts'
import { type ListenersFile, watchListeners } from '../../tools/listeners-file.ts'
import { Connection } from '../connection.ts'
import { BASELINE, type Contender } from '../contender.ts'
import { ENVIRONMENT, type Job, type Visit } from '../jobs.ts'
import { Load, requestOf } from '../load.ts'
import { configurationFor } from '../shipped.ts'
import { type LoadSummary, type Sample, summarized } from './load-log.ts'

export interface Reloaded {
  readonly name: string
  readonly reloads: number
  /** As long without a change. */
  readonly steady: LoadSummary
  readonly reloading: LoadSummary
}

/** Each of them on a new connection with each request: those that are open stay with the listener that they began on. */
const CLIENTS = 4
const RELOAD_EVERY_MS = 500
const WITHIN_MS = 30_000

/** @throws {Error} where a request is not answered 200, or a configuration is not taken */
export async function reloads(
  job: Job,
  contenders: readonly Contender[],
  binary: string,
  count: number,
): Promise<readonly Reloaded[]> {
  const results: Reloaded[] = []
  for (const contender of contenders) results.push(await reloaded(job, contender, binary, count))
  return results
}

async function reloaded(
  job: Job,
  { name, mesh, wasm }: Contender,
  binary: string,
  count: number,
): Promise<Reloaded> {
  await using load = await Load.start()
  const gateway = await watchListeners({
    binary,
    bootstrapOf: (version: number, port) =>
      envoyBootstrap(name === BASELINE ? mesh : versioned(mesh, job, version), {
        wasm,
        port,
        replicas: [load.upstream],
        connectionManager: { server_name: `v${version}` },
      }),
    first: 0,
  })
  try {
    const during = (work: () => Promise<void>) => loadedWhile(gateway.port, job.visit, work)
    await during(() => sleep(RELOAD_EVERY_MS))
    const steady = await during(() => sleep(count * RELOAD_EVERY_MS))
    const reloading = await during(async () => {
      for (let version = 1; version <= count; version++) {
        gateway.apply(version)
        await Promise.all([untilTaken(gateway, version), sleep(RELOAD_EVERY_MS)])
      }
    })
    return { name, reloads: count, steady: summarized(steady), reloading: summarized(reloading) }
  } finally {
    await gateway.stop()
  }
}

/** A configuration that Envoy has not seen, and a policy that it has to compile anew; the job's outcome stays. */
function versioned(mesh: Mesh, job: Job, version: number): Mesh {
  const rules = [{ name: `v${version}`, match: { hosts: ['never.example.com'] }, skip: true }]
  return withPluginConfig(mesh, { ...configurationFor(job), rules }, ENVIRONMENT)
}

async function loadedWhile(
  port: number,
  visit: Visit,
  work: () => Promise<void>,
): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  let going = true
  const visitor = async (): Promise<void> => {
    while (going) {
      const start = performance.now() * 1000
      const connection = await Connection.open(port)
      await connection.exchange(requestOf(visit))
      connection.close()
      samples.push({ start, elapsed: performance.now() * 1000 - start })
    }
  }
  const visitors = Promise.all(Array.from({ length: CLIENTS }, visitor))
  try {
    // A request that fails ends the measurement at once.
    await Promise.race([work(), visitors])
  } finally {
    going = false
  }
  await visitors
  return samples
}

async function untilTaken({ envoy }: ListenersFile<number>, version: number): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const stats = await envoy.stats('^listener_manager\\.(listener_modified|lds\\.update_rejected)$')
    if (stats.get('listener_manager.listener_modified') === version) return
    if (stats.get('listener_manager.lds.update_rejected') !== 0 || Date.now() > deadline) {
      throw new Error(`Envoy did not take configuration ${version}:\n${envoy.log}`)
    }
    await sleep(20)
  }
}
