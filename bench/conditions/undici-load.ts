import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'
import type { Visit } from '../jobs.ts'
import { CONNECTIONS, type LoadTool } from './load-tool.ts'
import { type LoadSummary, type Sample, summarized } from './load-log.ts'

const manifest = createRequire(import.meta.url).resolve('undici/package.json')
export const UNDICI_VERSION = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version

/**
 * A {@link LoadTool} that comes with npm and sends when h2load does: at a fixed rate all connections have a request due at
 * the same moments, and a latency is from when a request is sent, not from when it was due, until its answer is complete.
 */
export const undiciLoad: LoadTool['send'] = async (port, visit, seconds, rate) => {
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(`http://127.0.0.1:${port}`))
  try {
    // As with h2load, no latency holds the opening of a connection.
    await Promise.all(clients.map((client) => exchange(client, visit)))
    const samples: Sample[] = []
    const start = performance.now()
    const end = start + seconds * 1000
    const apart = rate === undefined ? 0 : (CONNECTIONS / rate) * 1000
    const keepSending = async (client: Client): Promise<void> => {
      for (let due = start; due < end && performance.now() < end; due += apart) {
        const early = due - performance.now()
        if (early > 0) await sleep(early)
        samples.push(await exchange(client, visit))
      }
    }
    await Promise.all(clients.map(keepSending))
    return answered(samples)
  } finally {
    await Promise.all(clients.map((client) => client.destroy()))
  }
}

async function exchange(client: Client, { path, headers }: Visit): Promise<Sample> {
  const start = performance.now() * 1000
  const { statusCode, body } = await client.request({ method: 'GET', path, headers })
  await body.dump()
  if (statusCode !== 200) throw new Error(`undici: status ${statusCode}: expected status 200`)
  return { start, elapsed: performance.now() * 1000 - start }
}

function answered(samples: readonly Sample[]): LoadSummary {
  if (samples.length === 0) throw new Error('undici: no request was answered')
  return summarized(samples)
}
