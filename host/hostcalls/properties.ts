import { Status } from '../../assembly/proxy/abi.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import { lookUpProperty } from '../property-lookup.ts'

/** Properties and the filter state behind `proxy_set_property` (context.cc getProperty, setProperty). */
export function propertyCalls(guest: Guest, vmId: string): HostcallTable {
  const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status
  return {
    proxy_get_property(path: number, pathSize: number, valueAt: number, sizeAt: number) {
      const name = guest.memory.readByteString(path, pathSize)
      if (name === undefined) return InvalidMemoryAccess
      const value = lookUpProperty(guest.caller, name, vmId)
      if (typeof value === 'number') return value
      return guest.handOver(value, valueAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_set_property(path: number, pathSize: number, value: number, valueSize: number) {
      const name = guest.memory.readByteString(path, pathSize)
      const bytes = guest.memory.readByteString(value, valueSize)
      if (name === undefined || bytes === undefined) return InvalidMemoryAccess
      const { info, root } = guest.caller
      if (info === undefined) return NotFound
      const key = `wasm.${name}`
      const present = info.filterState.get(key)
      if (present === undefined) {
        const prototype = root.prototypes?.get(name)
        const readOnly = prototype?.readOnly ?? false
        info.filterState.set(key, { value: bytes, readOnly }, prototype?.lifeSpan)
      } else {
        if (present.readOnly) return BadArgument
        present.value = bytes
      }
      return Ok
    },
  }
}
