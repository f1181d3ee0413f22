import { findEnvoy, TESTED_ENVOY_VERSIONS } from '../../tools/envoy.ts'

/** Before any test file starts: those that run side by side would each fetch what is not there yet. */
export default async function fetchEnvoys(): Promise<void> {
  for (const version of TESTED_ENVOY_VERSIONS) await findEnvoy({ version })
}
