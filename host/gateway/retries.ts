/**
 * Whether a request is tried again: RetryStateImpl in source/common/router/retry_state_impl.cc.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostSelection, Host, Random64 } from '../envoy/index.ts'
import type { HeaderMap } from '../header-map.ts'
import type { Cluster } from './cluster.ts'
import type { UpstreamFailure } from './reply.ts'

/** What {@link RetryPolicy.retryOn} may name. */
export const RETRY_CONDITIONS = [
  '5xx',
  'gateway-error',
  'reset',
  'connect-failure',
  'refused-stream',
  'envoy-ratelimited',
  'retriable-4xx',
  'retriable-status-codes',
] as const

type RetryCondition = (typeof RETRY_CONDITIONS)[number]

/** When and how often a request is tried again. */
export interface RetryPolicy {
  /**
   * One or several of Envoy's conditions, with commas between: `5xx` (which a reset and a timeout of one try count as),
   * `gateway-error` (502, 503, 504, and those), `reset`, `connect-failure`, `refused-stream`, `envoy-ratelimited`,
   * `retriable-4xx` (409), `retriable-status-codes`.
   */
  readonly retryOn: string
  /** 1 by default. */
  readonly numRetries?: number
  /** Milliseconds from the end of the request to the head of the answer; none by default. */
  readonly perTryTimeout?: number
  readonly retriableStatusCodes?: readonly number[]
  /** `previousHosts`: not a host that has been tried. Without it a hash finds the same host again. */
  readonly retryHostPredicate?: readonly 'previousHosts'[]
  /** How often another host is looked for; 1 by default. The last one found is taken, whichever it is. */
  readonly hostSelectionRetryMaxAttempts?: number
  /** Milliseconds: each wait is a random part of an interval, 25 by default, which doubles up to ten times that. */
  readonly retryBackOff?: { readonly baseInterval: number; readonly maxInterval?: number }
}

const DEFAULT_BASE_INTERVAL = 25
const INTERVAL_GROWTH_LIMIT = 10

/** The conditions that a policy names, known or not. */
export function conditionsOf({ retryOn }: RetryPolicy): string[] {
  return retryOn
    .split(',')
    .map((condition) => condition.trim())
    .filter((condition) => condition !== '')
}

/** The retries of one request. */
export class Retries {
  readonly #policy: RetryPolicy | undefined
  #conditions: ReadonlySet<string>
  readonly #cluster: Cluster
  readonly #random: Random64
  readonly #tried = new Set<string>()
  readonly #over = new AbortController()
  #left: number
  #interval: number
  /** Whether one of the cluster's retries is this request's. */
  #isRetrying = false

  constructor(policy: RetryPolicy | undefined, cluster: Cluster, random: Random64) {
    this.#policy = policy
    this.#conditions = new Set(policy === undefined ? [] : conditionsOf(policy))
    this.#cluster = cluster
    this.#random = random
    this.#left = policy?.numRetries ?? 1
    this.#interval = policy?.retryBackOff?.baseInterval ?? DEFAULT_BASE_INTERVAL
  }

  /** False when the request cannot be sent again, whatever happens. */
  get arePossible(): boolean {
    return this.#conditions.size > 0
  }

  /** Which hosts may be chosen now. */
  get selection(): HostSelection<Host> {
    const { retryHostPredicate = [], hostSelectionRetryMaxAttempts = 1 } = this.#policy ?? {}
    if (this.#tried.size === 0 || retryHostPredicate.length === 0) return {}
    return {
      rejects: ({ address }) => this.#tried.has(address),
      maxAttempts: hostSelectionRetryMaxAttempts,
    }
  }

  /** Notes that a host has been chosen. */
  tried({ address }: Host): void {
    this.#tried.add(address)
  }

  /** Whether an answer is thrown away for another try. */
  afterAnswer(status: number, headers: HeaderMap): boolean {
    return this.#decide(this.#wantsAnother(status, headers))
  }

  /** Whether there is another try after one without an answer. */
  afterFailure(failure: UpstreamFailure): boolean {
    const has = (condition: RetryCondition): boolean => this.#conditions.has(condition)
    return this.#decide(
      has('5xx') ||
        has('gateway-error') ||
        has('reset') ||
        (failure === 'refusedStream' && has('refused-stream')) ||
        (failure === 'refused' && has('connect-failure')),
    )
  }

  /** Waits before the next try, which then counts, or until there is to be none. */
  async backOff(clientLeft: AbortSignal): Promise<void> {
    const { baseInterval = DEFAULT_BASE_INTERVAL, maxInterval = baseInterval * INTERVAL_GROWTH_LIMIT } =
      this.#policy?.retryBackOff ?? {}
    const milliseconds = Number(this.#random() % BigInt(this.#interval))
    this.#interval = Math.min(this.#interval * 2, maxInterval)
    const signal = AbortSignal.any([clientLeft, this.#over.signal])
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    this.#cluster.count('upstream_rq_retry')
    this.#cluster.count('upstream_rq_retry_backoff_exponential')
  }

  /** The request can never be sent again. */
  end(): void {
    if (this.#isRetrying) this.#cluster.activeRetries--
    this.#isRetrying = false
    this.#conditions = new Set()
    this.#over.abort()
  }

  #wantsAnother(status: number, headers: HeaderMap): boolean {
    const has = (condition: RetryCondition): boolean => this.#conditions.has(condition)
    // Whoever limits the rate would only be asked more often.
    if (headers.has('x-envoy-ratelimited')) return has('envoy-ratelimited')
    return (
      (has('5xx') && status >= 500 && status < 600) ||
      (has('gateway-error') && status >= 502 && status <= 504) ||
      (has('retriable-4xx') && status === 409) ||
      (has('retriable-status-codes') && this.#policy?.retriableStatusCodes?.includes(status) === true)
    )
  }

  #decide(wantsAnother: boolean): boolean {
    if (!this.arePossible) return false
    if (this.#isRetrying) {
      if (!wantsAnother) this.#cluster.count('upstream_rq_retry_success')
      this.#cluster.activeRetries--
      this.#isRetrying = false
    }
    if (!wantsAnother) return false
    if (this.#left === 0) {
      this.#cluster.count('upstream_rq_retry_limit_exceeded')
      return false
    }
    this.#left--
    if (this.#cluster.activeRetries >= this.#cluster.maxRetries) {
      this.#cluster.count('upstream_rq_retry_overflow')
      return false
    }
    this.#cluster.activeRetries++
    this.#isRetrying = true
    return true
  }
}
