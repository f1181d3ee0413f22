/**
 * The configuration: JSON to a checked policy in one block of the heap, or every error at once.
 *
 *     JSON text ──json/reader──> nodes in the arena ──check/──> each field by itself
 *                                                    ──plan/───> each plan as merged
 *                                                    ──write/──> the policy in its block
 *
 * The caller has called `arenaReset(CONFIGURE_CAP)`. The report (report.ts) is valid until the arena's next reset.
 */
import { phrase } from '../bytes/phrase'
import { heapFree } from '../bytes/heap'
import { ABSENT, Slice, endOf, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { HMAC_STATE_BYTES } from '../crypto/hmac'
import { EMPTY, checkRoot } from './check/root'
import { setNamespace } from './check/namespace'
import { setEnvironment } from './check/secret'
import { startSigning } from './check/signing'
import { failureCode, failureReason, hasFailed, offset } from '../json/cursor'
import { reportDuplicates } from './duplicates'
import { JsonNode } from '../json/node'
import { MOST_BYTES, innermostNode, readJson } from '../json/reader'
import { put, putNumber } from './line'
import { judgePlans } from './plan/judge'
import { Plan, Policy, Rule, SigningKey } from './policy'
import { begin, clearReport, endError, error, errorCount } from './report'
import { writeKeyHeadersOnly, writePolicy } from './write/policy'

/**
 * The policy that `json` describes, or null if anything is wrong with it: then `errorCount()` and `errorText(i)` say
 * what. There may be warnings either way.
 *
 * `environment` is the VM's, as WASI gives it: `NAME=value`, each ended by NUL. Secrets come from it, and only what
 * HMAC prepares from them stays. `namespace` is the proxy's, ABSENT if it has none, UNREADABLE if it does not show it.
 */
export function compilePolicy(json: Slice, environment: Slice, namespace: Slice): Policy | null {
  clearReport()
  if (!isPresent(json) && json != ABSENT) {
    error(phrase('unreadable'), null, phrase('the proxy did not hand the configuration over'))
    return null
  }
  if (isBlank(json)) {
    error(phrase('empty_configuration'), null, EMPTY)
    return null
  }
  if (lenOf(json) > MOST_BYTES) {
    error(phrase('too_large'), null, phrase('the configuration has more than 256 KiB'))
    return null
  }
  const root = readJson(json)
  if (hasFailed() || root === null) {
    reportFailure(root)
    return null
  }
  setEnvironment(environment)
  setNamespace(namespace)
  startSigning()
  reportDuplicates(root)
  checkRoot(root)
  judgePlans(root)
  const policy = errorCount() == 0 ? writePolicy(root, lenOf(json)) : null
  setEnvironment(ABSENT)
  if (policy === null && errorCount() == 0) {
    error(
      phrase('too_large'),
      null,
      phrase('the compiled configuration needs more than 1 MiB, or the proxy has no memory for it'),
    )
  }
  return policy
}

/**
 * What a proxy may run with instead of a broken configuration: a policy that does nothing but remove every key
 * header that `json` still names, and `x-mooring-key`. Null only if there is no memory. The report stays as it is.
 */
export function compileKeyHeadersOnly(json: Slice): Policy | null {
  const root = isPresent(json) ? readJson(json) : null
  return writeKeyHeadersOnly(root, isPresent(json) ? lenOf(json) : 0)
}

/** Wipes what was prepared from secrets, and frees the policy with everything in it. */
export function freePolicy(policy: Policy | null): void {
  if (policy === null) return
  wipeSecrets(policy.top)
  const debug = policy.debug
  if (debug !== null) {
    memory.fill(debug.hmac, 0, HMAC_STATE_BYTES)
    memory.fill(debug.fingerprint, 0, HMAC_STATE_BYTES)
  }
  for (let i: u32 = 0; i < policy.ruleCount; i++) {
    wipeSecrets(changetype<Rule>(policy.rules + i * <u32>offsetof<Rule>()).plan)
  }
  heapFree(changetype<usize>(policy))
}

function wipeSecrets(plan: Plan | null): void {
  if (plan === null) return
  const key = plan.key
  if (key !== null && key.hmac != 0) memory.fill(key.hmac, 0, 2 * HMAC_STATE_BYTES)
  const session = plan.session
  if (session === null) return
  // The key's own stands before it, and is there where the key is left out.
  if (session.adopt != 0) memory.fill(session.adopt - HMAC_STATE_BYTES, 0, 2 * HMAC_STATE_BYTES)
  const signing = session.signing
  if (signing === null) return
  for (let i: u32 = 0; i < signing.keyCount; i++) {
    const signer = changetype<SigningKey>(signing.keys + i * <u32>offsetof<SigningKey>())
    memory.fill(signer.token, 0, 3 * HMAC_STATE_BYTES)
  }
}

function reportFailure(root: JsonNode | null): void {
  const innermost = innermostNode()
  const node = innermost !== null ? innermost : root
  if (node === null) {
    error(failureCode(), null, failureReason())
    return
  }
  begin(failureCode(), node)
  put(phrase('byte '))
  putNumber(offset())
  put(phrase(': '))
  put(failureReason())
  endError(node)
}

function isBlank(text: Slice): bool {
  for (let at = ptrOf(text); at < endOf(text); at++) {
    const byte = load<u8>(at)
    if (byte != 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d) return false
  }
  return true
}
