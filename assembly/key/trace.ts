/**
 * What was tried for the current request's key, in order, for those who may ask: kinds and outcomes, never a value.
 *
 *     | kind u8 | outcome u8 | ...      one pair for each source that is no combination, at most 16
 */
import { SourceKind } from '../config/policy'

/** A configuration has no more sources in one list. */
// @ts-ignore: decorator
@inline
const MOST_LEAVES: u32 = 16

/** Bytes of the longest trace. */
// @ts-ignore: decorator
@inline
export const TRACE_BYTES: u32 = 2 * MOST_LEAVES

/** The outcome of a source that yielded its value; of others it is the counter that says why not. */
// @ts-ignore: decorator
@inline
export const YIELDED: u8 = 0xff

export const trace: usize = memory.data(TRACE_BYTES)
/** Bytes of the trace so far. */
export let traceLength: u32 = 0

export function startTrace(): void {
  traceLength = 0
}

/** `outcome` is YIELDED, or the Counter of why the source yields nothing. */
// @ts-ignore: decorator
@inline
export function traceLeaf(kind: SourceKind, outcome: u8): void {
  if (traceLength == TRACE_BYTES) return
  store<u8>(trace + traceLength, <u8>kind)
  store<u8>(trace + traceLength, outcome, 1)
  traceLength += 2
}
