/**
 * Foreign functions that Envoy registers (source/extensions/common/wasm/foreign.cc), as far as this host has them.
 * Arguments are protobuf messages or raw bytes.
 */
import { deflateSync, inflateSync } from 'node:zlib'

import { Status } from '../assembly/proxy/abi.ts'
import type { Context } from './context.ts'
import { signText, verifySignature } from './foreign-crypto.ts'
import { lifeSpanOf } from './filter-state.ts'
import { readFields } from './protobuf.ts'

/** What a foreign function answers; without `result` the guest gets a null pointer and size 0. */
export interface ForeignResult {
  readonly status: Status
  readonly result?: Uint8Array
}

/** A function that a guest reaches by `proxy_call_foreign_function`. */
export type ForeignFunction = (argument: Uint8Array) => ForeignResult

/** A foreign function that also acts on the calling context. */
type ContextFunction = (argument: Uint8Array, effective: Context, current: Context) => ForeignResult

/**
 * Objects that `set_envoy_filter_state` can make: it knows a factory by the very name under which it stores the
 * object, and answers NotFound for any other.
 */
const FILTER_STATE_FACTORIES: ReadonlySet<string> = new Set([
  'envoy.string',
  'envoy.hashable_string',
  'istio.hashable_string',
  'envoy.network.upstream_server_name',
  'envoy.network.upstream_subject_alt_names',
  'envoy.network.application_protocols',
  'envoy.tcp_proxy.cluster',
  'envoy.upstream.dynamic_host',
  'envoy.upstream.dynamic_port',
])

const OK: ForeignResult = { status: Status.Ok }
const BAD_ARGUMENT: ForeignResult = { status: Status.BadArgument }
const NOT_FOUND: ForeignResult = { status: Status.NotFound }

export const ENVOY_FOREIGN_FUNCTIONS: ReadonlyMap<string, ContextFunction> = new Map<string, ContextFunction>(
  [
    ['clear_route_cache', clearRouteCache],
    ['declare_property', declareProperty],
    ['set_envoy_filter_state', setEnvoyFilterState],
    ['compress', (argument) => ({ status: Status.Ok, result: deflateSync(argument) })],
    ['uncompress', uncompress],
    ['sign', signText],
    ['verify_signature', verifySignature],
  ],
)

function clearRouteCache(_argument: Uint8Array, effective: Context): ForeignResult {
  if (effective.info !== undefined) effective.info.routeCacheClears++
  return OK
}

/** DeclarePropertyArguments { string name = 1; bool readonly = 2; ... LifeSpan span = 5; }; acts on the current context, not the effective one. */
function declareProperty(argument: Uint8Array, _effective: Context, current: Context): ForeignResult {
  const fields = readFields(argument)
  if (fields === undefined) return BAD_ARGUMENT
  const name = fields.bytes.get(1)?.toString('latin1') ?? ''
  current.prototypes ??= new Map()
  if (current.prototypes.has(name)) return BAD_ARGUMENT
  current.prototypes.set(name, {
    readOnly: (fields.varints.get(2) ?? 0n) !== 0n,
    lifeSpan: lifeSpanOf(fields.varints.get(5)),
  })
  return OK
}

/** SetEnvoyFilterStateArguments { string path = 1; string value = 2; LifeSpan span = 3; } */
function setEnvoyFilterState(argument: Uint8Array, effective: Context): ForeignResult {
  const fields = readFields(argument)
  if (fields === undefined) return BAD_ARGUMENT
  const path = fields.bytes.get(1)?.toString('latin1') ?? ''
  if (!FILTER_STATE_FACTORIES.has(path) || effective.info === undefined) return NOT_FOUND
  const value = fields.bytes.get(2)?.toString('latin1') ?? ''
  effective.info.filterState.set(path, { value, readOnly: false }, lifeSpanOf(fields.varints.get(3)))
  return OK
}

function uncompress(argument: Uint8Array): ForeignResult {
  try {
    return { status: Status.Ok, result: inflateSync(argument) }
  } catch {
    return { status: Status.SerializationFailure }
  }
}
