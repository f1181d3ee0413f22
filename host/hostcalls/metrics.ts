import { Status } from '../../assembly/proxy/abi.ts'
import { metricTypeOf } from '../abi-values.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import type { MetricIds } from '../metrics.ts'

/** Metrics (context.cc defineMetric and following): here the guest's memory is read before the type is checked. */
export function metricCalls(guest: Guest, ids: MetricIds): HostcallTable {
  const { Ok, BadArgument, InvalidMemoryAccess } = Status
  return {
    proxy_define_metric(type: number, name: number, nameSize: number, idAt: number) {
      const text = guest.memory.readByteString(name, nameSize)
      if (text === undefined) return InvalidMemoryAccess
      const known = metricTypeOf(type)
      if (known === undefined) return BadArgument
      return guest.memory.writeU32(idAt, ids.define(known, text)) ? Ok : InvalidMemoryAccess
    },

    proxy_increment_metric(id: number, offset: bigint) {
      return ids.increment(id >>> 0, offset)
    },

    proxy_record_metric(id: number, value: bigint) {
      return ids.record(id >>> 0, value)
    },

    proxy_get_metric(id: number, valueAt: number) {
      const value = ids.get(id >>> 0)
      if (typeof value !== 'bigint') return value
      return guest.memory.writeU64(valueAt, value) ? Ok : InvalidMemoryAccess
    },
  }
}
