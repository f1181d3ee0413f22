import { AMPERSAND, EQUALS, PERCENT, PLUS, QUESTION_MARK } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, indexOf, isPresent, ptrOf } from '../bytes/slice'
import { Writer } from '../bytes/writer'
import { escapedOctet } from './percent'

/**
 * The raw value of the first query parameter `name`, as Envoy's `query_parameter` hash policy finds it
 * (`QueryParamsMulti::parseQueryString`), ABSENT if there is none. `?a` and `?a=` are present and empty.
 *
 *     path = any "?" [ param *( "&" param ) ]      param = name [ "=" value ]      nothing is decoded
 *
 * A fragment is not cut off, as Envoy does not: its HTTP connection manager refuses a `:path` that has one.
 */
export function findQuery(path: Slice, name: Slice): Slice {
  if (!isPresent(path)) return path
  const end = endOf(path)
  for (let at = indexOf(ptrOf(path), end, QUESTION_MARK) + 1; at < end;) {
    const paramEnd = indexOf(at, end, AMPERSAND)
    const equalsSign = indexOf(at, paramEnd, EQUALS)
    if (equals(between(at, equalsSign), name)) {
      return between(equalsSign == paramEnd ? paramEnd : equalsSign + 1, paramEnd)
    }
    at = paramEnd + 1
  }
  return ABSENT
}

/**
 * Appends `value` with %XX decoded and `+` as a blank (application/x-www-form-urlencoded). False if an escape is
 * invalid or the writer has no room; what was appended means nothing then.
 */
export function decodeQuery(value: Slice, out: Writer): bool {
  if (!isPresent(value)) return false
  const end = endOf(value)
  for (let at = ptrOf(value); at < end; at++) {
    let octet = load<u8>(at)
    if (octet == PLUS) octet = 0x20
    else if (octet == PERCENT) {
      const decoded = escapedOctet(at, end)
      if (decoded < 0) return false
      octet = <u8>decoded
      at += 2
    }
    out.byte(octet)
  }
  return isPresent(out.result)
}
