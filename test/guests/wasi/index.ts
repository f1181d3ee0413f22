/**
 * Every function of WASI that an Envoy registers, with good and with bad arguments, in the first request. ./calls is
 * made by test/conformance/wasi-probes.ts.
 */
import { allocate, reset } from '../conformance/arguments'
import { end, enter, line } from '../conformance/report'
import { probeAll } from './calls'

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

let streams = 0

export function proxy_on_context_create(id: i32, parent: i32): void {
  if (parent == 0) return
  called('stream create')
  streams++
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  if (streams > 1) return 0
  enter('request headers')
  probeAll()
  proc_exit(1)
  called('after proc_exit')
  return 0
}

export function proxy_on_delete(id: i32): void {
  called('delete')
}

function called(phase: string): void {
  reset()
  enter(phase)
  line('called')
  end()
}
