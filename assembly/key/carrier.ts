/** The text that a header, a query or a cookie brings along, of any length. */
import { Slice, isPresent } from '../bytes/slice'
import { Source, SourceKind } from '../config/policy'
import { findCookie } from '../http/cookie'
import { findQuery } from '../http/query'
import { nextCookieLine, openCookieLines } from '../proxy/cookie-lines'
import { readProperty } from '../proxy/property'
import { onlyEntry, requestPath } from '../proxy/request'

/** As it stands in the request; ABSENT, UNREADABLE or SEVERAL. `source` is of one of these three kinds. */
export function carriedText(source: Source): Slice {
  switch (source.kind) {
    case SourceKind.Header:
      return source.join ? readProperty(source.path) : onlyEntry(source.name)
    case SourceKind.Query:
      // The first occurrence, as Envoy's own query_parameter policy takes it.
      return findQuery(requestPath(), source.name)
    default:
      return cookieText(source.name)
  }
}

/** The first match over all entries, as Envoy finds it. */
function cookieText(name: Slice): Slice {
  openCookieLines()
  let line = nextCookieLine()
  for (; isPresent(line); line = nextCookieLine()) {
    const value = findCookie(line, name)
    if (isPresent(value)) return value
  }
  return line
}
