/** A plan's session, merged, into the policy's block. */
import { ascii } from '../../bytes/literal'
import { isWord, word, wordAt } from '../../bytes/words'
import { Slice, isPresent } from '../../bytes/slice'
import { HMAC_STATE_BYTES } from '../../crypto/hmac'
import { DEFAULT_COOKIE, RENEW, SAME_SITE, withoutDot } from '../check/cookie'
import { milliseconds } from '../check/duration'
import { ON_CACHEABLE, ON_INVALID, SCOPE } from '../check/session'
import { choiceOf } from '../fields'
import { JsonKind, JsonNode, after, firstItem, isTrue, itemCount, member, textOf } from '../../json/node'
import { carrierOf, followedOf } from '../plan/application'
import { pick } from '../plan/layers'
import { podHeaderOf } from '../plan/persistence'
import { hashSecretOf } from '../plan/session'
import { Carrier, SLICE_BYTES, SameSite, Secure, SessionPolicy } from '../policy'
import { writeAdopted } from './adopt'
import {
  blockBytes,
  blockLowerText,
  blockOverflowed,
  blockSlices,
  blockText,
  closeText,
  openText,
} from './block'
import { prepareHashSecret } from './secret'
import { writeSigning } from './signing'

/** The plan's session; `rule` is null for the top level's. */
export function writeSession(rule: JsonNode | null, root: JsonNode): SessionPolicy {
  const session = changetype<SessionPolicy>(blockBytes(offsetof<SessionPolicy>()))
  const over = member(rule, word('session'))
  const base = member(root, word('session'))
  writeCookie(session, member(over, word('cookie')), member(base, word('cookie')))
  writeCarrier(session, over, base)
  session.readOnly = isTrue(pick(over, base, word('readOnly')))
  session.watches = isPresent(session.follows) || (!session.readOnly && podHeaderOf(root) !== null)
  session.onInvalid = choiceOf(pick(over, base, word('onInvalid')), ON_INVALID, 0)
  session.hideFromUpstream = isTrue(pick(over, base, word('hideFromUpstream')))
  const overMint = member(over, word('mint'))
  const baseMint = member(base, word('mint'))
  session.mintSkip = isTrue(pick(overMint, baseMint, word('skip')))
  session.perConnection = choiceOf(pick(overMint, baseMint, word('scope')), SCOPE, 0) == 1
  session.onCacheable = choiceOf(pick(overMint, baseMint, word('onCacheable')), ON_CACHEABLE, 0)
  session.onLocalReply = isTrue(pick(overMint, baseMint, word('onLocalReply')))
  const methods = pick(overMint, baseMint, word('methods'))
  session.methods = writeTexts(methods)
  session.methodCount = itemCount(methods)
  const adopt = pick(over, base, word('adopt'))
  session.adopted = writeAdopted(adopt)
  session.adoptedCount = itemCount(adopt)
  const secret = hashSecretOf(rule, root)
  const hashKeys: usize = secret === null ? 0 : prepareHashSecret(secret)
  if (hashKeys != 0) session.adopt = hashKeys + HMAC_STATE_BYTES
  if (!blockOverflowed())
    session.signing = writeSigning(
      member(over, word('signing')),
      member(base, word('signing')),
      session,
      podHeaderOf(root) !== null,
    )
  return session
}

function writeCarrier(session: SessionPolicy, over: JsonNode | null, base: JsonNode | null): void {
  const header = textOf(carrierOf(over, base, word('header')))
  const name = isPresent(header) ? header : textOf(carrierOf(over, base, word('cookie')))
  const followed = followedOf(over, base)
  if (followed !== null) {
    session.follows = blockText(followed.text)
    session.secure = Secure.Never
  }
  if (!isPresent(name)) return
  session.carrier = isPresent(header) ? Carrier.Header : Carrier.Cookie
  session.name = isPresent(header) ? blockLowerText(name) : blockText(name)
  session.notFound = isWord(textOf(carrierOf(over, base, word('onInvalid'))), word('404'))
}

function writeCookie(session: SessionPolicy, over: JsonNode | null, base: JsonNode | null): void {
  session.name = textOrDefault(pick(over, base, word('name')), DEFAULT_COOKIE)
  session.secure = secureOf(pick(over, base, word('secure')))
  session.attributes = attributesOf(over, base, false)
  session.attributesSecure =
    session.secure == Secure.Never ? session.attributes : attributesOf(over, base, true)
  session.sameSite = sameSiteOf(over, base)
  session.renewAlways = choiceOf(pick(over, base, word('renew')), RENEW, 0) == 1
  const ttl = textOf(pick(over, base, word('ttl')))
  if (isPresent(ttl)) session.ttl = <u32>(milliseconds(ttl) / 1000)
  const domain = textOf(pick(over, base, word('domain')))
  if (isPresent(domain)) session.domain = blockLowerText(withoutDot(domain))
}

function sameSiteOf(over: JsonNode | null, base: JsonNode | null): SameSite {
  return choiceOf(pick(over, base, word('sameSite')), SAME_SITE, SameSite.Lax)
}

/** Slice[] of the strings of a list; 0 if it is null. Rules that inherit it share it. */
export function writeTexts(list: JsonNode | null): usize {
  if (list === null || list.compiled != 0) return list === null ? 0 : list.compiled
  const slices = blockSlices(list.count)
  let at = slices
  list.compiled = slices
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
  return isTrue(node) ? Secure.Always : Secure.Never
}

// The order is fixed, so that tests and caches see one text: Path, Domain, Secure, HttpOnly, SameSite, Partitioned.
function attributesOf(over: JsonNode | null, base: JsonNode | null, secure: bool): Slice {
  const text = openText()
  text.bytes(ascii('; Path='))
  const path = textOf(pick(over, base, word('path')))
  if (isPresent(path)) text.bytes(path)
  else text.bytes(ascii('/'))
  const domain = textOf(pick(over, base, word('domain')))
  if (isPresent(domain)) {
    text.bytes(ascii('; Domain='))
    text.bytes(domain)
  }
  if (secure) text.bytes(ascii('; Secure'))
  const httpOnly = pick(over, base, word('httpOnly'))
  if (httpOnly === null || isTrue(httpOnly)) text.bytes(ascii('; HttpOnly'))
  text.bytes(ascii('; SameSite='))
  text.bytes(wordAt(SAME_SITE, sameSiteOf(over, base)))
  if (isTrue(pick(over, base, word('partitioned')))) text.bytes(ascii('; Partitioned'))
  return closeText()
}
