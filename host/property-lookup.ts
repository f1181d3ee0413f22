/**
 * From a property's path to its value, phase by phase (Context::findValue, filters/common/expr/context.cc).
 */
import { HeaderMapType, Status } from '../assembly/proxy/abi.ts'
import type { Context } from './context.ts'
import type { HeaderMap } from './header-map.ts'
import { propertyAt, type PropertyValue, serializeProperty } from './property.ts'
import type { StreamInfo } from './stream-info.ts'

/** The names under which Envoy keeps properties of a stream; every other name is a filter's own. */
const STREAM_NAMES: ReadonlySet<string> = new Set([
  'request',
  'response',
  'connection',
  'upstream',
  'source',
  'destination',
  'metadata',
  'filter_state',
  'upstream_filter_state',
  'xds',
  'connection_id',
])

/** What of `upstream` is known before a host has been picked. */
const EARLY_UPSTREAM: ReadonlySet<string> = new Set(['num_endpoints', 'request_attempt_count'])

/** Request properties that are one header. */
const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  path: ':path',
  host: ':authority',
  scheme: ':scheme',
  method: ':method',
  referer: 'referer',
  id: 'x-request-id',
  useragent: 'user-agent',
}

/**
 * A property's bytes as a byte string, or the status to answer.
 *
 * @param path a byte string: names with one NUL byte between them
 */
export function lookUpProperty(context: Context, path: string, vmId: string): string | Status {
  const segments = path.split('\0')
  if (segments.at(-1) === '') segments.pop()
  const name = segments[0]
  if (name === undefined) return Status.SerializationFailure
  switch (name) {
    case 'plugin_name':
      return segments.length > 1 ? Status.NotFound : context.root.pluginName
    case 'plugin_root_id':
      return segments.length > 1 ? Status.NotFound : context.root.rootId
    case 'plugin_vm_id':
      return segments.length > 1 ? Status.NotFound : vmId
  }
  const { info } = context
  if (info !== undefined) {
    const known = ofStream(context, info, segments)
    if (known !== undefined) return known
  }
  return serialized(propertyAt(context.root.rootProperties, segments.map(textOf)))
}

/** What the stream knows; undefined when it has no such property. */
function ofStream(
  context: Context,
  info: StreamInfo,
  segments: readonly string[],
): string | Status | undefined {
  const [name = '', field] = segments
  if (!STREAM_NAMES.has(name)) {
    return segments.length === 1 ? info.filterState.get(`wasm.${name}`)?.value : undefined
  }
  if (name === 'filter_state' && field !== undefined && segments.length === 2) {
    const object = info.filterState.get(field)
    if (object !== undefined) return object.value
  }
  if (field === undefined && (name === 'request' || name === 'response')) return Status.SerializationFailure
  if (name === 'request') {
    const value = ofHeaders(context.readableMap(HeaderMapType.RequestHeaders), segments, REQUEST_HEADERS)
    if (value !== undefined) return value
    if (field === 'headers' || (field !== undefined && isOfPath(field))) return Status.NotFound
  }
  if (name === 'response') {
    if (info.phase === 'request') return Status.NotFound
    const value = ofResponse(context, info, segments)
    if (value !== undefined) return value
  }
  if (name === 'upstream' && info.phase === 'request' && !EARLY_UPSTREAM.has(field ?? ''))
    return Status.NotFound
  const path = segments.map(textOf)
  const early = info.responseProperties === undefined ? undefined : propertyAt(info.responseProperties, path)
  const value = early ?? propertyAt(info.properties, path)
  return value === undefined ? undefined : serialized(value)
}

function isOfPath(field: string): boolean {
  return Object.hasOwn(REQUEST_HEADERS, field) || field === 'url_path' || field === 'query'
}

function ofResponse(
  context: Context,
  info: StreamInfo,
  segments: readonly string[],
): string | Status | undefined {
  const [, field] = segments
  if (segments.length === 2 && field === 'code' && info.responseCode !== undefined) {
    return serialized(BigInt(info.responseCode))
  }
  if (segments.length === 2 && field === 'code_details' && info.responseCodeDetails !== undefined) {
    return serialized(info.responseCodeDetails)
  }
  if (field === 'trailers')
    return ofHeaders(context.readableMap(HeaderMapType.ResponseTrailers), segments, {})
  return ofHeaders(context.readableMap(HeaderMapType.ResponseHeaders), segments, {})
}

function ofHeaders(
  headers: HeaderMap | undefined,
  [, field = '', name]: readonly string[],
  fields: Readonly<Record<string, string>>,
): string | Status | undefined {
  if (headers === undefined) return undefined
  if (field === 'headers' || field === 'trailers') {
    if (name === undefined) return Status.SerializationFailure
    const values = headers.all(name)
    return values.length === 0 ? Status.NotFound : values.join(',')
  }
  if (name !== undefined) return undefined
  if (Object.hasOwn(fields, field)) return headers.get(fields[field] ?? '')
  const path = headers.get(':path')
  if (path === undefined || (field !== 'url_path' && field !== 'query')) return undefined
  const end = path.indexOf('?')
  if (field === 'url_path') return end < 0 ? path : path.slice(0, end)
  return end < 0 ? '' : path.slice(end + 1).split('#', 1)[0]
}

function serialized(value: PropertyValue | undefined): string | Status {
  if (value === undefined) return Status.NotFound
  return serializeProperty(value) ?? Status.SerializationFailure
}

const BEYOND_ASCII = /[\u0080-\u00ff]/

/** A path's segment as the text under which a test has written it. */
function textOf(segment: string): string {
  return BEYOND_ASCII.test(segment) ? Buffer.from(segment, 'latin1').toString('utf8') : segment
}
