/**
 * Counters live in the VM and go to the host on a tick, so that a request pays no hostcall for them.
 *
 * Roots with the same `observe.instance` share one ledger, since the host's metrics are shared by name anyway; and a
 * ledger outlives its roots, since the host gives a new id at every definition and never takes one back.
 *
 *     ledger  | next u32 | name length u32 | name 16 bytes | gauge id u32 | ids u32[COUNTERS] | counts u32[COUNTERS] |
 *
 * A metric's name is `wasm_filter.<instance>.mooring_<its own>`: stock Istio turns the middle segment into the
 * label `wasm_filter`.
 */
import { ascii } from '../bytes/literal'
import {
  proxy_define_metric,
  proxy_increment_metric,
  proxy_record_metric,
} from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { heapAlloc } from '../bytes/heap'
import { Slice, equals, lenOf, ptrOf, slice } from '../bytes/slice'
import { writer } from '../bytes/writer'
import { MetricType, Status } from './abi'
import { OUT } from './out'
import { COUNTERS, Counter, counterName } from './counter'

// @ts-ignore: decorator
@inline
const NAME_OFFSET: usize = 8

// @ts-ignore: decorator
@inline
const LONGEST_INSTANCE: u32 = 16

// @ts-ignore: decorator
@inline
const GAUGE_OFFSET: usize = 24

// @ts-ignore: decorator
@inline
const IDS_OFFSET: usize = 28

// @ts-ignore: decorator
@inline
const COUNTS_OFFSET: usize = 28 + 4 * COUNTERS

// @ts-ignore: decorator
@inline
const LEDGER_BYTES: u32 = 28 + 8 * COUNTERS

// No metric: the host refused to define it. Ids of Envoy are small multiples of 4 with a type in the low bits.
// @ts-ignore: decorator
@inline
const UNDEFINED: u32 = 0xffffffff

// A VM sees a handful of instances; a configuration that comes in ever new names is refused in the end.
// @ts-ignore: decorator
@inline
const MOST_LEDGERS: u32 = 256

let ledgers: usize = 0
let ledgerCount: u32 = 0
let current: usize = 0

const nameText: usize = memory.data(96)

/** The ledger of `instance`, made if there is none. 0 if there is no room. Only in the configure callback. */
export function ledgerOf(instance: Slice): usize {
  if (lenOf(instance) > LONGEST_INSTANCE) return 0
  for (let ledger = ledgers; ledger != 0; ledger = <usize>load<u32>(ledger)) {
    if (equals(slice(ledger + NAME_OFFSET, load<u32>(ledger, 4)), instance)) return ledger
  }
  if (ledgerCount == MOST_LEDGERS) return 0
  const ledger = heapAlloc(LEDGER_BYTES)
  if (ledger == 0) return 0
  memory.fill(ledger, 0, LEDGER_BYTES)
  store<u32>(ledger, <u32>ledgers)
  store<u32>(ledger, lenOf(instance), 4)
  store<u32>(ledger, UNDEFINED, GAUGE_OFFSET)
  memory.copy(ledger + NAME_OFFSET, ptrOf(instance), lenOf(instance))
  for (let i: u32 = 0; i < COUNTERS; i++) {
    store<u32>(ledger + (i << 2), define(MetricType.Counter, instance, counterName(<Counter>i)), IDS_OFFSET)
  }
  ledgers = ledger
  ledgerCount++
  return ledger
}

/** The ledger that `count` writes to, until the next call: that of the root whose callback this is. */
export function useLedger(ledger: usize): void {
  current = ledger
}

export function count(counter: Counter): void {
  if (current == 0) return
  const at = current + ((<usize>counter) << 2)
  store<u32>(at, load<u32>(at, COUNTS_OFFSET) + 1, COUNTS_OFFSET)
}

/** Hands to the host what was counted since. What it refuses stays for the next time. */
export function flush(ledger: usize): void {
  if (ledger == 0) return
  for (let i: u32 = 0; i < COUNTERS; i++) {
    const at = ledger + (i << 2)
    const counted = load<u32>(at, COUNTS_OFFSET)
    const id = load<u32>(at, IDS_OFFSET)
    if (counted == 0 || id == UNDEFINED) continue
    if (proxy_increment_metric(id, <i64>counted) == Status.Ok) store<u32>(at, 0, COUNTS_OFFSET)
  }
}

/**
 * Sets the gauge of signing keys without a secret. It is defined once a configuration `signs`, and is 0 from then on
 * where none does: what is no longer there is not missing. Only in the configure callback.
 */
export function recordMissingKeys(ledger: usize, signs: bool, keys: u32): void {
  let id = load<u32>(ledger, GAUGE_OFFSET)
  if (id == UNDEFINED) {
    if (!signs) return
    const instance = slice(ledger + NAME_OFFSET, load<u32>(ledger, 4))
    id = define(MetricType.Gauge, instance, ascii('signing_keys_missing'))
    store<u32>(ledger, id, GAUGE_OFFSET)
  }
  if (id != UNDEFINED) proxy_record_metric(id, <u64>keys)
}

function define(type: MetricType, instance: Slice, metric: Slice): u32 {
  writer.open(nameText, 96)
  writer.bytes(ascii('wasm_filter.'))
  writer.bytes(instance)
  writer.bytes(ascii('.mooring_'))
  writer.bytes(metric)
  const name = writer.result
  const status = proxy_define_metric(type, ptrOf(name), lenOf(name), OUT)
  return status == Status.Ok ? load<u32>(OUT) : UNDEFINED
}
