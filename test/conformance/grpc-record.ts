import { setTimeout as sleep } from 'node:timers/promises'

import { ask } from '../gateway/app.ts'
import type { GrpcServers } from './grpc-scenario.ts'

/** What one callout was seen to do. */
export interface GrpcRecord {
  /** What the guest has logged. */
  readonly lines: readonly string[]
  /** What the server was asked. */
  readonly asked: readonly string[]
  /** The status of the request that waited. */
  readonly status: number
}

/** Lets the guest make a callout, and waits until it and its server have seen the end of it. */
export async function recordCallout(
  url: string,
  callout: string,
  servers: GrpcServers,
  logged: () => readonly string[],
): Promise<GrpcRecord> {
  const before = logged().length
  servers.asked.length = 0
  const { status } = await ask(url, { headers: [['x-t-grpc', callout]] })
  const [, cluster] = callout.split(' ')
  const deadline = Date.now() + 5_000
  while (cluster === 'grpc' && servers.asked.length === 0 && Date.now() < deadline) await sleep(5)
  // The log of another process comes a little later.
  let lines = logged().slice(before)
  while (!isComplete(lines, callout) && Date.now() < deadline) {
    await sleep(5)
    lines = logged().slice(before)
  }
  return { lines: lines.map(withoutTime), asked: [...servers.asked], status }
}

/** A callout that is refused or cancelled gets no further callback. */
function isComplete(lines: readonly string[], callout: string): boolean {
  const [, cluster, , now] = callout.split(' ')
  if (cluster === 'unknown') return lines.length === 1
  return lines.some((line) => line.includes(now === 'x' ? 'grpc_cancel' : 'continue_stream'))
}

function withoutTime(line: string): string {
  return line.replace(/(entry (?:date|x-envoy-upstream-service-time)=).*/, '$1...')
}
