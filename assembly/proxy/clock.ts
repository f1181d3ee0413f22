/**
 * The wall clock, read once a second. Sessions live for minutes, and their times may be a minute apart anyway: that is
 * worth less than a hostcall with each request.
 */
import { proxy_get_current_time_nanoseconds } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { Status } from './abi'
import { OUT } from './out'

// @ts-ignore: decorator
@inline
const NANOSECONDS: u64 = 1_000_000_000

/** Seconds since 1970 at the last `readClock`; 0 as long as the host has told none. */
export let now: i64 = 0

/** To be called when a root is configured, and with each of its ticks. What the host refuses leaves `now` as it is. */
export function readClock(): void {
  if (proxy_get_current_time_nanoseconds(OUT) == Status.Ok) now = <i64>(load<u64>(OUT) / NANOSECONDS)
}
