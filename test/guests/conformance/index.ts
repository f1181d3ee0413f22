/**
 * Makes every hostcall in every phase, with good and with bad pointers, and logs what came back. Run in a real Envoy
 * and in the host, it says where the two differ.
 */
import { allocate, ascii, reset } from './arguments'
import { end, enter, line, mute, number, text } from './report'
import * as callouts from './callouts'
import * as dns from './dns'
import * as foreign from './foreign'
import * as host from './imports'
import * as probe from './probes'
import * as spans from './spans'

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

/** Begins a phase with the numbers that the callback was given, ids left out. */
function begin(name: string, first: i32 = -1, second: i32 = -1): void {
  reset()
  mute(false)
  enter(name)
  line('called ')
  number(first)
  text(' ')
  number(second)
  end()
  mute(brief)
}

/** Whether the stream has only made one foreign call: the rest of its life is as of others. */
let brief: bool = false

function everything(): void {
  probe.maps()
  probe.badPointers()
  probe.buffers()
  probe.properties()
  probe.services()
  probe.wasi()
}

export function proxy_on_context_create(id: i32, parent: i32): void {
  brief = false
  begin(parent == 0 ? 'root create' : 'stream create')
  probe.buffers()
}

export function proxy_on_vm_start(id: i32, size: i32): i32 {
  begin('vm start', size)
  everything()
  return 1
}

export function proxy_on_configure(id: i32, size: i32): i32 {
  begin('configure', size)
  probe.filterState()
  spans.declare()
  everything()
  return 1
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  begin('request headers', -1, endOfStream)
  if (callouts.begin(id)) return 1
  if (dns.asked(id)) {
    brief = true
    return dns.waits() ? 1 : 0
  }
  if (spans.walk()) {
    brief = true
    return 0
  }
  if (foreign.callAsAsked()) {
    brief = true
    return 0
  }
  everything()
  probe.filterState()
  for (let map = 0; map <= 7; map++) probe.writes(map)
  reset()
  const at = allocate(8)
  if (host.getHeader(0, ascii('x-t-reply'), 9, at, at + 4) == 0) {
    const pairs = ascii('\x01\0\0\0\x06\0\0\0\x01\0\0\0x-T-me\0y\0')
    host.sendLocalResponse(403, ascii('why not'), 7, ascii('a%~\n'), 4, pairs, 21, -1)
  }
  return 0
}

export function proxy_on_request_body(id: i32, size: i32, endOfStream: i32): i32 {
  begin('request body', size, endOfStream)
  everything()
  if (size > 0) host.setBuffer(0, 0, 2, ascii('HE'), 2)
  probe.buffers()
  return 0
}

export function proxy_on_response_headers(id: i32, count: i32, endOfStream: i32): i32 {
  begin('response headers', -1, endOfStream)
  everything()
  for (let map = 0; map <= 7; map++) probe.writes(map)
  probe.sharing()
  probe.header(2, 'x-t-me')
  probe.header(2, 'content-type')
  probe.header(2, 'content-length')
  probe.header(2, 'grpc-status')
  probe.header(2, 'grpc-message')
  if (endOfStream == 0) probe.wholeMap(2)
  return 0
}

export function proxy_on_response_body(id: i32, size: i32, endOfStream: i32): i32 {
  begin('response body', size, endOfStream)
  everything()
  return 0
}

export function proxy_on_log(id: i32): void {
  begin('log')
  everything()
  probe.filterState()
  for (let map = 0; map <= 7; map++) probe.writes(map)
}

export function proxy_on_done(id: i32): i32 {
  begin('done')
  everything()
  return 1
}

export function proxy_on_delete(id: i32): void {
  begin('delete')
  everything()
}

export function proxy_on_http_call_response(
  id: i32,
  token: i32,
  headers: i32,
  body: i32,
  trailers: i32,
): void {
  callouts.onHttpCallResponse(token, headers, body, trailers)
}

export function proxy_on_grpc_receive_initial_metadata(id: i32, token: i32, elements: i32): void {
  callouts.onInitialMetadata(token, elements)
}

export function proxy_on_grpc_receive(id: i32, token: i32, size: i32): void {
  callouts.onMessage(token, size)
}

export function proxy_on_grpc_receive_trailing_metadata(id: i32, token: i32, elements: i32): void {
  callouts.onTrailingMetadata(token, elements)
}

export function proxy_on_grpc_close(id: i32, token: i32, code: i32): void {
  callouts.onClose(token, code)
}

export function envoy_on_resolve_dns(id: i32, token: i32, size: i32): void {
  dns.onAnswer(token, size)
}
