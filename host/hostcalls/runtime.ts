import { type LogLevel, Status } from '../../assembly/proxy/abi.ts'
import { logLevelOf } from '../abi-values.ts'
import type { Clock } from '../clock.ts'
import type { Guest, HostcallTable } from '../guest.ts'
import type { Logs } from '../log.ts'

/** Log, time and ticks. */
export function runtimeCalls(guest: Guest, clock: Clock, logs: Logs, log: GuestLog): HostcallTable {
  const { Ok, BadArgument, InvalidMemoryAccess } = Status
  return {
    proxy_log(level: number, message: number, messageSize: number) {
      const known = logLevelOf(level)
      if (known === undefined) return BadArgument
      const text = guest.memory.readText(message, messageSize)
      if (text === undefined) return InvalidMemoryAccess
      log(known, text)
      return Ok
    },

    proxy_get_log_level(levelAt: number) {
      return guest.memory.writeU32(levelAt, logs.level) ? Ok : InvalidMemoryAccess
    },

    proxy_get_current_time_nanoseconds(timeAt: number) {
      return guest.memory.writeU64(timeAt, clock.realtime()) ? Ok : InvalidMemoryAccess
    },

    proxy_set_tick_period_milliseconds(period: number) {
      guest.caller.root.setTickPeriod(period >>> 0)
      return Ok
    },

    pthread_equal: (left: number, right: number) => (left === right ? 1 : 0),

    // Unobservable here: the views of a memory are taken anew when it has grown.
    emscripten_notify_memory_growth: () => 0,
  }
}

/** Takes a line that the guest wrote in the current context. */
export type GuestLog = (level: LogLevel, message: string) => void
