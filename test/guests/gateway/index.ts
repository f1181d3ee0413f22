/**
 * A filter for tests of the gateway: it does what a header tells it, and shows what it sees.
 *
 *     request header x-do     reply | reply-crlf | trap | crlf | bad-name | no-path | reroute | pause | reset;
 *                             where there is an x-who, only the filter with that plugin name does it
 *     response header x-do    crlf | trap | reply
 *     request body            what begins with `no` is answered by 413; what begins with `sign` gets `-signed` after
 *                             each piece and `!` at its end
 *     response body           every piece gets `+`
 *     configuration           `refuse`, or `tick` for a tick each 10 ms, which it counts
 *
 * Every request gets `x-seen-by: <plugin name>` and, as x-source and x-tenant, two properties; every answer gets
 * `x-passed: <plugin name>`, x-details and x-upstream.
 */
import * as env from './imports'

const REQUEST: i32 = 0
const RESPONSE: i32 = 2
const REQUEST_BODY: i32 = 0
const RESPONSE_BODY: i32 = 1
const CONTINUE: i32 = 0
const STOP: i32 = 1
const COUNTER: i32 = 0
const CONFIGURATION: i32 = 7

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  return heap.alloc(size)
}

export function proxy_on_vm_start(_root: i32, _size: i32): i32 {
  return 1
}

export function proxy_on_configure(_root: i32, size: i32): i32 {
  const configuration = env.buffer(CONFIGURATION, size)
  if (configuration == 'tick') env.tickEvery(10)
  return configuration == 'refuse' ? 0 : 1
}

export function proxy_on_tick(_root: i32): void {
  env.count(COUNTER, 'gateway_guest.ticks')
}

export function proxy_on_context_create(_context: i32, _root: i32): void {}

export function proxy_on_request_headers(_context: i32, _headers: i32, _end: i32): i32 {
  env.add(REQUEST, 'x-seen-by', env.property('plugin_name'))
  env.add(REQUEST, 'x-source', env.property('source\0address'))
  env.add(REQUEST, 'x-tenant', env.property('metadata\0filter_metadata\0auth\0tenant'))
  const who = env.get(REQUEST, 'x-who')
  const order = who == '' || who == env.property('plugin_name') ? env.get(REQUEST, 'x-do') : ''
  if (order == 'reply') env.reply(403, 'guest said no', 'denied')
  if (order == 'reply-crlf') env.reply(403, 'crlf', 'denied')
  if (order == 'trap') unreachable()
  if (order == 'crlf') env.replace(REQUEST, 'x-bad', 'a\r\nb')
  if (order == 'bad-name') env.replace(REQUEST, 'x bad', 'v')
  if (order == 'no-path') env.remove(REQUEST, ':path')
  if (order == 'reroute') env.replace(REQUEST, ':path', '/rerouted')
  if (order == 'reset') env.closeStream(0)
  return order == 'pause' ? STOP : CONTINUE
}

export function proxy_on_response_headers(_context: i32, _headers: i32, _end: i32): i32 {
  env.add(RESPONSE, 'x-passed', env.property('plugin_name'))
  env.replace(RESPONSE, 'x-details', env.property('response\0code_details'))
  env.replace(RESPONSE, 'x-upstream', env.property('upstream\0address'))
  const order = env.get(RESPONSE, 'x-do')
  if (order == 'crlf' || env.property('response\0code_details') == 'crlf')
    env.replace(RESPONSE, 'x-bad', 'a\r\nset-cookie: evil=1')
  if (order == 'trap') unreachable()
  if (order == 'reply') env.reply(418, 'guest changed its mind', 'instead')
  return CONTINUE
}

export function proxy_on_request_body(_context: i32, size: i32, end: i32): i32 {
  const piece = env.buffer(REQUEST_BODY, size)
  if (piece.startsWith('no')) env.reply(413, 'body refused', 'not this')
  if (piece.startsWith('sign')) env.append(REQUEST_BODY, size, '-signed')
  if (end != 0) env.append(REQUEST_BODY, size, '!')
  return CONTINUE
}

export function proxy_on_response_body(_context: i32, size: i32, _end: i32): i32 {
  if (size > 0) env.append(RESPONSE_BODY, size, '+')
  return CONTINUE
}

export function proxy_on_log(_context: i32): void {
  env.count(COUNTER, 'gateway_guest.logged')
  env.log('logged')
}

export function proxy_on_done(_context: i32): i32 {
  return 1
}

export function proxy_on_delete(_context: i32): void {
  env.count(COUNTER, 'gateway_guest.deleted')
}
