/** The hostcalls that the gateway's test filter makes, over strings. */

// prettier-ignore
@external('env', 'proxy_get_buffer_bytes')
declare function getBufferBytes(type: i32, start: i32, length: i32, pointer: usize, size: usize): i32
// prettier-ignore
@external('env', 'proxy_set_buffer_bytes')
declare function setBufferBytes(type: i32, start: i32, length: i32, data: usize, size: i32): i32
// prettier-ignore
@external('env', 'proxy_get_header_map_value')
declare function getHeaderMapValue(type: i32, key: usize, keySize: i32, pointer: usize, size: usize): i32
// prettier-ignore
@external('env', 'proxy_add_header_map_value')
declare function addHeaderMapValue(type: i32, key: usize, keySize: i32, value: usize, valueSize: i32): i32
// prettier-ignore
@external('env', 'proxy_replace_header_map_value')
declare function replaceHeaderMapValue(type: i32, key: usize, keySize: i32, value: usize, valueSize: i32): i32
// prettier-ignore
@external('env', 'proxy_remove_header_map_value')
declare function removeHeaderMapValue(type: i32, key: usize, keySize: i32): i32
// prettier-ignore
@external('env', 'proxy_get_property')
declare function getProperty(path: usize, pathSize: i32, pointer: usize, size: usize): i32
// prettier-ignore
@external('env', 'proxy_send_local_response')
declare function sendLocalResponse(
  code: i32, details: usize, detailsSize: i32, body: usize, bodySize: i32, headers: usize, headersSize: i32, grpc: i32,
): i32
// prettier-ignore
@external('env', 'proxy_close_stream')
declare function hostCloseStream(type: i32): i32
// prettier-ignore
@external('env', 'proxy_set_tick_period_milliseconds')
declare function setTickPeriod(milliseconds: i32): i32
// prettier-ignore
@external('env', 'proxy_define_metric')
declare function defineMetric(type: i32, name: usize, nameSize: i32, id: usize): i32
// prettier-ignore
@external('env', 'proxy_increment_metric')
declare function incrementMetric(id: i32, offset: i64): i32
// prettier-ignore
@external('env', 'proxy_log')
declare function hostLog(level: i32, message: usize, size: i32): i32

const INFO: i32 = 2

/** Two words that the host writes: a pointer and a size. */
const out: usize = memory.data(8)

export function buffer(type: i32, size: i32): string {
  return handed(getBufferBytes(type, 0, size, out, out + 4))
}

export function append(type: i32, end: i32, text: string): void {
  const bytes = String.UTF8.encode(text)
  setBufferBytes(type, end, 0, at(bytes), bytes.byteLength)
}

export function get(map: i32, name: string): string {
  const key = String.UTF8.encode(name)
  return handed(getHeaderMapValue(map, at(key), key.byteLength, out, out + 4))
}

export function add(map: i32, name: string, text: string): void {
  const key = String.UTF8.encode(name)
  const value = String.UTF8.encode(text)
  addHeaderMapValue(map, at(key), key.byteLength, at(value), value.byteLength)
}

export function replace(map: i32, name: string, text: string): void {
  const key = String.UTF8.encode(name)
  const value = String.UTF8.encode(text)
  replaceHeaderMapValue(map, at(key), key.byteLength, at(value), value.byteLength)
}

export function remove(map: i32, name: string): void {
  const key = String.UTF8.encode(name)
  removeHeaderMapValue(map, at(key), key.byteLength)
}

/** A property as text; `-` where the host has none. */
export function property(path: string): string {
  const bytes = String.UTF8.encode(path)
  const status = getProperty(at(bytes), bytes.byteLength, out, out + 4)
  return status == 0 ? handed(status) : '-'
}

export function reply(status: i32, reason: string, text: string): void {
  const details = String.UTF8.encode(reason)
  const body = String.UTF8.encode(text)
  sendLocalResponse(status, at(details), details.byteLength, at(body), body.byteLength, 0, 0, -1)
}

export function closeStream(type: i32): void {
  hostCloseStream(type)
}

export function tickEvery(milliseconds: i32): void {
  setTickPeriod(milliseconds)
}

export function count(type: i32, name: string): void {
  const bytes = String.UTF8.encode(name)
  if (defineMetric(type, at(bytes), bytes.byteLength, out) == 0) incrementMetric(load<i32>(out), 1)
}

export function log(text: string): void {
  const message = String.UTF8.encode(text)
  hostLog(INFO, at(message), message.byteLength)
}

function at(bytes: ArrayBuffer): usize {
  return changetype<usize>(bytes)
}

function handed(status: i32): string {
  return status == 0 ? String.UTF8.decodeUnsafe(load<usize>(out), load<usize>(out + 4)) : ''
}
