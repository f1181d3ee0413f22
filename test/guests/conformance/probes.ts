/** What is asked in every phase. Each probe writes one line or more. */
import { allocate, ascii, out, outside } from './arguments'
import { bytes, end, line, number, status, text } from './report'
import * as host from './imports'

/** ` -> status`, and what a hostcall has handed over: its bytes, `null`, or `untouched`. */
export function handed(result: i32, at: usize): void {
  text(' -> ')
  number(result)
  text(' ')
  const pointer = load<u32>(at)
  const size = load<u32>(at, 4)
  if (pointer == 0x3f3f3f3f && size == 0x3f3f3f3f) text('untouched')
  else if (pointer == 0) text('null')
  else bytes(pointer, size)
  end()
}

export function header(map: i32, name: string): void {
  const at = out()
  line('get_header_map_value ')
  number(map)
  text(' ' + name)
  handed(host.getHeader(map, ascii(name), name.length, at, at + 4), at)
}

export function property(path: string): void {
  const at = out()
  line('get_property ' + path)
  handed(host.getProperty(ascii(path), path.length, at, at + 4), at)
}

/** The entries whose names begin with `x-t`, `cookie` or `user-agent`, in their order. */
export function pairs(map: i32): void {
  const at = out()
  line('get_header_map_pairs ')
  number(map)
  const result = host.getPairs(map, at, at + 4)
  const address = load<u32>(at)
  if (result != 0 || address == 0) {
    handed(result, at)
    return
  }
  text(' -> 0')
  const count = <i32>load<u32>(address)
  let name: usize = address + 4 + count * 8
  for (let i = 0; i < count; i++) {
    const nameSize = <i32>load<u32>(address + 4 + i * 8)
    const valueSize = <i32>load<u32>(address + 8 + i * 8)
    if (isProbed(name, nameSize)) {
      text(' ')
      bytes(name, nameSize)
      text('=')
      bytes(name + nameSize + 1, valueSize)
    }
    name += nameSize + valueSize + 2
  }
  end()
}

/** Whether the scenario has sent it: what proxies and servers add is another matter. */
function isProbed(name: usize, size: i32): bool {
  if (size < 4) return false
  const start = load<u32>(name) & 0xffffff
  return start == 0x6f6f63 /* coo */ || start == 0x742d78 /* x-t */ || start == 0x657375 /* use */
}

export function maps(): void {
  for (let map = 0; map <= 8; map++) {
    header(map, 'cookie')
    pairs(map)
    line('get_header_map_size ')
    number(map)
    text(' -> ')
    number(host.getSize(map, out()))
    end()
  }
  header(0, 'COOKIE')
  header(0, 'host')
  header(0, ':authority')
  header(0, 'x-t-empty')
  header(0, 'x-t-absent')
  header(0, 'user-agent')
  header(2, ':status')
  header(2, 'x-t-up')
}

/** Writes, and reads back what became of them. */
export function writes(map: i32): void {
  const name = ascii('x-t-new')
  const value = ascii('v1')
  line('writes ')
  number(map)
  text(' -> ')
  number(host.addHeader(map, name, 7, value, 2))
  text(' ')
  number(host.addHeader(map, name, 7, value, 1))
  text(' ')
  number(host.addHeader(map, ascii('User-Agent'), 10, value, 2))
  text(' ')
  number(host.replaceHeader(map, ascii('COOKIE'), 6, ascii('z=9'), 3))
  text(' ')
  number(host.removeHeader(map, ascii('x-t-gone'), 8))
  text(' ')
  number(host.removeHeader(map, ascii('x-t-never'), 9))
  end()
  pairs(map)
}

/** Replaces a whole map: names in any case, repeated ones, and a header of which Envoy keeps one entry. */
export function wholeMap(map: i32): void {
  const at = allocate(256)
  let size = 4
  store<u32>(at, 5)
  size = pair(at, 0, 5, size, ':status', '200')
  size = pair(at, 1, 5, size, 'x-t-b', '2')
  size = pair(at, 2, 5, size, 'X-T-A', '1')
  size = pair(at, 3, 5, size, 'x-t-b', '')
  size = pair(at, 4, 5, size, 'content-type', 'a/b')
  status('set_header_map_pairs', host.setPairs(map, at, size))
  pairs(map)
  host.addHeader(map, ascii('Content-Type'), 12, ascii('c/d'), 3)
  host.addHeader(map, ascii('content-type'), 12, 0, 0)
  host.replaceHeader(map, ascii(':status'), 7, ascii('201'), 3)
  header(map, 'content-type')
  header(map, ':status')
  header(map, 'x-t-b')
  pairs(map)
}

