/** Properties: what Envoy knows of the connection, the request and other filters' metadata. */
import { proxy_get_property, proxy_set_property } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { ABSENT, Slice, UNREADABLE, lenOf, ptrOf } from '../bytes/slice'
import { Status } from './abi'
import { OUT, OUT_LENGTH, outSlice } from './out'

/**
 * The value at `path`, whose segments one NUL separates. ABSENT if Envoy knows none; UNREADABLE if it does but
 * cannot hand it over (a null, or a container with a null in it, or one that is too large).
 */
export function readProperty(path: Slice): Slice {
  const status = proxy_get_property(ptrOf(path), lenOf(path), OUT, OUT + OUT_LENGTH)
  if (status == Status.Ok) return outSlice()
  return status == Status.NotFound ? ABSENT : UNREADABLE
}

/** Sets a property of the stream, which every filter can read until the stream ends. False if the host refuses. */
export function writeProperty(name: Slice, value: Slice): bool {
  return proxy_set_property(ptrOf(name), lenOf(name), ptrOf(value), lenOf(value)) == Status.Ok
}
