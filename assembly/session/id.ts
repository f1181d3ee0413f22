/**
 * What a session cookie's value may be. Unsigned sessions keep any well-formed value that a client holds already,
 * Envoy's own cookie included; a value in the form of a signed token counts as the id inside it, so that switching
 * signing off again keeps sessions.
 */
import { DOT, MINUS } from '../bytes/ascii'
import { decodeBase64url } from '../bytes/base64url'
import { ABSENT, Slice, between, endOf, indexOf, lenOf, ptrOf, slice } from '../bytes/slice'
import { ID_BYTES } from './entropy'

/** Characters of an id that Mooring minted: 16 bytes in base64url. */
// @ts-ignore: decorator
@inline
export const ID_LENGTH: u32 = 22

// @ts-ignore: decorator
@inline
const TIMES_LENGTH: u32 = 16

// @ts-ignore: decorator
@inline
const LONGEST_KID: u32 = 16

const scratch: usize = memory.data(16, 8)

/**
 * Writes the 16 bytes that `value` stands for to `out` if it is canonical base64url of that length; false otherwise.
 */
export function decodeId(value: Slice, out: usize): bool {
  return lenOf(value) == ID_LENGTH && decodeBase64url(value, out, ID_BYTES) == ID_BYTES
}

/**
 * The id inside a well-formed token, ABSENT if `value` is none. Nothing is verified.
 *
 *     token = "1" "." kid "." id "." times [ "." bound ] "." tag
 *     kid   = [a-z][a-z0-9-]{0,15}     times = 16 base64url characters     id, bound, tag = 22
 */
export function idOfToken(value: Slice): Slice {
  const end = endOf(value)
  let at = ptrOf(value)
  if (lenOf(value) < 2 || load<u8>(at) != 0x31 || load<u8>(at + 1) != DOT) return ABSENT
  at += 2
  const kid = between(at, indexOf(at, end, DOT))
  if (!isKeyId(kid)) return ABSENT
  at = endOf(kid) + 1
  const id = field(at, end, ID_LENGTH)
  if (id == ABSENT) return ABSENT
  at = endOf(id) + 1
  const times = field(at, end, TIMES_LENGTH)
  if (times == ABSENT) return ABSENT
  at = endOf(times) + 1
  const boundOrTag = field(at, end, ID_LENGTH)
  if (boundOrTag == ABSENT) return ABSENT
  if (endOf(boundOrTag) == end) return id
  at = endOf(boundOrTag) + 1
  const tag = field(at, end, ID_LENGTH)
  return tag != ABSENT && endOf(tag) == end ? id : ABSENT
}

/** The `length` characters at `at`, if they are canonical base64url and the field ends after them. */
function field(at: usize, end: usize, length: u32): Slice {
  if (at > end || <u32>(end - at) < length) return ABSENT
  const after = at + length
  if (after != end && load<u8>(after) != DOT) return ABSENT
  const characters = slice(at, length)
  return decodeBase64url(characters, scratch, 16) > 0 ? characters : ABSENT
}

/** [a-z][a-z0-9-]{0,15} */
function isKeyId(kid: Slice): bool {
  const length = lenOf(kid)
  if (length == 0 || length > LONGEST_KID) return false
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(ptrOf(kid) + i)
    if (byte - 0x61 < 26) continue
    if (i == 0 || !(byte - 0x30 < 10 || byte == MINUS)) return false
  }
  return true
}
