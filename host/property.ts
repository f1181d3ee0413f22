/**
 * Property values as Envoy's CEL produces them, and the bytes that a guest gets
 * (source/extensions/common/wasm/context.cc serializeValue).
 *
 *     string       its UTF-8 bytes                 bytes        as they are
 *     bigint       8 bytes, int64 or uint64        number       8 bytes, IEEE double
 *     boolean      1 byte, 0 or 1                  Date         8 bytes, int64 nanoseconds since 1970
 *     array        pairs, item in the name's place, value empty
 *     object, Map  pairs, name and value
 *     null         SerializationFailure, for every array and object that holds it too
 */
import type { HeaderEntry } from './envoy/header-list.ts'
import { encodePairs } from './pairs.ts'

/** A number is a double, as in `google.protobuf.Struct`; write integers of Envoy's own as bigint. */
export type PropertyValue =
  | string
  | Uint8Array
  | bigint
  | number
  | boolean
  | Date
  | null
  | readonly PropertyValue[]
  | PropertyTree
  | ReadonlyMap<string, PropertyValue>

/** Properties by name, nested as their paths are: `{ source: { address: '10.0.0.1:80' } }`. */
export interface PropertyTree {
  readonly [name: string]: PropertyValue | undefined
}

/** The value's bytes as a byte string; undefined where Envoy answers SerializationFailure. */
export function serializeProperty(value: PropertyValue): string | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1')
  if (typeof value === 'boolean') return value ? '\x01' : '\0'
  if (value === null) return undefined
  if (typeof value === 'object') return serializeObject(value)
  const bytes = Buffer.alloc(8)
  if (typeof value === 'bigint') bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  else bytes.writeDoubleLE(value)
  return bytes.toString('latin1')
}

function serializeObject(
  value: Exclude<PropertyValue, string | boolean | bigint | number | null>,
): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (value instanceof Date) return serializeProperty(BigInt(value.getTime()) * 1_000_000n)
  const pairs: HeaderEntry[] = []
  if (isList(value)) {
    for (const item of value) {
      const bytes = serializeProperty(item)
      if (bytes === undefined) return undefined
      pairs.push([bytes, ''])
    }
  } else {
    for (const [name, item] of isMap(value) ? value : Object.entries(value)) {
      if (item === undefined) continue
      const bytes = serializeProperty(item)
      if (bytes === undefined) return undefined
      pairs.push([Buffer.from(name, 'utf8').toString('latin1'), bytes])
    }
  }
  return encodePairs(pairs)
}

const LIST_INDEX = /^\s*[+-]?\d+\s*$/

/** The value one segment further down; undefined where Envoy answers NotFound. */
export function propertyField(value: PropertyValue, segment: string): PropertyValue | undefined {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof Date) {
    return undefined
  }
  if (isList(value)) return LIST_INDEX.test(segment) ? value[Number(segment)] : undefined
  if (isMap(value)) return value.get(segment)
  return Object.hasOwn(value, segment) ? value[segment] : undefined
}

/** Walks a tree; undefined where Envoy answers NotFound. */
export function propertyAt(tree: PropertyTree, path: readonly string[]): PropertyValue | undefined {
  let value: PropertyValue | undefined = tree
  for (const segment of path) {
    if (value === undefined) return undefined
    value = propertyField(value, segment)
  }
  return value
}

function isList(value: object): value is readonly PropertyValue[] {
  return Array.isArray(value)
}

function isMap(value: object): value is ReadonlyMap<string, PropertyValue> {
  return value instanceof Map
}
