import { Status } from '../../assembly/proxy/abi.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import type { SharedData } from '../shared-data.ts'
import type { SharedQueues } from '../shared-queues.ts'

/** Data and queues that VMs of one vm_id share (cpp-host src/exports.cc, shared_data.cc, shared_queue.cc). */
export function sharedCalls(
  guest: Guest,
  vmId: string,
  data: SharedData,
  queues: SharedQueues,
): HostcallTable {
  const { Ok, NotFound, Empty, InvalidMemoryAccess } = Status
  return {
    proxy_get_shared_data(key: number, keySize: number, valueAt: number, sizeAt: number, casAt: number) {
      const name = guest.memory.readByteString(key, keySize)
      if (name === undefined) return InvalidMemoryAccess
      const stored = data.get(vmId, name)
      if (stored === undefined) return NotFound
      if (!guest.handOver(stored.value, valueAt, sizeAt)) return InvalidMemoryAccess
      return guest.memory.writeU32(casAt, stored.cas) ? Ok : InvalidMemoryAccess
    },

    proxy_set_shared_data(key: number, keySize: number, value: number, valueSize: number, cas: number) {
      const name = guest.memory.readByteString(key, keySize)
      const bytes = guest.memory.readByteString(value, valueSize)
      if (name === undefined || bytes === undefined) return InvalidMemoryAccess
      return data.set(vmId, name, bytes, cas >>> 0)
    },

    proxy_register_shared_queue(name: number, nameSize: number, tokenAt: number) {
      const text = guest.memory.readByteString(name, nameSize)
      if (text === undefined) return InvalidMemoryAccess
      const token = queues.register(vmId, text, guest.caller.root)
      return guest.memory.writeU32(tokenAt, token) ? Ok : InvalidMemoryAccess
    },

    proxy_resolve_shared_queue(id: number, idSize: number, name: number, nameSize: number, tokenAt: number) {
      const otherVmId = guest.memory.readByteString(id, idSize)
      const text = guest.memory.readByteString(name, nameSize)
      if (otherVmId === undefined || text === undefined) return InvalidMemoryAccess
      const token = queues.resolve(otherVmId === '' ? vmId : otherVmId, text)
      if (token === undefined || guest.failure !== undefined) return NotFound
      return guest.memory.writeU32(tokenAt, token) ? Ok : InvalidMemoryAccess
    },

    proxy_dequeue_shared_queue(token: number, dataAt: number, sizeAt: number) {
      const item = queues.dequeue(token >>> 0)
      if (item === undefined) return queues.has(token >>> 0) ? Empty : NotFound
      return guest.handOver(item, dataAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_enqueue_shared_queue(token: number, item: number, itemSize: number) {
      const bytes = guest.memory.readByteString(item, itemSize)
      if (bytes === undefined) return InvalidMemoryAccess
      return queues.enqueue(token >>> 0, bytes) ? Ok : NotFound
    },
  }
}
