import { BufferType, Status } from '../../assembly/proxy/abi.ts'
import { bufferTypeOf } from '../abi-values.ts'
import type { Guest, HostcallTable } from '../guest.ts'

/** Bodies and configurations (cpp-host src/exports.cc, Envoy context.cc getBuffer). */
export function bufferCalls(guest: Guest, vmConfiguration: Uint8Array): HostcallTable {
  const { Ok, NotFound, BadArgument, InvalidMemoryAccess } = Status
  return {
    /** ABI 0.1.0: the plugin's configuration while it is configured, else the VM's. */
    proxy_get_configuration(bytesAt: number, sizeAt: number) {
      const plugin = guest.caller.buffer(BufferType.PluginConfiguration, vmConfiguration)
      const bytes = Buffer.from(plugin ?? vmConfiguration).toString('latin1')
      return guest.handOver(bytes, bytesAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_get_buffer_bytes(which: number, start: number, length: number, bytesAt: number, sizeAt: number) {
      const type = bufferTypeOf(which)
      if (type === undefined) return BadArgument
      const buffer = guest.caller.buffer(type, vmConfiguration)
      if (buffer === undefined) return NotFound
      const from = Math.min(start >>> 0, buffer.length)
      const to = Math.min((start >>> 0) + (length >>> 0), buffer.length)
      const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length).toString('latin1', from, to)
      return guest.handOver(bytes, bytesAt, sizeAt) ? Ok : InvalidMemoryAccess
    },

    proxy_get_buffer_status(which: number, lengthAt: number, flagsAt: number) {
      const type = bufferTypeOf(which)
      if (type === undefined) return BadArgument
      const buffer = guest.caller.buffer(type, vmConfiguration)
      if (buffer === undefined) return NotFound
      const written = guest.memory.writeU32(lengthAt, buffer.length) && guest.memory.writeU32(flagsAt, 0)
      return written ? Ok : InvalidMemoryAccess
    },

    proxy_set_buffer_bytes(which: number, start: number, length: number, data: number, dataSize: number) {
      const type = bufferTypeOf(which)
      if (type === undefined) return BadArgument
      const { caller } = guest
      if (caller.buffer(type, vmConfiguration) === undefined) return NotFound
      const bytes = guest.memory.read(data, dataSize)
      if (bytes === undefined) return InvalidMemoryAccess
      return caller.writeBuffer(type, start >>> 0, length >>> 0, bytes) ? Ok : BadArgument
    },
  }
}
