/** Shared data: values that all VMs of one proxy see, over all workers, if their `vm_id` is the same. Istio sets none. */
import { proxy_get_shared_data, proxy_set_shared_data } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { ABSENT, Slice, UNREADABLE, lenOf, ptrOf } from '../bytes/slice'
import { Status } from './abi'
import { OUT, OUT_LENGTH, outSlice } from './out'

// The host gives none of this number, so a value that was not there at the last read, but is now, is not replaced.
// @ts-ignore: decorator
@inline
const NO_VERSION: u32 = 0xffffffff

const version: usize = memory.data(4, 4)

/** The value under `key`; ABSENT if there is none, UNREADABLE if the host refuses. */
export function readSharedData(key: Slice): Slice {
  store<u32>(version, NO_VERSION)
  const status = proxy_get_shared_data(ptrOf(key), lenOf(key), OUT, OUT + OUT_LENGTH, version)
  if (status == Status.Ok) return outSlice()
  return status == Status.NotFound ? ABSENT : UNREADABLE
}

/** Replaces what the last read, which was of `key`, has found, unless somebody else has done so since. */
export function replaceSharedData(key: Slice, value: Slice): void {
  proxy_set_shared_data(ptrOf(key), lenOf(key), ptrOf(value), lenOf(value), load<u32>(version))
}
