/** The text that a header, a query or a cookie brings along, of any length. */
import { Slice } from '../bytes/slice'
import { Source, SourceKind } from '../config/policy'
import { findQuery } from '../http/query'
import { nextCookie, openCookies } from '../proxy/cookies'
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
      // The first match over all entries, as Envoy finds it.
      openCookies()
      return nextCookie(source.name)
  }
}
