/** The answer's Set-Cookie (RFC 6265, section 4.1), for a stream that was left pending. */
import { EQUALS } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import { Slice, equals, isPresent, lenOf } from '../bytes/slice'
import { WRITER_BYTES, Writer } from '../bytes/writer'
import { arenaAlloc } from '../bytes/arena'
import { Counter } from '../proxy/counter'
import { addResponseHeader } from '../proxy/header'
import { count } from '../proxy/metrics'
import { readProperty } from '../proxy/property'
import { Pending } from './pending'

const SET_COOKIE: Slice = ascii('set-cookie')
const CODE_DETAILS: Slice = ascii('response\0code_details')
const VIA_UPSTREAM: Slice = ascii('via_upstream')

const writer = changetype<Writer>(memory.data(WRITER_BYTES, 4))

/**
 * Adds the Set-Cookie. Only to answers of an upstream: Envoy runs this callback for its own error replies and
 * redirects too, and a session that no pod has seen would be worth nothing.
 */
export function setCookie(pending: Pending): void {
  const policy = pending.policy
  if (policy === null) return
  const details = readProperty(CODE_DETAILS)
  if (!isPresent(details) || !equals(details, VIA_UPSTREAM)) {
    count(Counter.CookieWithheld)
    return
  }
  const attributes = pending.secure ? policy.attributesSecure : policy.attributes
  const length = lenOf(policy.name) + 1 + lenOf(pending.value) + lenOf(attributes)
  writer.open(arenaAlloc(length), length)
  writer.bytes(policy.name)
  writer.byte(EQUALS)
  writer.bytes(pending.value)
  writer.bytes(attributes)
  count(addResponseHeader(SET_COOKIE, writer.result) ? Counter.CookieSet : Counter.WriteRefused)
}
