import { expect, test } from 'vitest'
import { compileGuest } from '../conformance/guest.ts'
import { recordNetworkInEnvoy } from '../conformance/network-in-envoy.ts'
import { recordNetworkInHost } from '../conformance/network-in-host.ts'
import { NETWORK_SCENARIOS } from '../conformance/network-scenario.ts'
import { inEnvoy } from './in-envoy.ts'

const guest = await compileGuest('network')

inEnvoy(({ binary }) => {
  test.each(NETWORK_SCENARIOS)(
    'a network filter does here what it does in the host: $name',
    async (scenario) => {
      const here = await recordNetworkInEnvoy(binary, guest, scenario)
      const inHost = recordNetworkInHost(guest, scenario)
      expect(inHost.lines).toEqual(here.lines)
      expect(inHost.arrived).toEqual(here.arrived)
      expect(inHost.arrived).toEqual(
        scenario.steps.flatMap((step) => ('arrives' in step ? [step.arrives] : [])),
      )
    },
  )
})
