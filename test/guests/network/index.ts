/**
 * A network filter that records what it is told and what it may do. The first word of the bytes says what it does:
 *
 *     stop        StopIteration
 *     edit        writes to the buffer: in front, at its end, in the middle, and all of it if that is `edit all`
 *     continue    proxy_continue_stream(Downstream), then StopIteration
 *     down, up    proxy_close_stream(Downstream), (Upstream)
 *     trap        a trap
 *
 * With the configuration `wait` a new connection is stopped and continued.
 */
import { allocate, ascii, out, outside, reset } from '../conformance/arguments'
import { getBuffer, getBufferStatus, getProperty, setBuffer, setProperty } from '../conformance/imports'
import { handed } from '../conformance/probes'
import { end, enter, line, number, status, text } from '../conformance/report'

// @ts-ignore: decorator
@external("env", "proxy_continue_stream")
declare function continueStream(type: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_close_stream")
declare function closeStream(type: i32): i32
// @ts-ignore: decorator
@external("env", "proxy_send_local_response")
declare function reply(
  code: i32,
  details: usize,
  detailsSize: i32,
  body: usize,
  bodySize: i32,
  headers: usize,
  headersSize: i32,
  grpc: i32,
): i32
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_value")
declare function getHeader(map: i32, name: usize, nameSize: i32, value: usize, size: usize): i32

const DOWNSTREAM: i32 = 2
const UPSTREAM: i32 = 3
const CONFIGURATION: i32 = 7

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

let waits: bool = false

function called(phase: string, first: i32 = -1, second: i32 = -1): void {
  reset()
  enter(phase)
  line('called')
  if (first >= 0) {
    text(' ')
    number(first)
  }
  if (second >= 0) {
    text(' ')
    number(second)
  }
  end()
}

function buffer(type: i32, start: i32, length: i32): void {
  const at = out()
  line('get_buffer_bytes ')
  number(type)
  text(' ')
  number(start)
  text(' ')
  number(length)
  handed(getBuffer(type, start, length, at, at + 4), at)
}

function write(type: i32, start: i32, length: i32, data: string): void {
  line('set_buffer_bytes ')
  number(type)
  text(' ')
  number(start)
  text(' ')
  number(length)
  text(' ' + data + ' -> ')
  number(setBuffer(type, start, length, ascii(data), data.length))
  end()
}

function property(path: string): void {
  const at = out()
  line('get_property ' + path.replaceAll('\0', '.'))
  handed(getProperty(ascii(path), path.length, at, at + 4), at)
}

/** What is asked in every callback. */
function probe(): void {
  for (let type = DOWNSTREAM; type <= UPSTREAM; type++) {
    buffer(type, 0, 100)
    buffer(type, 2, 3)
    buffer(type, 100, 1)
    const at = out()
    line('get_buffer_status ')
    number(type)
    text(' -> ')
    number(getBufferStatus(type, at, at + 4))
    text(' ')
    number(load<u32>(at))
    end()
    status('get_buffer_bytes bad', getBuffer(type, 0, 1, outside(), at))
  }
  property('plugin_name')
  property('plugin_root_id')
  property('plugin_vm_id')
  property('request\0path')
  property('request\0headers\0host')
  property('response\0code')
  property('connection\0mtls')
  property('mine')
  const at = out()
  line('get_header_map_value 0')
  handed(getHeader(0, ascii(':path'), 5, at, at + 4), at)
}

function begins(type: i32, word: string): bool {
  const at = out()
  if (getBuffer(type, 0, word.length, at, at + 4) != 0 || load<u32>(at, 4) != <u32>word.length) return false
  for (let i = 0; i < word.length; i++)
    if (load<u8>(<usize>load<u32>(at) + i) != word.charCodeAt(i)) return false
  return true
}

function data(type: i32): i32 {
  if (begins(type, 'edit')) {
    write(type, 0, 0, '<')
    write(type, 1000, 0, '>')
    write(type, 2, 1, 'middle')
    write(5 - type, 0, 0, 'other')
    if (begins(type, '<edit all')) write(type, 0, 1000, 'replaced')
    buffer(type, 0, 100)
  }
  if (begins(type, 'trap')) unreachable()
  if (begins(type, 'down')) status('close_stream 2', closeStream(2))
  if (begins(type, 'up')) status('close_stream 3', closeStream(3))
  if (begins(type, 'continue')) {
    status('continue_stream 2', continueStream(2))
    return 1
  }
  return begins(type, 'stop') ? 1 : 0
}

export function proxy_on_configure(root: i32, size: i32): i32 {
  const at = out()
  waits = getBuffer(CONFIGURATION, 0, size, at, at + 4) == 0 && load<u32>(at, 4) == 4
  return 1
}

export function proxy_on_context_create(id: i32, parent: i32): void {
  if (parent == 0) return
  called('create')
  probe()
}

export function proxy_on_new_connection(id: i32): i32 {
  called('new connection')
  probe()
  status('set_property', setProperty(ascii('mine'), 4, ascii('yes'), 3))
  status('continue_stream 3', continueStream(3))
  status('continue_stream 4', continueStream(4))
  status('continue_stream 0', continueStream(0))
  status('close_stream 0', closeStream(0))
  status('close_stream 1', closeStream(1))
  status('close_stream 4', closeStream(4))
  status('send_local_response', reply(403, 0, 0, 0, 0, 0, 0, -1))
  if (waits) status('continue_stream 2', continueStream(2))
  return waits ? 1 : 0
}

export function proxy_on_downstream_data(id: i32, size: i32, endOfStream: i32): i32 {
  called('downstream data', size, endOfStream)
  probe()
  return data(DOWNSTREAM)
}

export function proxy_on_upstream_data(id: i32, size: i32, endOfStream: i32): i32 {
  called('upstream data', size, endOfStream)
  probe()
  return data(UPSTREAM)
}

export function proxy_on_downstream_connection_close(id: i32, peer: i32): void {
  called('downstream close', peer)
  probe()
}

export function proxy_on_upstream_connection_close(id: i32, peer: i32): void {
  called('upstream close', peer)
  probe()
}

export function proxy_on_log(id: i32): void {
  called('log')
  probe()
}

export function proxy_on_done(id: i32): i32 {
  called('done')
  return 1
}

export function proxy_on_delete(id: i32): void {
  called('delete')
}
