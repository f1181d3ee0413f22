import type { Replicas } from '../../demo/replica.ts'
import { EnvoyProcess } from '../../tools/envoy-process.ts'

/** An Envoy and the replicas behind it, which stop together. */
export interface EnvoyBeforeReplicas extends AsyncDisposable {
  readonly envoy: EnvoyProcess
  readonly replicas: Replicas
}

/** Starts an Envoy before replicas that run. Where it does not start, they are stopped. */
export async function startBefore(
  replicas: Replicas,
  optionsFor: (replicas: Replicas) => Parameters<typeof EnvoyProcess.start>[0],
): Promise<EnvoyBeforeReplicas> {
  try {
    const envoy = await EnvoyProcess.start(optionsFor(replicas))
    return {
      envoy,
      replicas,
      [Symbol.asyncDispose]: async () => {
        await envoy.stop()
        await replicas[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await replicas[Symbol.asyncDispose]()
    throw error
  }
}
