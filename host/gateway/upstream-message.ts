/**
 * What goes to an upstream host and what comes back, in any version of HTTP.
 */
import type { Readable } from 'node:stream'
import type { HeaderEntry } from '../envoy/index.ts'
import type { HeaderMap } from '../header-map.ts'
import type { UpstreamFailure } from './reply.ts'

/** The upstream gave no answer that can be passed on. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly failure: UpstreamFailure

  constructor(failure: UpstreamFailure, cause: Error) {
    super(cause.message, { cause })
    this.failure = failure
  }
}

/** What goes upstream. */
export interface UpstreamRequest {
  /** Valid, as header-check.ts means it. */
  readonly headers: HeaderMap
  /** Streamed as it comes; absent when the request ends with its headers. Its errors end the call. */
  readonly body: Readable | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** The head of an answer, and what follows. */
export interface UpstreamAnswer {
  readonly status: number
  /** `:status` first, names in lower case. */
  readonly headers: readonly HeaderEntry[]
  /** Whether nothing follows the headers. */
  readonly isBodiless: boolean
  readonly body: Readable
  /** Empty before the body has ended, and when there are none. */
  trailers(): readonly HeaderEntry[]
}

/** `response.code_details` of an answer that breaks off. */
export function resetDetails(error: unknown): string {
  const isReset = error instanceof Error && 'code' in error && error.code === 'ERR_HTTP2_STREAM_ERROR'
  return `upstream_reset_after_response_started{${isReset ? 'remote_reset' : 'connection_termination'}}`
}
