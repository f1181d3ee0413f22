import { readdirSync, readFileSync } from 'node:fs'

/**
 * Nanoseconds that every thread of a process has been on a processor since it started: the first number of
 * /proc/PID/task/TID/schedstat. Threads that ended are not counted; Envoy's workers live as long as it does. Linux only.
 */
export function processorTime(pid: number): number {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks)
    .map((thread) => Number(readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, nanoseconds) => sum + nanoseconds, 0)
}
