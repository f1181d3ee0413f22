/** A plan's session, merged, into the policy's block. */
import { ascii } from '../../bytes/literal'
import { RENEW, SAME_SITE } from '../check/cookie'
import { milliseconds } from '../check/duration'
import { choiceOf } from '../fields'
import { JsonKind, JsonNode, after, firstItem, flagOf, itemCount, member, textOf } from '../../json/node'
import { pick } from '../plan/layers'
import { SLICE_BYTES, Secure, SessionPolicy } from '../policy'
import { Slice, isPresent } from '../../bytes/slice'
import { Writer } from '../../bytes/writer'
import { blockBytes, blockSlices, blockText, closeText, openText } from './block'

/** What Istio's and Envoy's own examples call the cookie. */
const DEFAULT_NAME: Slice = ascii('ISTIOID')

export function writeSession(over: JsonNode | null, base: JsonNode | null): SessionPolicy {
  const session = changetype<SessionPolicy>(blockBytes(offsetof<SessionPolicy>()))
  const overCookie = member(over, ascii('cookie'))
  const baseCookie = member(base, ascii('cookie'))
  session.name = textOrDefault(pick(overCookie, baseCookie, ascii('name')), DEFAULT_NAME)
  session.secure = secureOf(pick(overCookie, baseCookie, ascii('secure')))
  session.attributes = attributesOf(overCookie, baseCookie, false)
  session.attributesSecure =
    session.secure == Secure.Never ? session.attributes : attributesOf(overCookie, baseCookie, true)
  session.renewAlways = choiceOf(pick(overCookie, baseCookie, ascii('renew')), RENEW, 0) == 1
  session.readOnly = flagOf(pick(over, base, ascii('readOnly')), false)
  const overMint = member(over, ascii('mint'))
  const baseMint = member(base, ascii('mint'))
  session.mintSkip = flagOf(pick(overMint, baseMint, ascii('skip')), false)
  const methods = pick(overMint, baseMint, ascii('methods'))
  session.methods = writeTexts(methods)
  session.methodCount = itemCount(methods)
  return session
}

/** Slice[] of the strings of a list; 0 if it is null. */
export function writeTexts(list: JsonNode | null): usize {
  const count = itemCount(list)
  if (count == 0) return 0
  const slices = blockSlices(count)
  let at = slices
  for (let item: JsonNode | null = firstItem(list); item !== null; item = after(item)) {
    store<Slice>(at, blockText(item.text))
    at += SLICE_BYTES
  }
  return slices
}

/** The text of `node` in the block, or that of a literal if there is none. */
export function textOrDefault(node: JsonNode | null, otherwise: Slice): Slice {
  const text = textOf(node)
  const writer = openText()
  if (isPresent(text)) writer.bytes(text)
  else writer.bytes(otherwise)
  return closeText()
}

function secureOf(node: JsonNode | null): Secure {
  if (node === null || node.kind != JsonKind.Boolean) return Secure.Auto
  return flagOf(node, false) ? Secure.Always : Secure.Never
}

// The order is fixed, so that tests and caches see one text: Max-Age, Path, Domain, Secure, HttpOnly, SameSite,
// Partitioned.
function attributesOf(over: JsonNode | null, base: JsonNode | null, secure: bool): Slice {
  const text = openText()
  const ttl = textOf(pick(over, base, ascii('ttl')))
  if (isPresent(ttl)) {
    text.bytes(ascii('; Max-Age='))
    text.decimal(<u64>(milliseconds(ttl) / 1000))
  }
  text.bytes(ascii('; Path='))
  const path = textOf(pick(over, base, ascii('path')))
  if (isPresent(path)) text.bytes(path)
  else text.bytes(ascii('/'))
  const domain = textOf(pick(over, base, ascii('domain')))
  if (isPresent(domain)) {
    text.bytes(ascii('; Domain='))
    text.bytes(domain)
  }
  if (secure) text.bytes(ascii('; Secure'))
  if (flagOf(pick(over, base, ascii('httpOnly')), true)) text.bytes(ascii('; HttpOnly'))
  writeSameSite(text, choiceOf(pick(over, base, ascii('sameSite')), SAME_SITE, 1))
  if (flagOf(pick(over, base, ascii('partitioned')), false)) text.bytes(ascii('; Partitioned'))
  return closeText()
}

function writeSameSite(text: Writer, choice: i32): void {
  text.bytes(ascii('; SameSite='))
  if (choice == 0) text.bytes(ascii('Strict'))
  else if (choice == 1) text.bytes(ascii('Lax'))
  else text.bytes(ascii('None'))
}
