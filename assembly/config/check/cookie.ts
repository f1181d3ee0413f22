/** `session.cookie`: what each field may be by itself. What they must be together is judged after merging. */
import { Slice, endOf, lenOf, ptrOf } from '../../bytes/slice'
import { expectBoolean, expectChoice, expectFields, expectString, unknownValue } from '../fields'
import { JsonKind, JsonNode, member } from '../json/node'
import { unexpectedText } from '../report'
import { isWord } from '../words'
import { expectSeconds } from './duration'
import { expectToken } from './name'

export const SAME_SITE: string = 'Strict Lax None'
export const RENEW: string = 'never always'

const FIELDS: string = 'name path domain secure httpOnly sameSite partitioned ttl renew'

// Browsers keep no cookie longer (RFC 6265bis section 5.5).
// @ts-ignore: decorator
@inline
const LONGEST_SECONDS: i64 = 400 * 24 * 3600

// Browsers ignore an attribute of more than 1,024 bytes (RFC 6265bis section 5.6).
// @ts-ignore: decorator
@inline
const LONGEST_PATH: u32 = 1024

export function checkCookie(node: JsonNode): void {
  if (!expectFields(node, FIELDS, '')) return
  const name = member(node, 'name')
  if (name !== null) expectToken(name)
  const path = member(node, 'path')
  if (path !== null) checkPath(path)
  const domain = member(node, 'domain')
  if (domain !== null) checkDomain(domain)
  const secure = member(node, 'secure')
  if (secure !== null) checkSecure(secure)
  const httpOnly = member(node, 'httpOnly')
  if (httpOnly !== null) expectBoolean(httpOnly)
  const sameSite = member(node, 'sameSite')
  if (sameSite !== null) expectChoice(sameSite, SAME_SITE)
  const partitioned = member(node, 'partitioned')
  if (partitioned !== null) expectBoolean(partitioned)
  const ttl = member(node, 'ttl')
  if (ttl !== null) expectSeconds(ttl, 1, LONGEST_SECONDS, 'whole seconds, 1s to 9600h; for a browser session leave it out')
  const renew = member(node, 'renew')
  if (renew !== null) expectChoice(renew, RENEW)
}

function checkSecure(node: JsonNode): void {
  if (node.kind != JsonKind.String) expectBoolean(node)
  else if (!isWord(node.text, 'auto')) unknownValue(node, 'auto true false')
}

function checkPath(node: JsonNode): void {
  if (!expectString(node, LONGEST_PATH)) return
  if (!isPath(node.text)) unexpectedText('invalid_cookie_path', node, 'a / first, then printable ASCII without ;')
}

function checkDomain(node: JsonNode): void {
  if (!expectString(node, 253)) return
  if (!isDomain(node.text)) unexpectedText('invalid_domain', node, 'a host name, such as example.com')
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
