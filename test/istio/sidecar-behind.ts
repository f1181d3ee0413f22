import { request as httpRequest } from 'node:http'
import { POD_NAMES, Replicas, type Responder } from '../../demo/replica.ts'
import { type Golden, type RunOptions, type RunningSet, runSet } from './golden.ts'
import { visit, type Visits } from './visits.ts'

/** What clients of a gateway see, where each pod has a sidecar in front of it: an Envoy of its own. */
export async function visitBeforeSidecars(
  binary: string,
  sets: { readonly gateway: RunOptions['set']; readonly sidecar: RunOptions['set'] },
): Promise<Visits> {
  const sidecars = new Map<string, RunningSet>()
  try {
    for (const pod of POD_NAMES) {
      const replicas = await Replicas.start([pod])
      sidecars.set(pod, await runSet({ binary, set: sets.sidecar, replicas, adjust: onAnyPort }))
    }
    // Stands at the pod's address, and hands on to the sidecar what comes in.
    const respond: Responder = ({ url, headers }, response, { pod }) => {
      const port = sidecars.get(pod)?.port
      httpRequest({ host: '127.0.0.1', port, path: url, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
        .on('error', () => response.destroy())
        .end()
      return true
    }
    await using gateway = await runSet({ binary, set: sets.gateway, respond })
    return await visit(gateway)
  } finally {
    for (const sidecar of sidecars.values()) await sidecar[Symbol.asyncDispose]()
  }
}

/** Istio's chain is for connections to the Service's port. */
function onAnyPort({ static_resources }: Golden): void {
  for (const { filter_chains } of static_resources.listeners)
    for (const chain of filter_chains) Object.assign(chain, { filter_chain_match: {} })
}
