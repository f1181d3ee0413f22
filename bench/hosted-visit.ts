import { isDeepStrictEqual } from 'node:util'
import { ManualClock, type Plugin, type ProxyWasmModule, type Stream, Vm } from '../host/index.ts'
import { ANSWER_SETS, CLAIMS, ENVIRONMENT, type Job, type Outcome, POD_HEADER, sessionIn } from './jobs.ts'
import { configurationFor } from './shipped.ts'

/** When hosted jobs take place: 2026-01-01T00:00:00Z, in seconds. */
export const NOW = 1_767_225_600
const KEY_HEADER = 'x-mooring-key'

/** The module with a job's configuration, in the host, at the time `now`. Its random bytes are from a seed. */
export function hostedJob(
  module: ProxyWasmModule,
  job: Job,
  now = NOW,
): { readonly vm: Vm; readonly plugin: Plugin } {
  const vm = new Vm(module, {
    clock: new ManualClock(new Date(now * 1000)),
    environment: ENVIRONMENT,
    journal: true,
  })
  return { vm, plugin: vm.startPlugin({ configuration: JSON.stringify(configurationFor(job)) }) }
}

/** From the stream's start until its headers go on to the upstream; from the answer's headers until its end. */
export type Phase = 'request' | 'response'

/**
 * One visit of the job, in the host. Each phase is run by `run`.
 *
 * @throws {Error} where the job was not done
 */
export function hostedVisit(plugin: Plugin, job: Job, run: (phase: Phase, work: () => void) => void): void {
  const passed: Stream[] = []
  run('request', () => {
    const stream = plugin.stream({
      headers: requestHeaders(job),
      properties: {
        source: { address: '10.1.2.3:443' },
        xds: { cluster_name: 'outbound|8080||test2-bwce-srv.shop.svc.cluster.local' },
        metadata: {
          filter_metadata:
            job.anonymous === true ? {} : { 'envoy.filters.http.jwt_authn': { payload: CLAIMS } },
        },
      },
    })
    stream.requestHeaders({ endOfStream: true })
    passed.push(stream)
  })
  const [stream] = passed
  if (stream === undefined) throw new Error(`(${job.letter}): the request did not reach the filter`)
  const seen = {
    key: stream.request.get(KEY_HEADER),
    session: sessionIn(stream.request.get('cookie') ?? ''),
    pod: stream.request.get(POD_HEADER),
  }
  const set: string[] = []
  const line = job.visit.headers[ANSWER_SETS]
  run('response', () => {
    const answered = stream.responseHeaders({
      headers: [
        [':status', '200'],
        ['content-type', 'text/plain'],
        ['content-length', '2'],
        ...(line === undefined ? [] : [['set-cookie', line] as const]),
      ],
      details: 'via_upstream',
    })
    set.push(...answered.headers.all('set-cookie'))
    stream.end()
  })
  const outcome: Outcome = { ...seen, set: sessionIn(set[0] ?? '') }
  const expected = job.expected(outcome)
  if (!isDeepStrictEqual(outcome, expected)) {
    throw new Error(
      `(${job.letter}) was not done: ${JSON.stringify(outcome)}, expected ${JSON.stringify(expected)}`,
    )
  }
}

/** What Envoy hands to the filter of this visit. */
function requestHeaders({ visit: { path, headers } }: Job): readonly (readonly [string, string])[] {
  const { host = '', ...others } = headers
  return [
    [':authority', host],
    [':path', path],
    [':method', 'GET'],
    [':scheme', 'http'],
    ...Object.entries(others),
    ['x-forwarded-for', '10.1.2.3'],
    ['x-forwarded-proto', 'http'],
    ['x-request-id', '4b7f3a52-1f2d-4a6c-8f0e-6d1c2b3a4958'],
  ]
}
