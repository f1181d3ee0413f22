/** `session.cookie`: what each field may be by itself. What they must be together is judged after merging. */
import { ascii } from '../../bytes/literal'
import { Phrase, phrase } from '../../bytes/phrase'
import { Words, isWord, word, words } from '../../bytes/words'
import { DOT } from '../../bytes/ascii'
import { Slice, between, endOf, equalsIgnoreCase, isPresent, lenOf, ptrOf, slice } from '../../bytes/slice'
import { expectBoolean, expectChoice, expectFields, expectString, unknownValue } from '../fields'
import { JsonKind, JsonNode, member, textOf } from '../../json/node'
import { unexpectedText } from '../report'
import { expectSeconds } from './duration'
import { expectToken } from './name'

export const SAME_SITE: Words = words('Strict Lax None')
export const RENEW: Words = words('never always')

const TTL_EXPECTED: Phrase = phrase('whole seconds, 1s to 9600h; for a browser session leave it out')

const FIELDS: Words = words('name path domain secure httpOnly sameSite partitioned ttl renew')

export const HOST_PREFIX: Slice = ascii('__host-')
export const SECURE_PREFIX: Slice = ascii('__secure-')

/** What Istio's and Envoy's own examples call the cookie. */
export const DEFAULT_COOKIE: Slice = ascii('ISTIOID')

/** Browsers keep no cookie longer (RFC 6265bis section 5.5). */
// @ts-ignore: decorator
@inline
export const LONGEST_SECONDS: i64 = 400 * 24 * 3600

// Browsers ignore an attribute of more than 1,024 bytes (RFC 6265bis section 5.6).
// @ts-ignore: decorator
@inline
const LONGEST_PATH: u32 = 1024

export function checkCookie(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS)) return
  expectToken(member(node, word('name')))
  checkPath(member(node, word('path')))
  checkDomain(member(node, word('domain')))
  checkSecure(member(node, word('secure')))
  expectBoolean(member(node, word('httpOnly')))
  expectChoice(member(node, word('sameSite')), SAME_SITE)
  expectBoolean(member(node, word('partitioned')))
  expectSeconds(member(node, word('ttl')), 1, LONGEST_SECONDS, TTL_EXPECTED)
  expectChoice(member(node, word('renew')), RENEW)
}

export function checkPath(node: JsonNode | null): void {
  if (!expectString(node, LONGEST_PATH) || isPath(textOf(node))) return
  unexpectedText(phrase('invalid_cookie_path'), node, phrase('a / first, then printable ASCII without ;'))
}

export function checkDomain(node: JsonNode | null): void {
  if (!expectString(node, 253) || isDomain(textOf(node))) return
  unexpectedText(phrase('invalid_domain'), node, phrase('a host name, such as example.com'))
}

function checkSecure(node: JsonNode | null): void {
  if (node === null || node.kind != JsonKind.String) expectBoolean(node)
  else if (!isWord(node.text, word('auto'))) unknownValue(node, words('auto true false'))
}

// path-value of RFC 6265 section 4.1.1, of which browsers take only what starts with a slash.
function isPath(text: Slice): bool {
  if (load<u8>(ptrOf(text)) != 0x2f) return false
  for (let at = ptrOf(text); at < endOf(text); at++) {
    const byte = load<u8>(at)
    if (byte < 0x20 || byte > 0x7e || byte == 0x3b) return false
  }
  return true
}

/** `[ "." ] label *( "." label )`, where a label has 1 to 63 letters, digits and inner hyphens. */
function isDomain(text: Slice): bool {
  const end = endOf(text)
  let at = ptrOf(text)
  if (lenOf(text) > 1 && load<u8>(at) == 0x2e) at++
  while (true) {
    const start = at
    while (at < end && isLabelByte(load<u8>(at))) at++
    const length = at - start
    if (length == 0 || length > 63 || load<u8>(start) == 0x2d || load<u8>(at - 1) == 0x2d) return false
    if (at == end) return true
    if (load<u8>(at) != 0x2e) return false
    at++
  }
}

function isLabelByte(byte: u8): bool {
  return (byte | 0x20) - 0x61 < 26 || byte - 0x30 < 10 || byte == 0x2d
}

/** True for `/` and for no path. */
export function isRootPath(path: Slice): bool {
  return !isPresent(path) || isWord(path, word('/'))
}

/** Browsers compare prefixes without case. */
export function hasPrefix(name: Slice, lower: Slice): bool {
  const length = lenOf(lower)
  return lenOf(name) >= length && equalsIgnoreCase(slice(ptrOf(name), length), lower)
}

/** A cookie's domain without the leading dot, which means nothing (RFC 6265 section 5.2.3). */
export function withoutDot(domain: Slice): Slice {
  return load<u8>(ptrOf(domain)) == DOT ? between(ptrOf(domain) + 1, endOf(domain)) : domain
}
