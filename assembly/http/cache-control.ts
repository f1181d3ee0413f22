/** Whether caches that many clients share may keep an answer and hand it out again (RFC 9111 section 5.2.2). */
import { COMMA, EQUALS, SPACE } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { Slice, between, endOf, equalsIgnoreCase, indexOf, isPresent, ptrOf } from '../bytes/slice'
import { Writer } from '../bytes/writer'
import { withoutBlanks } from './octet'

const NO_STORE: Slice = ascii('no-store')
const PRIVATE: Slice = ascii('private')
const PUBLIC: Slice = ascii('public')
const MAX_AGE: Slice = ascii('max-age')
const SHARED_MAX_AGE: Slice = ascii('s-maxage')

/** What a Cache-Control says of shared caches; of several entries the largest holds. */
export enum Sharing {
  /** Neither of the others. */
  Silent = 0,
  /** public, or a max-age or s-maxage above 0. */
  Invited = 1,
  /** no-store or private, whatever else stands there. */
  Refused = 2,
}

/** `private="a"` concerns a header of the answer only, so it does not count. Absent is silent. */
export function sharingOf(cacheControl: Slice): Sharing {
  let sharing = Sharing.Silent
  if (!isPresent(cacheControl)) return sharing
  const last = endOf(cacheControl)
  for (let at = ptrOf(cacheControl); at < last;) {
    const end = indexOf(at, last, COMMA)
    const nameEnd = indexOf(at, end, EQUALS)
    const name = withoutBlanks(at, nameEnd)
    if (equalsIgnoreCase(name, NO_STORE)) return Sharing.Refused
    if (equalsIgnoreCase(name, PRIVATE) && nameEnd == end) return Sharing.Refused
    if (equalsIgnoreCase(name, PUBLIC)) sharing = Sharing.Invited
    if (equalsIgnoreCase(name, MAX_AGE) || equalsIgnoreCase(name, SHARED_MAX_AGE)) {
      if (hasDigitAboveZero(nameEnd, end)) sharing = Sharing.Invited
    }
    at = end + 1
  }
  return sharing
}

/** Appends the directives that do not speak to shared caches, and `, ` behind each: all but public and s-maxage. */
export function writeForOneClient(cacheControl: Slice, out: Writer): void {
  const last = endOf(cacheControl)
  for (let at = ptrOf(cacheControl); at < last;) {
    const end = indexOf(at, last, COMMA)
    const start = ptrOf(withoutBlanks(at, end))
    const name = withoutBlanks(start, indexOf(start, end, EQUALS))
    if (start < end && !equalsIgnoreCase(name, PUBLIC) && !equalsIgnoreCase(name, SHARED_MAX_AGE)) {
      out.bytes(between(start, end))
      out.byte(COMMA)
      out.byte(SPACE)
    }
    at = end + 1
  }
}

function hasDigitAboveZero(at: usize, end: usize): bool {
  for (; at < end; at++) {
    if (load<u8>(at) - 0x31 < 9) return true
  }
  return false
}
