import { expect } from 'vitest'
import { rawRequest } from '../envoy/raw-request.ts'
import { type RunOptions, runSet } from './golden.ts'
import { CLIENTS } from './visits.ts'

/** How many pods each of some sessions meets by one request, of which the first two attempts are answered with 503. */
export async function retriedPods({
  host,
  ...options
}: Pick<RunOptions, 'binary' | 'set'> & { readonly host?: string }): Promise<readonly number[]> {
  const attempts = new Map<string, string[]>()
  await using set = await runSet({
    ...options,
    respond: ({ headers }, response, { pod }) => {
      const id = String(headers['x-request-id'])
      attempts.set(id, [...(attempts.get(id) ?? []), pod])
      if (headers['x-envoy-attempt-count'] === '3') return false
      // Istio's own policy retries nothing by HTTP's status, but gRPC's UNAVAILABLE.
      response.writeHead(503, { 'grpc-status': '14' }).end()
      return true
    },
  })
  for (let client = 0; client < CLIENTS; client += 1) {
    const cookie = ['cookie', `ISTIOID=${client}`]
    const { status } = await rawRequest(set.port, cookie, host === undefined ? {} : { host })
    expect(status).toBe(200)
  }
  expect([...attempts.values()].map(({ length }) => length)).toEqual([...attempts].map(() => 3))
  return [...attempts.values()].map((pods) => new Set(pods).size)
}
