/** The hostcalls that are probed, under short names. */
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_value")
export declare function getHeader(map: i32, name: usize, nameSize: i32, value: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_get_header_map_pairs")
export declare function getPairs(map: i32, pairs: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_set_header_map_pairs")
export declare function setPairs(map: i32, pairs: usize, size: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_get_header_map_size")
export declare function getSize(map: i32, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_add_header_map_value")
export declare function addHeader(map: i32, name: usize, nameSize: i32, value: usize, valueSize: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_replace_header_map_value")
export declare function replaceHeader(map: i32, name: usize, nameSize: i32, value: usize, valueSize: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_remove_header_map_value")
export declare function removeHeader(map: i32, name: usize, nameSize: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_get_property")
export declare function getProperty(path: usize, pathSize: i32, value: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_set_property")
export declare function setProperty(path: usize, pathSize: i32, value: usize, valueSize: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
export declare function getBuffer(type: i32, start: i32, length: i32, data: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_get_buffer_status")
export declare function getBufferStatus(type: i32, length: usize, flags: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_set_buffer_bytes")
export declare function setBuffer(type: i32, start: i32, length: i32, data: usize, size: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_log")
export declare function log(level: i32, message: usize, size: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_get_log_level")
export declare function getLogLevel(level: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_define_metric")
export declare function defineMetric(type: i32, name: usize, nameSize: i32, id: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_increment_metric")
export declare function incrementMetric(id: i32, offset: i64): i32

// @ts-ignore: decorator
@external("env", "proxy_record_metric")
export declare function recordMetric(id: i32, value: i64): i32

// @ts-ignore: decorator
@external("env", "proxy_get_metric")
export declare function getMetric(id: i32, value: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_get_current_time_nanoseconds")
export declare function currentTime(time: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_get_shared_data")
export declare function getShared(key: usize, keySize: i32, value: usize, size: usize, cas: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_set_shared_data")
export declare function setShared(key: usize, keySize: i32, value: usize, valueSize: i32, cas: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_register_shared_queue")
export declare function registerQueue(name: usize, nameSize: i32, token: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_resolve_shared_queue")
export declare function resolveQueue(
  vmId: usize,
  vmIdSize: i32,
  name: usize,
  nameSize: i32,
  token: usize,
): i32

// @ts-ignore: decorator
@external("env", "proxy_dequeue_shared_queue")
export declare function dequeue(token: i32, data: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_enqueue_shared_queue")
export declare function enqueue(token: i32, data: usize, size: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_send_local_response")
export declare function sendLocalResponse(
  status: i32,
  details: usize,
  detailsSize: i32,
  body: usize,
  bodySize: i32,
  headers: usize,
  headersSize: i32,
  grpcStatus: i32,
): i32

// @ts-ignore: decorator
@external("env", "proxy_done")
export declare function done(): i32

// @ts-ignore: decorator
@external("env", "proxy_set_effective_context")
export declare function setEffectiveContext(id: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_continue_stream")
export declare function continueStream(type: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_close_stream")
export declare function closeStream(type: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_call_foreign_function")
export declare function foreign(
  name: usize,
  nameSize: i32,
  argument: usize,
  argumentSize: i32,
  result: usize,
  resultSize: usize,
): i32

// @ts-ignore: decorator
@external("env", "proxy_http_call")
export declare function httpCall(
  uri: usize,
  uriSize: i32,
  headers: usize,
  headersSize: i32,
  body: usize,
  bodySize: i32,
  trailers: usize,
  trailersSize: i32,
  timeout: i32,
  token: usize,
): i32

// @ts-ignore: decorator
@external("env", "proxy_grpc_call")
export declare function grpcCall(
  service: usize,
  serviceSize: i32,
  name: usize,
  nameSize: i32,
  method: usize,
  methodSize: i32,
  metadata: usize,
  metadataSize: i32,
  request: usize,
  requestSize: i32,
  timeout: i32,
  token: usize,
): i32

// @ts-ignore: decorator
@external("env", "proxy_grpc_stream")
export declare function grpcStream(
  service: usize,
  serviceSize: i32,
  name: usize,
  nameSize: i32,
  method: usize,
  methodSize: i32,
  metadata: usize,
  metadataSize: i32,
  token: usize,
): i32

// @ts-ignore: decorator
@external("env", "proxy_get_status")
export declare function getStatus(code: usize, message: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_grpc_send")
export declare function grpcSend(token: i32, message: usize, size: i32, endOfStream: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_grpc_close")
export declare function grpcClose(token: i32): i32

// @ts-ignore: decorator
@external("env", "proxy_grpc_cancel")
export declare function grpcCancel(token: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function randomGet(buffer: usize, size: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clockTimeGet(id: i32, precision: i64, time: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_sizes_get")
export declare function environSizesGet(count: usize, size: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_get")
export declare function environGet(pointers: usize, texts: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
export declare function fdWrite(fd: i32, iovs: usize, count: i32, written: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
export declare function fdRead(fd: i32, iovs: usize, count: i32, read: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_fdstat_get")
export declare function fdFdstatGet(fd: i32, stat: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_prestat_get")
export declare function fdPrestatGet(fd: i32, stat: usize): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_close")
export declare function fdClose(fd: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
export declare function argsSizesGet(count: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "envoy_resolve_dns")
export declare function resolveDns(name: usize, size: i32, token: usize): i32
