/** `session.signing`, merged, into the policy's block. */
import { ascii } from '../../bytes/literal'
import { Words, word, words } from '../../bytes/words'
import { Slice, isPresent, lenOf } from '../../bytes/slice'
import { Writer } from '../../bytes/writer'
import { HMAC_STATE_BYTES } from '../../crypto/hmac'
import { milliseconds } from '../check/duration'
import { instantOf } from '../check/instant'
import { JsonNode, after, firstItem, itemCount, member, textOf } from '../../json/node'
import { pick } from '../plan/layers'
import { Carrier, SessionPolicy, Signing, SigningKey } from '../policy'
import { blockBytes, blockText, closeText, openText } from './block'
import { prepareSecrets } from './secret'

// @ts-ignore: decorator
@inline
const DEFAULT_SKEW_SECONDS: i64 = 60

// In the order of SigningKey's fields. A thousand rules may have keys of their own: what seals is derived only where needed.
const PURPOSES: Words = words('token successor wrap')
const SEALING_PURPOSES: Words = words('token successor wrap seal-enc seal-mac')

const VERSION: Slice = ascii('1')

/** Null if neither layer has it. `session` has its name, domain and carrier already; `seals`: its keys seal pods too. */
export function writeSigning(
  over: JsonNode | null,
  base: JsonNode | null,
  session: SessionPolicy,
  seals: bool,
): Signing | null {
  if (over === null && base === null) return null
  const signing = changetype<Signing>(blockBytes(offsetof<Signing>()))
  signing.idleTimeout = secondsOf(pick(over, base, word('idleTimeout')), 0)
  signing.absoluteTimeout = secondsOf(pick(over, base, word('absoluteTimeout')), 0)
  signing.clockSkew = secondsOf(pick(over, base, word('clockSkew')), DEFAULT_SKEW_SECONDS)
  const until = textOf(pick(over, base, word('acceptUnsignedUntil')))
  if (isPresent(until)) signing.acceptUnsignedUntil = instantOf(until)
  const audience = textOf(pick(over, base, word('audience')))
  const keys = pick(over, base, word('keys'))
  const size = <u32>offsetof<SigningKey>()
  const start = blockBytes(itemCount(keys) * size)
  let at = start
  for (let node = firstItem(keys); node !== null; node = after(node)) {
    const states = seals ? prepareSecrets(node, SEALING_PURPOSES, 5) : prepareSecrets(node, PURPOSES, 3)
    // Its variable is not set, of which there is a warning.
    if (states == 0) continue
    const key = changetype<SigningKey>(at)
    const id = textOf(member(node, word('id')))
    key.id = blockText(id)
    key.signed = signedOf(id, session, isPresent(audience) ? audience : session.domain)
    key.token = states
    key.successor = states + HMAC_STATE_BYTES
    key.wrap = states + 2 * HMAC_STATE_BYTES
    if (seals) {
      key.sealCipher = states + 3 * HMAC_STATE_BYTES
      key.sealMac = states + 4 * HMAC_STATE_BYTES
    }
    at += size
  }
  signing.keys = start
  signing.keyCount = <u32>(at - start) / size
  return signing
}

function signedOf(kid: Slice, session: SessionPolicy, audience: Slice): Slice {
  const text = openText()
  putWithLength(text, VERSION)
  putWithLength(text, kid)
  if (session.carrier != Carrier.Own)
    putWithLength(text, session.carrier == Carrier.Cookie ? ascii('cookie') : ascii('header'))
  putWithLength(text, session.name)
  putWithLength(text, audience)
  return closeText()
}

function putWithLength(text: Writer, part: Slice): void {
  text.u32be(lenOf(part))
  text.bytes(part)
}

function secondsOf(duration: JsonNode | null, otherwise: i64): i64 {
  return duration === null ? otherwise : milliseconds(duration.text) / 1000
}
