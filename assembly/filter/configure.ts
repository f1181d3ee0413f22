/**
 * From configuration to policy. A bad one is refused with all its errors, so that a running proxy keeps the one it
 * has; unless MOORING_ON_BAD_CONFIG is `passThrough`, for those who would rather lose stickiness than start-up.
 */
import { proxy_set_tick_period_milliseconds } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { prepareSha256 } from '../crypto/sha256'
import { CONFIGURE_CAP, arenaRelease, arenaReset } from '../bytes/arena'
import { prepareBase64url } from '../bytes/base64url'
import { ascii, unpackLiterals } from '../bytes/literal'
import { Phrase, phrase } from '../bytes/phrase'
import { Slice, UNREADABLE, equals, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import { compileKeyHeadersOnly, compilePolicy, freePolicy } from '../config/compile'
import { environmentVariable } from '../config/environment'
import { lineText, put, startLine } from '../config/line'
import { Policy } from '../config/policy'
import { errorCount, errorText, warningCount, warningText } from '../config/report'
import { LogLevel } from '../proxy/abi'
import { readClock } from '../proxy/clock'
import { readPluginConfiguration } from '../proxy/configuration'
import { readEnvironment } from '../proxy/environment'
import { log } from '../proxy/log'
import { ledgerOf, recordMissingKeys } from '../proxy/metrics'
import { readProperty } from '../proxy/property'
import { nameLease } from './neighbours'
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

// "mooring: no memory to start with": what is said where there is no room to unpack any other text.
const NO_MEMORY: usize = memory.data<u8>([
  109, 111, 111, 114, 105, 110, 103, 58, 32, 110, 111, 32, 109, 101, 109, 111, 114, 121, 32, 116, 111, 32,
  115, 116, 97, 114, 116, 32, 119, 105, 116, 104,
])
// @ts-ignore: decorator
@inline
const NO_MEMORY_BYTES: u32 = 32

/** Reads, compiles and puts in place. False: refused, and the root is as it was before. */
export function configure(root: Root, size: u32): bool {
  arenaReset(CONFIGURE_CAP)
  if (!unpackLiterals()) {
    log(LogLevel.Error, slice(NO_MEMORY, NO_MEMORY_BYTES))
    return false
  }
  arenaReset(CONFIGURE_CAP)
  prepareSha256()
  prepareBase64url()
  readClock()
  const accepted = configureInArena(root, size)
  arenaRelease()
  return accepted
}

function configureInArena(root: Root, size: u32): bool {
  const configuration = readPluginConfiguration(size)
  const environment = readEnvironment()
  if (configuration == UNREADABLE || environment == UNREADABLE) {
    logError(phrase('mooring: the host did not hand over the configuration or the environment'))
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
    logError(phrase('mooring: passing everything through, since MOORING_ON_BAD_CONFIG is passThrough'))
  }
  return install(root, policy)
}

function passesThrough(environment: Slice): bool {
  const choice = environmentVariable(environment, ON_BAD_CONFIG)
  if (!isPresent(choice) || equals(choice, REJECT)) return false
  if (equals(choice, PASS_THROUGH)) return true
  logError(phrase('mooring: MOORING_ON_BAD_CONFIG is neither reject nor passThrough; reject applies'))
  return false
}

function install(root: Root, policy: Policy): bool {
  const ledger = ledgerOf(policy.instance)
  if (ledger == 0) {
    logError(phrase('mooring: no room for the metrics of one more observe.instance'))
    freePolicy(policy)
    return false
  }
  replacePolicy(root, policy)
  root.ledger = ledger
  nameLease(root)
  recordMissingKeys(ledger, policy.signs, policy.missingKeys)
  proxy_set_tick_period_milliseconds(FLUSH_PERIOD_MS)
  return true
}

function logError(words: Phrase): void {
  startLine()
  put(words)
  log(LogLevel.Error, lineText())
}
