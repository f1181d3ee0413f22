import { AMPERSAND, EQUALS, QUESTION_MARK } from '../bytes/ascii'
import { ABSENT, Slice, between, endOf, equals, indexOf, isPresent, ptrOf } from '../bytes/slice'

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
