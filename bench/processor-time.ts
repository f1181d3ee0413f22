import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds, over all threads of a process. */
export interface ProcessorTime {
  /** On a processor. */
  readonly ran: number
  /** Ready to run while others had the processors. */
  readonly waited: number
}

/**
 * Since the process started: the first two numbers of /proc/PID/task/TID/schedstat. Threads that ended are not
 * counted; Envoy's workers live as long as it does. Linux only.
 */
export function processorTime(pid: number): ProcessorTime {
  const tasks = `/proc/${pid}/task`
  const threads = readdirSync(tasks).map((thread) =>
    readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ').map(Number),
  )
  const sum = (index: number) => threads.reduce((total, numbers) => total + (numbers[index] ?? 0), 0)
  return { ran: sum(0), waited: sum(1) }
}
