import { readFileSync } from 'node:fs'

/** Bytes of a process that are in memory, from /proc/PID/status. Linux only. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status: expected a line VmRSS`)
  return Number(kilobytes) * 1024
}