/** Writes one of `count` pairs; `size` is 4 before the first. The new size of all. */
export function pair(at: usize, index: i32, count: i32, size: i32, name: string, value: string): i32 {
  if (index == 0) size += count * 8
  store<u32>(at + 4 + index * 8, name.length)
  store<u32>(at + 8 + index * 8, value.length)
  memory.copy(at + size, ascii(name), name.length)
  store<u8>(at + size + name.length, 0)
  memory.copy(at + size + name.length + 1, ascii(value), value.length)
  store<u8>(at + size + name.length + 1 + value.length, 0)
  return size + name.length + value.length + 2
}

export function sharing(): void {
  const key = ascii('key')
  const at = out()
  status('set_shared_data', host.setShared(key, 3, ascii('one'), 3, 0))
  status('set_shared_data stale', host.setShared(key, 3, ascii('two'), 3, 0x7fffffff))
  line('get_shared_data')
  handed(host.getShared(key, 3, at, at + 4, allocate(4)), at)
  status('set_shared_data new key, any cas', host.setShared(ascii('other'), 5, 0, 0, 77))
  const token = allocate(4)
  status('register_shared_queue', host.registerQueue(ascii('queue'), 5, token))
  const found = allocate(4)
  status('resolve_shared_queue', host.resolveQueue(ascii('vm'), 2, ascii('queue'), 5, found))
  status('resolve_shared_queue same token', <i32>(load<u32>(token) == load<u32>(found)))
  status('enqueue_shared_queue', host.enqueue(load<u32>(token), ascii('item'), 4))
  const item = out()
  line('dequeue_shared_queue')
  handed(host.dequeue(load<u32>(token), item, item + 4), item)
  const none = out()
  line('dequeue_shared_queue empty')
  handed(host.dequeue(load<u32>(token), none, none + 4), none)
}

export function badPointers(): void {
  const bad = outside()
  const name = ascii('cookie')
  const at = out()
  status('get_header_map_value bad key', host.getHeader(0, bad, 1, at, at + 4))
  status('get_header_map_value bad type and key', host.getHeader(9, bad, 1, at, at + 4))
  status('get_header_map_value empty key at the end', host.getHeader(1, bad, 0, at, at + 4))
  status('get_header_map_value empty key beyond the end', host.getHeader(1, bad + 1, 0, at, at + 4))
  status('get_header_map_value bad out', host.getHeader(0, name, 6, bad, at))
  status('get_header_map_value half bad out', host.getHeader(0, name, 6, at, bad - 3))
  status('add_header_map_value bad value', host.addHeader(0, name, 6, bad, 1))
  status('add_header_map_value bad value, no map', host.addHeader(4, name, 6, bad, 1))
  status('set_header_map_pairs bad', host.setPairs(1, bad, 1))
  status('get_header_map_pairs bad type', host.getPairs(9, bad, bad))
  status('get_property bad path', host.getProperty(bad, 1, at, at + 4))
  status('get_property empty path', host.getProperty(name, 0, at, at + 4))
  status('get_property bad out', host.getProperty(ascii('plugin_root_id'), 14, bad, at))
  status('set_property bad value', host.setProperty(name, 6, bad, 1))
  status('get_buffer_bytes bad out', host.getBuffer(6, 0, 2, bad, bad))
  status('get_buffer_bytes bad type', host.getBuffer(9, 0, 2, bad, bad))
  status('log bad level', host.log(6, bad, 1))
  status('log bad message', host.log(0, bad, 1))
  status('define_metric bad type and name', host.defineMetric(9, bad, 1, at))
  status('define_metric bad type', host.defineMetric(9, name, 6, at))
  status('define_metric bad out', host.defineMetric(0, name, 6, bad))
  status('get_current_time bad', host.currentTime(bad - 7))
  status('set_shared_data bad', host.setShared(name, 6, bad, 1, 0))
  status('send_local_response bad', host.sendLocalResponse(418, 0, 0, bad, 1, 0, 0, -1))
  status('call_foreign_function bad name', host.foreign(bad, 1, 0, 0, 0, 0))
}

