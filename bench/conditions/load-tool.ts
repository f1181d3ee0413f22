import type { Visit } from '../jobs.ts'
import type { LoadSummary } from './load-log.ts'

/** Connections of HTTP/1.1 that a tool keeps open, one request at a time on each. */
export const CONNECTIONS = 16

/** What sends the load of a measurement. */
export interface LoadTool {
  /** Its name and version, for whom reads the result. */
  readonly name: string
  /**
   * Sends the visit over {@link CONNECTIONS} connections.
   *
   * @param seconds how long
   * @param rate requests a second, all together, shared evenly by the connections: each sends when one is due, or, where the
   * one before is not answered by then, once it is. Undefined: each connection sends again once it has its answer
   * @throws {Error} where a request is not answered 200, or none is
   */
  readonly send: (port: number, visit: Visit, seconds: number, rate?: number) => Promise<LoadSummary>
}
