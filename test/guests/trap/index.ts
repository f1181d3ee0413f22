/** Traps where a request says so, and counts its configurations. */
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_value")
declare function getHeader(map: i32, name: usize, nameSize: i32, value: usize, size: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_define_metric")
declare function defineMetric(type: i32, name: usize, nameSize: i32, id: usize): i32

// @ts-ignore: decorator
@external("env", "proxy_increment_metric")
declare function incrementMetric(id: i32, offset: i64): i32

const OUT = memory.data(8)
const TRAP = memory.data<u8>([0x78, 0x2d, 0x74, 0x72, 0x61, 0x70]) // x-trap
const CONFIGURED = memory.data<u8>([0x63, 0x6f, 0x6e, 0x66, 0x69, 0x67, 0x75, 0x72, 0x65, 0x64]) // configured
const HEAP = memory.data(1024)

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return size <= 1024 ? HEAP : 0
}

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_configure(id: i32, size: i32): i32 {
  defineMetric(0, CONFIGURED, 10, OUT)
  incrementMetric(load<u32>(OUT), 1)
  return 1
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  if (getHeader(0, TRAP, 6, OUT, OUT + 4) == 0) unreachable()
  return 0
}
