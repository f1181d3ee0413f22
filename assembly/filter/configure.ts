/**
 * From configuration to policy. A bad one is refused with all its errors, so that a running proxy keeps the one it
 * has; unless MOORING_ON_BAD_CONFIG is `passThrough`, for those who would rather lose stickiness than start-up.
 */
import { proxy_set_tick_period_milliseconds } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { CONFIGURE_CAP, arenaRelease, arenaReset } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { Slice, UNREADABLE, equals, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { compileKeyHeadersOnly, compilePolicy, freePolicy } from '../config/compile'
import { environmentVariable } from '../config/environment'
import { Policy } from '../config/policy'
import { errorCount, errorText, warningCount, warningText } from '../config/report'
import { LogLevel } from '../proxy/abi'
import { readPluginConfiguration } from '../proxy/configuration'
import { readEnvironment } from '../proxy/environment'
import { log } from '../proxy/log'
import { ledgerOf } from '../proxy/metrics'
import { readProperty } from '../proxy/property'
import { Root, replacePolicy } from './root'

/** How often counters go to the host, in milliseconds. */
// @ts-ignore: decorator
@inline
const FLUSH_PERIOD_MS: u32 = 1000

// Istio's agents write it to the proxy's own metadata. It stays the same while the proxy runs.
const NAMESPACE: Slice = ascii('xds\0node\0metadata\0NAMESPACE')

const ON_BAD_CONFIG: Slice = ascii('MOORING_ON_BAD_CONFIG')
const PASS_THROUGH: Slice = ascii('passThrough')
const REJECT: Slice = ascii('reject')
const UNREADABLE_CONFIGURATION: Slice = ascii(
  'mooring: the host did not hand over the configuration or the environment',
)
const PASSING_THROUGH: Slice = ascii(
  'mooring: passing everything through, since MOORING_ON_BAD_CONFIG is passThrough',
)
const UNKNOWN_CHOICE: Slice = ascii(
  'mooring: MOORING_ON_BAD_CONFIG is neither reject nor passThrough; reject applies',
)
const NO_ROOM: Slice = ascii('mooring: no room for the metrics of one more observe.instance')

/** Reads, compiles and puts in place. False: refused, and the root is as it was before. */
export function configure(root: Root, size: u32): bool {
  arenaReset(CONFIGURE_CAP)
  const accepted = configureInArena(root, size)
  arenaRelease()
  return accepted
}

function configureInArena(root: Root, size: u32): bool {
  const configuration = readPluginConfiguration(size)
  const environment = readEnvironment()
  if (configuration == UNREADABLE || environment == UNREADABLE) {
    log(LogLevel.Error, UNREADABLE_CONFIGURATION)
    return false
  }
  const accepted = compile(root, configuration, environment)
  // Whatever was made of the secrets in it, they themselves do not stay in memory.
  memory.fill(ptrOf(environment), 0, lenOf(environment))
  return accepted
}

function compile(root: Root, configuration: Slice, environment: Slice): bool {
  let policy = compilePolicy(configuration, environment, readProperty(NAMESPACE))
  for (let i: u32 = 0; i < warningCount(); i++) log(LogLevel.Warn, warningText(i))
  if (policy === null) {
    for (let i: u32 = 0; i < errorCount(); i++) log(LogLevel.Error, errorText(i))
    if (!passesThrough(environment)) return false
    policy = compileKeyHeadersOnly(configuration)
    if (policy === null) return false
    log(LogLevel.Error, PASSING_THROUGH)
  }
  return install(root, policy)
}

function passesThrough(environment: Slice): bool {
  const choice = environmentVariable(environment, ON_BAD_CONFIG)
  if (!isPresent(choice) || equals(choice, REJECT)) return false
  if (equals(choice, PASS_THROUGH)) return true
  log(LogLevel.Error, UNKNOWN_CHOICE)
  return false
}

function install(root: Root, policy: Policy): bool {
  const ledger = ledgerOf(policy.instance)
  if (ledger == 0) {
    log(LogLevel.Error, NO_ROOM)
    freePolicy(policy)
    return false
  }
  replacePolicy(root, policy)
  root.ledger = ledger
  proxy_set_tick_period_milliseconds(FLUSH_PERIOD_MS)
  return true
}
