/** `session.cookie`: what each field may be by itself. What they must be together is judged after merging. */
import { ascii } from '../../bytes/literal'
import { Slice, endOf, lenOf, ptrOf } from '../../bytes/slice'
import { expectBoolean, expectChoice, expectFields, expectString, unknownValue } from '../fields'
import { JsonKind, JsonNode, member } from '../../json/node'
import { unexpectedText } from '../report'
import { isWord } from '../../bytes/words'
import { expectSeconds } from './duration'
import { expectToken } from './name'

export const SAME_SITE: Slice = ascii('Strict Lax None')
export const RENEW: Slice = ascii('never always')

const TTL_EXPECTED: Slice = ascii('whole seconds, 1s to 9600h; for a browser session leave it out')

const FIELDS: Slice = ascii('name path domain secure httpOnly sameSite partitioned ttl renew')

// Browsers keep no cookie longer (RFC 6265bis section 5.5).
// @ts-ignore: decorator
@inline
const LONGEST_SECONDS: i64 = 400 * 24 * 3600

// Browsers ignore an attribute of more than 1,024 bytes (RFC 6265bis section 5.6).
// @ts-ignore: decorator
@inline
const LONGEST_PATH: u32 = 1024

export function checkCookie(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS, ascii(''))) return
  expectToken(member(node, ascii('name')))
  checkPath(member(node, ascii('path')))
  checkDomain(member(node, ascii('domain')))
  checkSecure(member(node, ascii('secure')))
  expectBoolean(member(node, ascii('httpOnly')))
  expectChoice(member(node, ascii('sameSite')), SAME_SITE)
  expectBoolean(member(node, ascii('partitioned')))
  expectSeconds(member(node, ascii('ttl')), 1, LONGEST_SECONDS, TTL_EXPECTED)
  expectChoice(member(node, ascii('renew')), RENEW)
}

function checkPath(node: JsonNode | null): void {
  if (node === null || !expectString(node, LONGEST_PATH) || isPath(node.text)) return
  unexpectedText(ascii('invalid_cookie_path'), node, ascii('a / first, then printable ASCII without ;'))
}

function checkDomain(node: JsonNode | null): void {
  if (node === null || !expectString(node, 253) || isDomain(node.text)) return
  unexpectedText(ascii('invalid_domain'), node, ascii('a host name, such as example.com'))
}

function checkSecure(node: JsonNode | null): void {
  if (node === null || node.kind != JsonKind.String) expectBoolean(node)
  else if (!isWord(node.text, ascii('auto'))) unknownValue(node, ascii('auto true false'))
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
