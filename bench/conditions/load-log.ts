/** One request that was answered. Times are microseconds. */
export interface Sample {
  readonly start: number
  readonly elapsed: number
}

/** What some time of load says. Times are microseconds. */
export interface LoadSummary {
  readonly requests: number
  /** Answered in a second, from the first request to the last answer. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/**
 * Reads what h2load leaves with `--log-file`: a line for each request, of its start in microseconds since 1970, the
 * status and the microseconds until the answer was complete, between tabs.
 *
 * @throws {Error} where a request was not answered 200, or there is none: what failed is not what is measured
 */
export function summaryOf(log: string): LoadSummary {
  const lines = log.split('\n').filter((line) => line !== '')
  const samples = lines.map((line): Sample => {
    const [start = '', status = '', elapsed = ''] = line.split('\t')
    if (status !== '200') throw new Error(`h2load: "${line}": expected status 200`)
    return { start: Number(start), elapsed: Number(elapsed) }
  })
  if (samples.length === 0) throw new Error('h2load: no request was answered')
  return summarized(samples)
}

/** What such requests say; of none at all that is zero. */
export function summarized(samples: readonly Sample[]): LoadSummary {
  const elapsed = samples.map((each) => each.elapsed).sort((a, b) => a - b)
  const first = samples.reduce((least, { start }) => Math.min(least, start), Infinity)
  const last = samples.reduce((most, { start, elapsed }) => Math.max(most, start + elapsed), 0)
  return {
    requests: samples.length,
    rate: (samples.length / Math.max(1, last - first)) * 1e6,
    p50: nearestRank(elapsed, 0.5),
    p99: nearestRank(elapsed, 0.99),
    p999: nearestRank(elapsed, 0.999),
  }
}

/** The smallest value that so large a part of the sorted values does not exceed. */
function nearestRank(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0
}
