import { HeaderMapType, Status } from '../../assembly/proxy/abi.ts'
import { headerMapTypeOf } from '../abi-values.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import type { AbiVersion } from '../imports.ts'
import type { HeaderViolations } from '../header-violations.ts'
import { decodePairs, encodePairs } from '../pairs.ts'

/**
 * Headers, trailers and metadata (cpp-host src/exports.cc, Envoy source/extensions/common/wasm/context.cc).
 *
 * @param abi 0.1.0 cannot say that a header is not there: it says that it is empty
 */
export function headerMapCalls(guest: Guest, violations: HeaderViolations, abi: AbiVersion): HostcallTable {
  const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status
  const absent = abi === '0.1.0' ? '' : undefined

  /** Every write of a request header throws the route away, whether it changed anything or not. */
  function modified(type: HeaderMapType): Status {
    const { info } = guest.caller
    if (type === HeaderMapType.RequestHeaders && info !== undefined) info.routeCacheClears++
    return Ok
  }

  /** The two hostcalls that write one entry. */
  function valueWriter(hostcall: string, write: 'add' | 'replace') {
    return (map: number, key: number, keySize: number, value: number, valueSize: number): Status => {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const name = guest.memory.readByteString(key, keySize)
      const text = guest.memory.readByteString(value, valueSize)
      if (name === undefined || text === undefined) return InvalidMemoryAccess
      const headers = guest.caller.writableMap(type)
      if (headers === undefined) return BadArgument
      violations.inspect(hostcall, name, text)
      headers[write](name, text)
      return modified(type)
    }
  }

  return {
    proxy_get_header_map_value(map: number, key: number, keySize: number, valueAt: number, sizeAt: number) {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const name = guest.memory.readByteString(key, keySize)
      if (name === undefined) return InvalidMemoryAccess
      const { caller } = guest
      const headers = caller.readableMap(type)
      if (headers === undefined && !caller.inLogPhase) return BadArgument
      const value = headers?.get(name) ?? absent
      if (value === undefined) return NotFound
      return guest.handOver(value, valueAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_get_header_map_pairs(map: number, pairsAt: number, sizeAt: number) {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const headers = guest.caller.readableMap(type)
      const pairs = headers === undefined || headers.size === 0 ? '' : encodePairs(headers.toList())
      return guest.handOver(pairs, pairsAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_set_header_map_pairs(map: number, pairs: number, pairsSize: number) {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const encoded = guest.memory.readByteString(pairs, pairsSize)
      if (encoded === undefined) return InvalidMemoryAccess
      const headers = guest.caller.writableMap(type)
      if (headers === undefined) return BadArgument
      headers.clear()
      for (const [name, value] of decodePairs(encoded)) {
        violations.inspect('proxy_set_header_map_pairs', name, value)
        headers.add(name, value)
      }
      return modified(type)
    },

    proxy_add_header_map_value: valueWriter('proxy_add_header_map_value', 'add'),
    proxy_replace_header_map_value: valueWriter('proxy_replace_header_map_value', 'replace'),

    proxy_remove_header_map_value(map: number, key: number, keySize: number) {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const name = guest.memory.readByteString(key, keySize)
      if (name === undefined) return InvalidMemoryAccess
      const headers = guest.caller.writableMap(type)
      if (headers === undefined) return BadArgument
      headers.remove(name)
      return modified(type)
    },

    proxy_get_header_map_size(map: number, sizeAt: number) {
      const type = headerMapTypeOf(map)
      if (type === undefined) return BadArgument
      const headers = guest.caller.writableMap(type)
      if (headers === undefined) return BadArgument
      return guest.memory.writeU32(sizeAt, headers.byteSize) ? Ok : InvalidMemoryAccess
    },
  }
}