export function buffers(): void {
  for (let type = 0; type <= 9; type++) {
    if (type == 8) continue // CallData is whatever was asked for last.
    const at = out()
    line('get_buffer_bytes ')
    number(type)
    handed(host.getBuffer(type, 0, 100, at, at + 4), at)
    const sizes = out()
    line('get_buffer_status ')
    number(type)
    text(' -> ')
    number(host.getBufferStatus(type, sizes, sizes + 4))
    text(' ')
    number(load<u32>(sizes))
    end()
  }
  const at = out()
  line('get_buffer_bytes from 3')
  handed(host.getBuffer(6, 3, 2, at, at + 4), at)
  const beyond = out()
  line('get_buffer_bytes beyond')
  handed(host.getBuffer(6, 99, 2, beyond, beyond + 4), beyond)
  status('set_buffer_bytes 6', host.setBuffer(6, 0, 0, ascii('x'), 1))
}

export function properties(): void {
  property('plugin_name')
  property('plugin_root_id')
  property('plugin_vm_id')
  property('plugin_root_id\0x')
  property('plugin_root_id\0')
  property('no_such')
  property('request\0headers\0cookie')
  property('request\0headers\0x-t-empty')
  property('request\0headers\0x-t-absent')
  property('request\0path')
  property('request\0url_path')
  property('request\0query')
  property('request\0host')
  property('request\0method')
  property('request\0referer')
  property('request\0useragent')
  property('request\0no_such')
  property('response\0code')
  property('response\0code_details')
  property('response\0headers\0x-t-up')
  property('response\0no_such')
  property('upstream\0no_such')
  property('metadata\0filter_metadata\0absent')
  property('mark')
  property('filter_state\0wasm.mark')
  property('a\0b')
  property('xds\0no_such')
  property('xds\0cluster_name')
  property('xds\0node\0metadata\0NAMESPACE')
  property('xds\0node\0metadata\0ABSENT')
  property('xds\0node\0metadata\0NULL')
}

export function filterState(): void {
  const at = allocate(16)
  status('declare_property', declare(at))
  status('declare_property again', declare(at))
  status(
    'declare_property no protobuf',
    host.foreign(ascii('declare_property'), 16, ascii('\x0a\x7f'), 2, 0, 0),
  )
  status('set_property', host.setProperty(ascii('mark'), 4, ascii('first'), 5))
  status('set_property again', host.setProperty(ascii('mark'), 4, ascii('other'), 5))
  status('set_property empty name', host.setProperty(0, 0, ascii('x'), 1))
  status('set_property with NUL', host.setProperty(ascii('a\0b'), 3, ascii('x'), 1))
  property('mark')
}

/** DeclarePropertyArguments { name: "mark", readonly: true } */
function declare(at: usize): i32 {
  memory.copy(at, ascii('\x0a\x04mark\x10\x01'), 8)
  return host.foreign(ascii('declare_property'), 16, at, 8, 0, 0)
}

export function services(): void {
  const at = out()
  line('get_log_level -> ')
  number(host.getLogLevel(at))
  text(' ')
  number(load<u32>(at))
  end()
  for (let type = 0; type <= 3; type++) metric(type)
  status('increment_metric unknown', host.incrementMetric(400, 1))
  status('increment_metric histogram id', host.incrementMetric(402, 1))
  status('increment_metric type 3', host.incrementMetric(403, 1))
  status('record_metric unknown', host.recordMetric(400, 1))
  status('record_metric type 3', host.recordMetric(403, 1))
  status('get_metric unknown', host.getMetric(400, at))
  status('get_metric type 3', host.getMetric(403, at))
  status('get_shared_data absent', host.getShared(ascii('absent'), 6, at, at + 4, at))
  status('resolve_shared_queue absent', host.resolveQueue(0, 0, ascii('q'), 1, at))
  status('dequeue_shared_queue unknown', host.dequeue(999, at, at + 4))
  status('enqueue_shared_queue unknown', host.enqueue(999, 0, 0))
  status('done', host.done())
  status('set_effective_context unknown', host.setEffectiveContext(99999))
  status('set_effective_context 0', host.setEffectiveContext(0))
  status('continue_stream 3', host.continueStream(3))
  status('continue_stream 4', host.continueStream(4))
  status('close_stream 4', host.closeStream(4))
  const foreign = out()
  line('call_foreign_function unknown')
  handed(host.foreign(ascii('no_such'), 7, 0, 0, foreign, foreign + 4), foreign)
  const cleared = out()
  line('call_foreign_function clear_route_cache')
  handed(host.foreign(ascii('clear_route_cache'), 17, 0, 0, cleared, cleared + 4), cleared)
  status(
    'set_envoy_filter_state no factory',
    host.foreign(ascii('set_envoy_filter_state'), 22, ascii('\x0a\x01x'), 3, 0, 0),
  )
  callouts()
}

