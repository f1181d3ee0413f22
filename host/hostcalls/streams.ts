import { Status, StreamType } from '../../assembly/proxy/abi.ts'
import { streamTypeOf } from '../abi-values.ts'
import type { Contexts } from '../contexts.ts'
import { ENVOY_FOREIGN_FUNCTIONS, type ForeignFunction } from '../foreign.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import type { HeaderViolations } from '../header-violations.ts'
import { grpcStatusOf } from '../local-reply.ts'
import { decodePairs } from '../pairs.ts'

const WHITE_SPACE = /[ \t\n\v\f\r]/g

/** Control over streams and contexts, and the way to functions that the ABI does not name. */
export function streamCalls(
  guest: Guest,
  contexts: Contexts,
  foreignFunctions: Readonly<Record<string, ForeignFunction>>,
  violations: HeaderViolations,
): HostcallTable {
  const { Ok, NotFound, BadArgument, InvalidMemoryAccess, Unimplemented } = Status
  return {
    proxy_send_local_response(
      status: number,
      details: number,
      detailsSize: number,
      body: number,
      bodySize: number,
      headers: number,
      headersSize: number,
      grpcStatus: number,
    ) {
      const detailsText = guest.memory.readByteString(details, detailsSize)
      const bodyText = guest.memory.readByteString(body, bodySize)
      const pairs = guest.memory.readByteString(headers, headersSize)
      if (detailsText === undefined || bodyText === undefined || pairs === undefined)
        return InvalidMemoryAccess
      const entries = decodePairs(pairs)
      for (const [name, value] of entries) {
        violations.inspect('proxy_send_local_response', name, value)
      }
      guest.caller.sendLocalReply({
        status: status >>> 0,
        headers: entries,
        body: bodyText,
        details: detailsText.replace(WHITE_SPACE, '_'),
        grpcStatus: grpcStatusOf(grpcStatus),
      })
      guest.stopIteration = true
      return Ok
    },

    proxy_continue_stream(which: number) {
      const type = streamTypeOf(which)
      if (type === undefined) return BadArgument
      if (type === StreamType.Upstream) return Unimplemented
      guest.caller.continueStream(type)
      return Ok
    },

    /** ABI 0.1.0, as the next two. */
    proxy_continue_request() {
      guest.caller.continueStream(StreamType.Request)
      return Ok
    },

    proxy_continue_response() {
      guest.caller.continueStream(StreamType.Response)
      return Ok
    },

    proxy_clear_route_cache() {
      const { info } = guest.caller
      if (info !== undefined) info.routeCacheClears++
      return Ok
    },

    proxy_close_stream(which: number) {
      const type = streamTypeOf(which)
      if (type === undefined) return BadArgument
      guest.caller.closeStream(type)
      return Ok
    },

    proxy_set_effective_context(id: number) {
      if (contexts.get(id >>> 0) === undefined) return BadArgument
      guest.effectiveContextId = id >>> 0
      return Ok
    },

    proxy_done() {
      return guest.caller.root.finishPendingDone() ? Ok : NotFound
    },

    proxy_call_foreign_function(
      name: number,
      nameSize: number,
      argument: number,
      argumentSize: number,
      resultAt: number,
      resultSizeAt: number,
    ) {
      const functionName = guest.memory.readByteString(name, nameSize)
      const bytes = guest.memory.read(argument, argumentSize)
      if (functionName === undefined || bytes === undefined) return InvalidMemoryAccess
      const own = Object.hasOwn(foreignFunctions, functionName) ? foreignFunctions[functionName] : undefined
      const known = own ?? ENVOY_FOREIGN_FUNCTIONS.get(functionName)
      if (known === undefined) return NotFound
      const { status, result } = known(bytes, guest.caller, guest.current)
      let address = 0
      let size = 0
      if (result !== undefined) {
        size = result.length
        if (resultAt !== 0) {
          address = guest.malloc(size)
          if (address !== 0) guest.memory.write(address, result)
        }
      }
      // Written whatever the status is, and each only where the guest asked for it.
      if (resultAt !== 0 && !guest.memory.writeU32(resultAt, address)) return InvalidMemoryAccess
      if (resultSizeAt !== 0 && !guest.memory.writeU32(resultSizeAt, size)) return InvalidMemoryAccess
      return status
    },
  }
}
