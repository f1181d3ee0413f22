/**
 * Every function of WASI, under both of its names, and what of `env` few filters call. The record says what came back.
 * ./calls is made of the host's table of imports, by test/conformance/wasi-calls.ts.
 */
import { allocate, reset } from '../conformance/arguments'
import { end, enter, line } from '../conformance/report'
import { answer } from './answer'
import { callAll } from './calls'

// @ts-ignore: decorator
@external("env", "proxy_set_tick_period_milliseconds")
declare function proxy_set_tick_period_milliseconds(a: i32): i32

// @ts-ignore: decorator
@external("env", "pthread_equal")
declare function pthread_equal(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("env", "emscripten_notify_memory_growth")
declare function emscripten_notify_memory_growth(a: i32): void

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

function everything(phase: string): void {
  reset()
  enter(phase)
  line('called')
  end()
  withAll(0, 0)
  withAll(1, 0)
  withAll(3, 0)
  withAll(-1, -1)
  proxy_set_tick_period_milliseconds(0)
  emscripten_notify_memory_growth(0)
}

/** Calls everything with a first argument, which often is a descriptor, and others that are all the same. */
function withAll(first: i32, rest: i32): void {
  answer('env.pthread_equal', first, pthread_equal(first, rest))
  callAll(first, rest)
}

export function proxy_on_vm_start(id: i32, size: i32): i32 {
  everything('vm start')
  return 1
}

/** The first requests say enough. */
const MOST = 2
let streams = 0

export function proxy_on_context_create(id: i32, parent: i32): void {
  if (parent == 0) return
  enter('stream create')
  line('called')
  end()
  streams++
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  if (streams <= MOST) everything('request headers')
  return 0
}

export function proxy_on_delete(id: i32): void {
  if (streams <= MOST) everything('delete')
  else {
    enter('delete')
    line('called')
    end()
  }
}
