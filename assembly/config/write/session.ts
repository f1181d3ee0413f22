/** A plan's session, merged, into the policy's block. */
import { RENEW, SAME_SITE } from '../check/cookie'
import { milliseconds } from '../check/duration'
import { choiceOf } from '../fields'
import { JsonKind, JsonNode, after, firstItem, flagOf, itemCount, member, textOf } from '../json/node'
import { pick } from '../plan/layers'
import { SLICE_BYTES, Secure, SessionPolicy } from '../policy'
import { Slice, isPresent } from '../../bytes/slice'
import { Writer } from '../../bytes/writer'
import { blockBytes, blockSlices, blockText, closeText, openText } from './block'

/** What Istio's and Envoy's own examples call the cookie. */
const DEFAULT_NAME: string = 'ISTIOID'

export function writeSession(over: JsonNode | null, base: JsonNode | null): SessionPolicy {
  const session = changetype<SessionPolicy>(blockBytes(offsetof<SessionPolicy>()))
  const overCookie = member(over, 'cookie')
  const baseCookie = member(base, 'cookie')
  session.name = textOrDefault(pick(overCookie, baseCookie, 'name'), DEFAULT_NAME)
  session.secure = secureOf(pick(overCookie, baseCookie, 'secure'))
  session.attributes = attributesOf(overCookie, baseCookie, false)
  session.attributesSecure =
    session.secure == Secure.Never ? session.attributes : attributesOf(overCookie, baseCookie, true)
  session.renewAlways = choiceOf(pick(overCookie, baseCookie, 'renew'), RENEW, 0) == 1
  session.readOnly = flagOf(pick(over, base, 'readOnly'), false)
  const overMint = member(over, 'mint')
  const baseMint = member(base, 'mint')
  session.mintSkip = flagOf(pick(overMint, baseMint, 'skip'), false)
  const methods = pick(overMint, baseMint, 'methods')
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
export function textOrDefault(node: JsonNode | null, otherwise: string): Slice {
  const text = textOf(node)
  const writer = openText()
  if (isPresent(text)) writer.bytes(text)
  else writer.ascii(otherwise)
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
  const ttl = textOf(pick(over, base, 'ttl'))
  if (isPresent(ttl)) {
    text.ascii('; Max-Age=')
    text.decimal(<u64>(milliseconds(ttl) / 1000))
  }
  text.ascii('; Path=')
  const path = textOf(pick(over, base, 'path'))
  if (isPresent(path)) text.bytes(path)
  else text.ascii('/')
  const domain = textOf(pick(over, base, 'domain'))
  if (isPresent(domain)) {
    text.ascii('; Domain=')
    text.bytes(domain)
  }
  if (secure) text.ascii('; Secure')
  if (flagOf(pick(over, base, 'httpOnly'), true)) text.ascii('; HttpOnly')
  writeSameSite(text, choiceOf(pick(over, base, 'sameSite'), SAME_SITE, 1))
  if (flagOf(pick(over, base, 'partitioned'), false)) text.ascii('; Partitioned')
  return closeText()
}

function writeSameSite(text: Writer, choice: i32): void {
  text.ascii('; SameSite=')
  if (choice == 0) text.ascii('Strict')
  else if (choice == 1) text.ascii('Lax')
  else text.ascii('None')
}
