/**
 * Reading and writing single headers.
 *
 * Envoy checks nothing that a filter writes: CR or LF in a response header goes out raw. So every value passes one
 * gate here, and there is no other way to write one.
 */
import {
  proxy_add_header_map_value,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
} from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { ABSENT, Slice, UNREADABLE, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { isFieldValue } from '../http/field-value'
import { HeaderMapType, Status } from './abi'
import { OUT, OUT_LENGTH, outSlice } from './out'

/** The first entry of that name: Envoy shows a filter no other this way. ABSENT, UNREADABLE, or its bytes. */
// @ts-ignore: decorator
@inline
export function readRequestHeader(name: Slice): Slice {
  return readHeader(HeaderMapType.RequestHeaders, name)
}

/** As `readRequestHeader`, in the answer. */
export function readResponseHeader(name: Slice): Slice {
  return readHeader(HeaderMapType.ResponseHeaders, name)
}

function readHeader(map: HeaderMapType, name: Slice): Slice {
  const status = proxy_get_header_map_value(map, ptrOf(name), lenOf(name), OUT, OUT + OUT_LENGTH)
  if (status == Status.Ok) return outSlice()
  return status == Status.NotFound ? ABSENT : UNREADABLE
}

/** Removes every entry of that name and appends one. False if the value or the host refuses; nothing is written then. */
// @ts-ignore: decorator
@inline
export function replaceRequestHeader(name: Slice, value: Slice): bool {
  return replaceHeader(HeaderMapType.RequestHeaders, name, value)
}

/** As `replaceRequestHeader`, in the answer. */
// @ts-ignore: decorator
@inline
export function replaceResponseHeader(name: Slice, value: Slice): bool {
  return replaceHeader(HeaderMapType.ResponseHeaders, name, value)
}

function replaceHeader(map: HeaderMapType, name: Slice, value: Slice): bool {
  if (!isPresent(value) || !isFieldValue(value)) return false
  return (
    proxy_replace_header_map_value(map, ptrOf(name), lenOf(name), ptrOf(value), lenOf(value)) == Status.Ok
  )
}

/** Removes every entry of that name. True also if there was none. */
// @ts-ignore: decorator
@inline
export function removeRequestHeader(name: Slice): bool {
  return removeHeader(HeaderMapType.RequestHeaders, name)
}

/** As `removeRequestHeader`, in the answer. */
export function removeResponseHeader(name: Slice): bool {
  return removeHeader(HeaderMapType.ResponseHeaders, name)
}

function removeHeader(map: HeaderMapType, name: Slice): bool {
  return proxy_remove_header_map_value(map, ptrOf(name), lenOf(name)) == Status.Ok
}

/** Adds one entry beside those of that name. False if the value or the host refuses. */
export function addResponseHeader(name: Slice, value: Slice): bool {
  if (!isPresent(value) || !isFieldValue(value)) return false
  return (
    proxy_add_header_map_value(
      HeaderMapType.ResponseHeaders,
      ptrOf(name),
      lenOf(name),
      ptrOf(value),
      lenOf(value),
    ) == Status.Ok
  )
}