function metric(type: i32): void {
  const at = out()
  line('metric ')
  number(type)
  text(' -> ')
  const name = ascii('probe_0')
  store<u8>(name + 6, 0x30 + type)
  number(host.defineMetric(type, name, 7, at))
  const id = load<u32>(at)
  text(' type ')
  number(type < 3 ? id & 3 : -1)
  text(' ')
  number(host.incrementMetric(id, 2))
  text(' ')
  number(host.incrementMetric(id, 0))
  text(' ')
  number(host.incrementMetric(id, -1))
  text(' ')
  number(host.recordMetric(id, 7))
  text(' ')
  number(host.getMetric(id, allocate(8)))
  end()
}

function callouts(): void {
  const at = out()
  line('http_call unknown cluster -> ')
  number(host.httpCall(ascii('nowhere'), 7, 0, 0, 0, 0, 0, 0, 1000, at))
  text(' ')
  number(load<u32>(at))
  end()
  const token = out()
  line('grpc_call unknown cluster -> ')
  number(host.grpcCall(ascii('nowhere'), 7, 0, 0, 0, 0, 0, 0, 0, 0, 1000, token))
  text(' ')
  number(load<u32>(token))
  end()
  status('grpc_send HTTP call', host.grpcSend(400, 0, 0, 0))
  status('grpc_close HTTP call', host.grpcClose(400))
  status('grpc_send unknown stream', host.grpcSend(402, 0, 0, 0))
  status('grpc_send call', host.grpcSend(401, 0, 0, 0))
  status('grpc_close unknown', host.grpcClose(402))
  status('grpc_close unknown call', host.grpcClose(401))
  status('grpc_cancel unknown', host.grpcCancel(402))
}

export function wasi(): void {
  const at = allocate(64)
  const bad = outside()
  status('random_get', host.randomGet(at, 8))
  status('random_get none', host.randomGet(bad, 0))
  status('random_get too many', host.randomGet(at, 65537))
  status('random_get bad', host.randomGet(bad - 1, 2))
  status('clock_time_get 0', host.clockTimeGet(0, 0, at))
  status('clock_time_get 1', host.clockTimeGet(1, 0, at))
  status('clock_time_get 2', host.clockTimeGet(2, 0, at))
  status('clock_time_get bad', host.clockTimeGet(0, 0, bad - 7))
  const sizes = out()
  line('environ_sizes_get -> ')
  number(host.environSizesGet(sizes, sizes + 4))
  text(' ')
  number(load<u32>(sizes))
  text(' ')
  number(load<u32>(sizes, 4))
  end()
  const environment = allocate(64)
  line('environ_get -> ')
  number(host.environGet(at, environment))
  text(' ')
  bytes(load<u32>(at), 8)
  end()
  status('environ_get bad', host.environGet(at, bad - 1))
  store<u32>(at, <u32>ascii('out\n'))
  store<u32>(at, 4, 4)
  line('fd_write 1 -> ')
  number(host.fdWrite(1, at, 1, sizes))
  text(' ')
  number(load<u32>(sizes))
  end()
  status('fd_write 3', host.fdWrite(3, at, 1, sizes))
  status('fd_write bad', host.fdWrite(1, bad, 1, sizes))
  status('fd_read', host.fdRead(0, at, 0, sizes))
  status('fd_fdstat_get 0', host.fdFdstatGet(0, at))
  status('fd_fdstat_get 1', host.fdFdstatGet(1, at))
  status('fd_prestat_get', host.fdPrestatGet(3, at))
  status('fd_close', host.fdClose(3))
  status('args_sizes_get', host.argsSizesGet(at, at + 4))
}
