/**
 * How a request was decided, for whoever presents the debug token: the rule, the session's and the key's outcome, what
 * was tried, and a fingerprint by which two keys are compared. Never a value, and never the key.
 *
 * While the answer is awaited it is the note of a pending stream (session/pending.ts); the text is made with the answer:
 *
 *     note  | rule u32 | shadow u8 | session u8 | key u8 | trace length u8 | fingerprint, 8 characters | trace, 32 bytes |
 *
 *     rule=by-tenant; session=minted; key=all; tried=header:absent,claim:yielded,path:yielded; fingerprint=Zk3q9_-A
 */
import { encodeBase64url } from '../bytes/base64url'
import { ascii } from '../bytes/literal'
import { UNDERSCORE, COLON, COMMA } from '../bytes/ascii'
import { Slice, UNREADABLE, between, endOf, indexOf, isPresent, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { DebugPolicy, Mode, Plan, Rule } from '../config/policy'
import { HMAC_BYTES, hmacSha256 } from '../crypto/hmac'
import { Sharing, sharingOf } from '../http/cache-control'
import { keyOutcome } from '../key/key'
import { TRACE_BYTES, YIELDED, trace, traceLength } from '../key/trace'
import { Counter, counterName } from '../proxy/counter'
import { replaceResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { readProperty } from '../proxy/property'
import { sessionOutcome } from '../session/session'

// Bytes of the HMAC that a fingerprint shows, and their characters: enough to tell keys apart by eye.
// @ts-ignore: decorator
@inline
const FINGERPRINT_BYTES: u32 = 6
// @ts-ignore: decorator
@inline
const FINGERPRINT_LENGTH: u32 = 8

// The longest text: a rule's name, 16 sources with their outcomes, and the words between.
// @ts-ignore: decorator
@inline
const TEXT_BYTES: u32 = 1024

/** There is no such part. */
// @ts-ignore: decorator
@inline
const NONE: u8 = 0xff

const CACHE_CONTROL: Slice = ascii('response\0headers\0cache-control')

const digest: usize = memory.data(HMAC_BYTES, 8)


@unmanaged
export class Explanation {
  private rule: Rule | null
  private shadow: bool
  private session: u8
  private key: u8
  private traceLength: u8
  private fingerprint: u64

  /** Notes how the current request was decided: by which rule, null for the top level, and to which key. */
  take(rule: Rule | null, plan: Plan, key: Slice, debug: DebugPolicy): void {
    this.rule = rule
    this.shadow = plan.mode == Mode.Shadow
    this.session = plan.session === null ? NONE : <u8>sessionOutcome
    this.key = plan.key === null ? NONE : <u8>keyOutcome
    this.traceLength = plan.key === null ? 0 : <u8>traceLength
    memory.copy(this.trace, trace, TRACE_BYTES)
    this.fingerprint = 0
    if (isPresent(key)) this.setFingerprint(key, debug)
  }

  /** Adds it to the answer, unless caches may hand that answer to others. */
  answer(debug: DebugPolicy): void {
    const cacheControl = readProperty(CACHE_CONTROL)
    if (cacheControl == UNREADABLE || sharingOf(cacheControl) == Sharing.Invited) return
    count(replaceResponseHeader(debug.name, this.text) ? Counter.DebugShown : Counter.WriteRefused)
  }

  private get trace(): usize {
    return changetype<usize>(this) + offsetof<Explanation>()
  }

  private setFingerprint(key: Slice, debug: DebugPolicy): void {
    hmacSha256(debug.fingerprint, key, digest)
    writer.open(changetype<usize>(this) + offsetof<Explanation>('fingerprint'), FINGERPRINT_LENGTH)
    encodeBase64url(slice(digest, FINGERPRINT_BYTES), writer)
  }

  private get text(): Slice {
    writer.allocate(TEXT_BYTES)
    const rule = this.rule
    writer.bytes(ascii('rule='))
    writer.bytes(rule === null ? ascii('-') : rule.name)
    if (this.shadow) writer.bytes(ascii('; mode=shadow'))
    if (this.session != NONE) {
      writer.bytes(ascii('; session='))
      putOutcome(this.session)
    }
    if (this.key != NONE) {
      writer.bytes(ascii('; key='))
      putOutcome(this.key)
    }
    for (let i: u32 = 0; i < this.traceLength; i += 2) {
      if (i == 0) writer.bytes(ascii('; tried='))
      else writer.byte(COMMA)
      putOutcome(<u8>Counter.KeySession + load<u8>(this.trace + i))
      writer.byte(COLON)
      const outcome = load<u8>(this.trace + i, 1)
      if (outcome == YIELDED) writer.bytes(ascii('yielded'))
      else putOutcome(outcome)
    }
    if (this.fingerprint != 0) {
      writer.bytes(ascii('; fingerprint='))
      writer.bytes(slice(changetype<usize>(this) + offsetof<Explanation>('fingerprint'), FINGERPRINT_LENGTH))
    }
    return writer.result
  }
}

/** The counter's name without its subject: `session_minted` is `minted`. */
function putOutcome(counter: u8): void {
  const name = counterName(<Counter>counter)
  writer.bytes(between(indexOf(ptrOf(name), endOf(name), UNDERSCORE) + 1, endOf(name)))
}
