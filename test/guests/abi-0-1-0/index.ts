/** What ABI 0.1.0 has of its own, recorded as the conformance guest records. */
import { allocate, ascii, out, outside, reset } from '../conformance/arguments'
import { handed } from '../conformance/probes'
import { end, enter, line, status } from '../conformance/report'
import { getHeader } from '../conformance/imports'

// @ts-ignore: decorator
@external("env", "proxy_get_configuration")
declare function getConfiguration(configuration: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_continue_request")
declare function continueRequest(): i32

// @ts-ignore: decorator
@external("env", "proxy_continue_response")
declare function continueResponse(): i32

// @ts-ignore: decorator
@external("env", "proxy_clear_route_cache")
declare function clearRouteCache(): i32

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_1_0(): void {}

function probe(name: string): void {
  reset()
  enter(name)
  line('called')
  end()
  const at = out()
  line('get_configuration')
  handed(getConfiguration(at, at + 4), at)
  status('get_configuration bad', getConfiguration(outside(), at))
  header('x-t-absent')
  header('x-t-empty')
  header('cookie')
  status('clear_route_cache', clearRouteCache())
}

function header(name: string): void {
  const at = out()
  line('get_header_map_value ' + name)
  handed(getHeader(0, ascii(name), name.length, at, at + 4), at)
}

export function proxy_on_context_create(id: i32, parent: i32): void {
  probe(parent == 0 ? 'root create' : 'stream create')
}

export function proxy_on_vm_start(id: i32, size: i32): i32 {
  probe('vm start')
  status('continue_request', continueRequest())
  status('continue_response', continueResponse())
  return 1
}

export function proxy_on_configure(id: i32, size: i32): i32 {
  probe('configure')
  return 1
}

export function proxy_on_request_headers(id: i32, headers: i32): i32 {
  probe('request headers')
  return 0
}

export function proxy_on_response_headers(id: i32, headers: i32): i32 {
  probe('response headers')
  return 0
}

export function proxy_on_log(id: i32): void {
  probe('log')
}

export function proxy_on_delete(id: i32): void {
  probe('delete')
}
