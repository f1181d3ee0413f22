import { LogLevel } from '../../assembly/proxy/abi.ts'
import type { Clock } from '../clock.ts'
import type { Guest, Hostcall, HostcallTable } from '../guest.ts'
import { UNSUPPORTED_WASI } from '../imports.ts'
import type { RandomSource } from '../random.ts'
import type { GuestLog } from './runtime.ts'

/** errno of WASI preview 1. */
const ESUCCESS = 0
const EBADF = 8
const EEXIST = 20
const EFAULT = 21
const EINVAL = 28
const ENOENT = 44
const ENOSYS = 52
const ENOTSUP = 58

const STDOUT = 1
const STDERR = 2
/** What a socket says of a message, in bytes. */
const FLAGS_SIZE = 2
const RANDOM_LIMIT = 65_536
const REALTIME = 0
const MONOTONIC = 1

/** WASI as Envoy answers it: no files, standard output becomes log lines (cpp-host src/exports.cc). */
export function wasiCalls(
  guest: Guest,
  clock: Clock,
  random: RandomSource,
  environment: readonly string[],
  log: GuestLog,
  hostLog: (level: LogLevel, message: string) => void,
): HostcallTable {
  const unsupported: Record<string, Hostcall> = {}
  for (const name of UNSUPPORTED_WASI) unsupported[name] = () => ENOTSUP

  /** iovs: iovsLength × (u32 address, u32 length). One trailing newline is not logged, but counted. */
  function writeTo(fd: number, iovs: number, iovsLength: number, writtenAt: number): number {
    if (fd !== STDOUT && fd !== STDERR) return EBADF
    const chunks: Uint8Array[] = []
    for (let i = 0; i < iovsLength >>> 0; i++) {
      const address = guest.memory.readU32((iovs >>> 0) + i * 8)
      const length = guest.memory.readU32((iovs >>> 0) + i * 8 + 4)
      if (address === undefined || length === undefined) return EFAULT
      if (length === 0) continue
      const chunk = guest.memory.read(address, length)
      if (chunk === undefined) return EFAULT
      chunks.push(chunk)
    }
    const text = Buffer.concat(chunks)
    if (text.length > 0) {
      const end = text.at(-1) === 0x0a ? text.length - 1 : text.length
      log(fd === STDOUT ? LogLevel.Info : LogLevel.Error, text.toString('utf8', 0, end))
    }
    return guest.memory.writeU32(writtenAt, text.length) ? ESUCCESS : EFAULT
  }

  const standardOutput = (fd: number): number => (fd === STDOUT || fd === STDERR ? ESUCCESS : EBADF)

  return {
    ...unsupported,

    fd_write: writeTo,
    fd_pwrite: (fd: number, iovs: number, iovsLength: number, _offset: bigint, writtenAt: number) =>
      writeTo(fd, iovs, iovsLength, writtenAt),

    random_get(buffer: number, length: number) {
      const size = length >>> 0
      if (size > RANDOM_LIMIT) return EINVAL
      if (size === 0) return ESUCCESS
      const bytes = new Uint8Array(size)
      random.fill(bytes)
      return guest.memory.write(buffer, bytes) ? ESUCCESS : EFAULT
    },

    clock_time_get(clockId: number, _precision: bigint, timeAt: number) {
      if (clockId !== REALTIME && clockId !== MONOTONIC) return ENOTSUP
      const now = clockId === REALTIME ? clock.realtime() : clock.monotonic()
      return guest.memory.writeU64(timeAt, now) ? ESUCCESS : EFAULT
    },

    clock_res_get(clockId: number, resolutionAt: number) {
      if (clockId !== REALTIME && clockId !== MONOTONIC) return ENOTSUP
      return guest.memory.writeU64(resolutionAt, 1n) ? ESUCCESS : EFAULT
    },

    /**
     *     pointersAt:  u32 address of entry 0 | u32 address of entry 1 | ...
     *     textAt:      NAME=value 00 NAME=value 00 ...
     */
    environ_get(pointersAt: number, textAt: number) {
      let pointer = pointersAt >>> 0
      let text = textAt >>> 0
      for (const entry of environment) {
        if (!guest.memory.writeU32(pointer, text)) return EFAULT
        if (!guest.memory.writeByteString(text, entry)) return EFAULT
        pointer += 4
        text += entry.length
      }
      return ESUCCESS
    },

    environ_sizes_get(countAt: number, sizeAt: number) {
      const size = environment.reduce((sum, entry) => sum + entry.length, 0)
      if (!guest.memory.writeU32(countAt, environment.length)) return EFAULT
      return guest.memory.writeU32(sizeAt, size) ? ESUCCESS : EFAULT
    },

    args_get: () => ESUCCESS,

    args_sizes_get(countAt: number, sizeAt: number) {
      return guest.memory.writeU32(countAt, 0) && guest.memory.writeU32(sizeAt, 0) ? ESUCCESS : EFAULT
    },

    /** Logs and returns: the guest goes on, so an abort handler has to follow it with `unreachable`. */
    proc_exit() {
      hostLog(LogLevel.Trace, 'wasi_unstable proc_exit')
      return ESUCCESS
    },

    fd_seek() {
      hostLog(LogLevel.Trace, 'wasi_unstable fd_seek')
      return ESUCCESS
    },

    fd_close() {
      hostLog(LogLevel.Trace, 'wasi_unstable fd_close')
      return ESUCCESS
    },

    /** 24 bytes, all zero but fs_rights_base, which says FD_WRITE. A bad address is ignored. */
    fd_fdstat_get(fd: number, statAt: number) {
      if (fd !== STDOUT && fd !== STDERR) return EBADF
      const stat = new Uint8Array(24)
      stat[8] = 64
      guest.memory.write(statAt, stat)
      return ESUCCESS
    },

    poll_oneoff(_in: number, _out: number, _subscriptions: number, eventsAt: number) {
      return guest.memory.writeU32(eventsAt, 0) ? ESUCCESS : EFAULT
    },

    fd_advise: () => ESUCCESS,
    fd_allocate: standardOutput,
    fd_datasync: standardOutput,
    fd_fdstat_set_rights: standardOutput,
    fd_filestat_set_size: standardOutput,
    fd_filestat_set_times: standardOutput,
    fd_renumber(from: number, to: number) {
      return standardOutput(from) === ESUCCESS && standardOutput(to) === ESUCCESS ? ENOTSUP : EBADF
    },
    fd_sync: standardOutput,
    fd_tell(fd: number, offsetAt: number) {
      if (standardOutput(fd) !== ESUCCESS) return EBADF
      return guest.memory.writeU64(offsetAt, 0n) ? ESUCCESS : EFAULT
    },
    fd_pread: () => ENOSYS,

    // These say first that there was nothing, and then that there can be nothing.
    fd_readdir(_fd: number, _buffer: number, _size: number, _cookie: bigint, usedAt: number) {
      return guest.memory.writeU32(usedAt, 0) ? EEXIST : EFAULT
    },
    path_readlink(
      _fd: number,
      _path: number,
      _pathSize: number,
      _buffer: number,
      _size: number,
      usedAt: number,
    ) {
      return guest.memory.writeU32(usedAt, 0) ? ENOTSUP : EFAULT
    },
    // WASI has 4 bytes for a descriptor; Envoy writes 8.
    sock_accept(_fd: number, _flags: number, acceptedAt: number) {
      return guest.memory.writeU64(acceptedAt, 0n) ? ENOTSUP : EFAULT
    },
    sock_recv(_fd: number, _data: number, _count: number, _flags: number, sizeAt: number, flagsAt: number) {
      const isWritten =
        guest.memory.writeU32(sizeAt, 0) && guest.memory.write(flagsAt, new Uint8Array(FLAGS_SIZE))
      return isWritten ? ENOTSUP : EFAULT
    },
    sock_send(_fd: number, _data: number, _count: number, _flags: number, sizeAt: number) {
      return guest.memory.writeU32(sizeAt, 0) ? ENOTSUP : EFAULT
    },

    fd_read: () => ENOSYS,
    fd_fdstat_set_flags: () => ENOSYS,
    fd_prestat_get: () => EBADF,
    fd_prestat_dir_name: () => ENOSYS,
    fd_filestat_get: () => EBADF,
    path_open: () => ENOENT,
    path_filestat_get: () => ENOTSUP,
    sched_yield: () => ESUCCESS,
  }
}
