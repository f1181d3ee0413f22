import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something holds, for what other processes do in their own time. Throws after half a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} never came`)
    await sleep(20)
  }
}
