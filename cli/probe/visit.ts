/** A Set-Cookie line of the session's cookie. */
export interface SetCookie {
  readonly value: string
  readonly secure: boolean
  /** That it says, or that of the request up to its last slash (RFC 6265, 5.1.4). */
  readonly path: string
  /** Why a client does not take it; undefined where it does. */
  readonly refused: string | undefined
}

/** A request that was answered. */
export interface Visit {
  readonly path: string
  /** Milliseconds, on one clock for all sessions: when the answer came. */
  readonly at: number
  readonly status: number
  /** What the pod's header says; undefined where the answer has none. */
  readonly pod: string | undefined
  /** Equal for requests over one connection. */
  readonly connection: string
  /** The value of the session's cookie that was sent; undefined for none. */
  readonly sent: string | undefined
  readonly set: readonly SetCookie[]
}

/** What one client saw, in order. */
export interface SessionRecord {
  readonly visits: readonly Visit[]
  /** Why requests got no answer: the system's codes, `ECONNREFUSED`. */
  readonly failures: readonly string[]
}
