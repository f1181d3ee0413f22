/** Records the METADATA of HTTP/2 as the conformance guest records: how many entries there are, and that none can be read. */
import { allocate, reset } from '../conformance/arguments'
import { pairs } from '../conformance/probes'
import { end, enter, line, number } from '../conformance/report'

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

function called(phase: string, elements: i32): i32 {
  reset()
  enter(phase)
  line('called ')
  number(elements)
  end()
  for (let map = 0; map < 4; map++) pairs(map)
  return 1
}

function seen(phase: string): i32 {
  enter(phase)
  line('called')
  end()
  return 0
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  return seen('request headers')
}

export function proxy_on_request_metadata(id: i32, elements: i32): i32 {
  return called('request metadata', elements)
}

export function proxy_on_request_body(id: i32, size: i32, endOfStream: i32): i32 {
  return seen('request body')
}

export function proxy_on_response_headers(id: i32, count: i32, endOfStream: i32): i32 {
  return seen('response headers')
}

export function proxy_on_response_metadata(id: i32, elements: i32): i32 {
  return called('response metadata', elements)
}

export function proxy_on_response_body(id: i32, size: i32, endOfStream: i32): i32 {
  return seen('response body')
}

export function proxy_on_delete(id: i32): void {
  enter('delete')
  line('called')
  end()
}
