import { findEnvoy } from '../tools/envoy.ts'
import { embeddedIngress } from './embedded-ingress.ts'
import { envoyIngress, type IngressKind } from './ingress.ts'

/**
 * A real Envoy where one can be had, else the embedded host, saying so in one line. Never throws: the embedded
 * host needs nothing but Node.
 */
export async function chooseIngress(
  options: { readonly embedded: boolean },
  say: (line: string) => void,
): Promise<IngressKind> {
  if (options.embedded) return embeddedIngress()
  const envoy = await findEnvoy()
  if (envoy.found) return envoyIngress(envoy.binary, envoy.version)
  say(`No Envoy: ${envoy.reason}. Using the embedded host instead.`)
  return embeddedIngress()
}
