/**
 * Callouts to servers that answer, refuse, hang or break off, as the header x-t-call of a request asks. The request
 * waits until the last callback of its callout has run.
 */
import { allocate, ascii, out, outside, reset } from './arguments'
import { bytes, end, enter, line, number, status, text } from './report'
import * as host from './imports'
import * as probe from './probes'

/** The stream that waits. */
let waiting: i32 = 0
/** The first letter of what the header asked for. */
let kind: u8 = 0

/** Begins the callout that the request asks for; false if it asks for none. */
export function begin(id: i32): bool {
  const at = allocate(8)
  if (host.getHeader(0, ascii('x-t-call'), 8, at, at + 4) != 0) return false
  const name = load<u32>(at)
  const size = load<u32>(at, 4)
  waiting = id
  kind = load<u8>(name)
  if (kind == 0x67 /* grpc */) grpcCall(name, size)
  else if (kind == 0x73 /* stream */) grpcStream()
  else httpCall(name, size)
  return true
}

/** An HTTP call to a path that says what the server is to do. */
function httpCall(path: usize, pathSize: i32): void {
  const headers = allocate(256)
  let size = 4
  store<u32>(headers, 4)
  size = probe.pair(headers, 0, 4, size, ':method', 'POST')
  size = probe.pair(headers, 1, 4, size, ':authority', 'callee')
  size = probe.pair(headers, 2, 4, size, 'X-T-Sent', '1')
  size = probe.pair(headers, 3, 4, size, ':path', '/callee?' + String.UTF8.decodeUnsafe(path, pathSize))
  const trailers = allocate(64)
  store<u32>(trailers, 1)
  const trailersSize = probe.pair(trailers, 0, 1, 4, 'x-t-last', '1')
  const cluster = ascii(kind == 0x72 /* refuse */ ? 'closed' : 'callee')
  const token = out()
  line('http_call -> ')
  number(host.httpCall(cluster, 6, headers, size, ascii('ask'), 3, trailers, trailersSize, 400, token))
  text(' ')
  number(load<u32>(token))
  end()
  status('http_call no headers', host.httpCall(cluster, 6, 0, 0, 0, 0, 0, 0, 400, token))
  status('http_call negative timeout', host.httpCall(cluster, 6, headers, size, 0, 0, 0, 0, -1, token))
  status('http_call bad token', host.httpCall(cluster, 6, headers, size, 0, 0, 0, 0, 400, outside() - 3))
}

function grpcCall(name: usize, size: i32): void {
  const metadata = allocate(64)
  store<u32>(metadata, 1)
  const metadataSize = probe.pair(metadata, 0, 1, 4, 'x-t-md', '1')
  const token = out()
  const message = ascii('ask')
  line('grpc_call -> ')
  number(
    host.grpcCall(
      ascii('grpc'),
      4,
      ascii('s.S'),
      3,
      name,
      size,
      metadata,
      metadataSize,
      message,
      3,
      400,
      token,
    ),
  )
  text(' ')
  number(load<u32>(token))
  end()
  status('grpc_send to a call', host.grpcSend(load<u32>(token), message, 3, 0))
}

function grpcStream(): void {
  const metadata = allocate(64)
  store<u32>(metadata, 1)
  const metadataSize = probe.pair(metadata, 0, 1, 4, 'x-t-md', '1')
  const token = out()
  const message = ascii('ask')
  line('grpc_stream -> ')
  number(
    host.grpcStream(ascii('grpc'), 4, ascii('s.S'), 3, ascii('stream'), 6, metadata, metadataSize, token),
  )
  text(' ')
  number(load<u32>(token))
  end()
  status('grpc_send', host.grpcSend(load<u32>(token), message, 3, 0))
  status('grpc_send bad', host.grpcSend(load<u32>(token), outside(), 1, 0))
  status('grpc_send end', host.grpcSend(load<u32>(token), message, 3, 1))
  status('grpc_close', host.grpcClose(load<u32>(token)))
}

function callback(name: string, token: i32, first: i32, second: i32): void {
  reset()
  enter(name)
  line('called ')
  number(token)
  text(' ')
  number(first)
  text(' ')
  number(second)
  end()
}

/** What the root can read, and then what the waiting stream can. */
function look(): void {
  everything()
  status('set_effective_context', host.setEffectiveContext(waiting))
  everything()
  probe.header(0, 'cookie')
}

function everything(): void {
  probe.maps()
  probe.buffers()
  probe.writes(6)
  const set = host.setBuffer(4, 0, 1, ascii('XY'), 2)
  status('set_buffer_bytes 4', set)
  getStatus()
}

export function getStatus(): void {
  const code = out()
  const at = out()
  line('get_status -> ')
  number(host.getStatus(code, at, at + 4))
  text(' ')
  number(load<u32>(code))
  text(' ')
  if (load<u32>(at) == 0) text('null')
  else bytes(load<u32>(at), load<u32>(at, 4))
  end()
}

/** Lets the waiting stream go on. */
function goOn(): void {
  status('set_effective_context', host.setEffectiveContext(waiting))
  status('continue_stream', host.continueStream(0))
}

export function onHttpCallResponse(token: i32, headers: i32, bodySize: i32, trailers: i32): void {
  callback('http call response', token, <i32>(headers > 0), trailers)
  line('body size ')
  number(bodySize)
  end()
  look()
  goOn()
}

export function onInitialMetadata(token: i32, elements: i32): void {
  callback('grpc initial metadata', token, <i32>(elements > 0), 0)
  look()
}

export function onMessage(token: i32, size: i32): void {
  callback('grpc receive', token, size, 0)
  look()
  status('grpc_cancel over', host.grpcCancel(kind == 0x67 ? token + 4 : 401))
  if (kind == 0x67) goOn()
}

export function onTrailingMetadata(token: i32, elements: i32): void {
  callback('grpc trailing metadata', token, <i32>(elements > 0), 0)
  look()
}

export function onClose(token: i32, code: i32): void {
  callback('grpc close', token, code, 0)
  look()
  goOn()
}
