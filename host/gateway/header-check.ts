/**
 * Envoy's last look at a request before it goes upstream: checkRequiredRequestHeaders and
 * checkValidRequestHeaders in source/common/http/header_utility.cc. A filter can write anything into a header map.
 */
import type { HeaderMap } from '../header-map.ts'

/** RFC 9110, section 5.6.2: a token; a leading colon makes a pseudo header. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** RFC 9110, section 5.5: visible characters, blanks, tabs and bytes from 0x80. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** What is wrong with a request's headers, in Envoy's words; undefined if nothing is. */
export function requestHeaderFault(headers: HeaderMap): string | undefined {
  for (const required of [':method', ':path']) {
    if (!headers.has(required)) return `missing required header: ${required}`
  }
  return headerFault(headers)
}

/** What is wrong with the bytes of any headers, in Envoy's words; undefined if nothing is. */
export function headerFault(headers: HeaderMap): string | undefined {
  for (const [name, value] of headers) {
    if (!NAME.test(name)) return `invalid header name: ${escaped(name)}`
    if (!VALUE.test(value)) return `invalid header value for: ${name}`
  }
  return undefined
}

function escaped(name: string): string {
  return JSON.stringify(name).slice(1, -1)
}
