import { type ClientHttp2Session, connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpFilter } from '../../demo/envoy-bootstrap.ts'
import type { EnvoyProcess } from '../../tools/envoy-process.ts'
import type { Visit } from '../jobs.ts'

const DELAY_HEADER = 'x-envoy-fault-delay-request'
const AN_HOUR_MS = '3600000'
const STREAMS_OF_A_CONNECTION = 100
const WITHIN_MS = 60_000

/**
 * Stands in front of the router, and keeps a request that asks for it there for an hour: to the filter before it that
 * is an upstream which does not answer, and it takes no connection to one. Others pass.
 */
export const HOLDING_FILTER: HttpFilter = {
  name: 'envoy.filters.http.fault',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault',
    delay: { header_delay: {}, percentage: { numerator: 100 } },
  },
}

/** Streams of an Envoy with {@link HOLDING_FILTER} that await their answers, over HTTP/2. */
export class HeldStreams {
  readonly #sessions: ClientHttp2Session[] = []
  readonly #port: number
  readonly #envoy: Pick<EnvoyProcess, 'stats'>
  readonly #visit: Visit
  #held = 0

  constructor(port: number, envoy: Pick<EnvoyProcess, 'stats'>, visit: Visit) {
    this.#port = port
    this.#envoy = envoy
    this.#visit = visit
  }

  /** Opens streams until there are so many, and waits until Envoy has them all; rejects after a minute. */
  async holdUpTo(count: number): Promise<void> {
    for (; this.#held < count; this.#held++) this.#open()
    const deadline = Date.now() + WITHIN_MS
    for (;;) {
      const delayed = (await this.#envoy.stats('^http\\.ingress\\.fault\\.active_faults$')).get(
        'http.ingress.fault.active_faults',
      )
      if ((delayed ?? 0) === count) return
      if (Date.now() > deadline) throw new Error(`Envoy holds ${delayed ?? 0} streams: expected ${count}`)
      await sleep(50)
    }
  }

  close(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #open(): void {
    if (this.#held % STREAMS_OF_A_CONNECTION === 0) {
      const session = connect(`http://127.0.0.1:${this.#port}`)
      session.on('error', () => undefined)
      this.#sessions.push(session)
    }
    const { host = '', ...headers } = this.#visit.headers
    const stream = this.#sessions.at(-1)?.request({
      ':authority': host,
      ':path': this.#visit.path,
      ...headers,
      [DELAY_HEADER]: AN_HOUR_MS,
    })
    stream?.on('error', () => undefined)
  }
}
