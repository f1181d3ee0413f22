/** What filters of other people's SDKs are put through, in the host and in Envoy. */
import type { HeaderEntry } from '../../host/index.ts'

export interface SdkRequest {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly HeaderEntry[]
  readonly body?: string
}

/** One configuration of a module, and the requests that it gets. */
export interface SdkFilter {
  readonly configuration: string
  readonly requests: readonly SdkRequest[]
  /** Milliseconds until the first request. */
  readonly wait?: number
}

/** What became of a request. */
export interface Outcome {
  readonly status: number
  readonly headers: readonly HeaderEntry[]
  readonly body: string
  /** As the server behind the filter got it, if it did. */
  readonly upstream: Pick<Outcome, 'headers' | 'body'> | undefined
}

/** All that can be seen of a filter's run. */
export interface Run {
  readonly outcomes: readonly Outcome[]
  /** What the roots said, each line once, and what streams said, in order. */
  readonly rootLogs: readonly string[]
  readonly streamLogs: readonly string[]
  /** Counters and gauges that the filter has defined. */
  readonly metrics: Readonly<Record<string, number>>
}

/** What the server behind the filter answers. */
export const APP = {
  headers: [
    ['x-t-up', 'one'],
    ['x-t-secret', 'not for clients'],
    ['content-type', 'text/plain'],
  ] satisfies readonly HeaderEntry[],
  body: (received: string): string => `echo ${received}`,
}

/** What the server answers that a filter asks; `hang`: nothing. */
export function authAnswer(
  path: string,
): { readonly status: number; readonly headers: readonly HeaderEntry[]; readonly body: string } | 'hang' {
  if (path === '/hang') return 'hang'
  if (path === '/deny') return { status: 403, headers: [['x-t-reason', 'denied']], body: 'not you' }
  return { status: 200, headers: [['x-t-reason', 'known']], body: 'yes' }
}

/** Headers of the tests' own: what servers and proxies add is another matter. */
export function ownHeaders(entries: Iterable<HeaderEntry>): HeaderEntry[] {
  return [...entries].filter(([name]) => name.startsWith('x-t-') || name === 'powered-by')
}

/** Takes apart what roots have said, which each thread's does, and what streams have said. */
export function logsOf(lines: readonly string[]): Pick<Run, 'rootLogs' | 'streamLogs'> {
  const ofRoot = (line: string): boolean => /^(vm start|configure) /.test(line)
  return { rootLogs: [...new Set(lines.filter(ofRoot))], streamLogs: lines.filter((line) => !ofRoot(line)) }
}

const HEADERS: readonly HeaderEntry[] = [
  ['x-t-gone', '1'],
  ['x-t-list', 'sent'],
  ['x-t-empty', ''],
  ['x-t-set', 'old'],
]

export const RUST_FILTERS: readonly SdkFilter[] = [
  {
    configuration: 'headers',
    requests: [
      { headers: HEADERS },
      { headers: [...HEADERS, ['x-t-ask', 'hello']] },
      { headers: [['x-t-ask', 'nothing']] },
      { headers: [['x-t-ask', 'else']], body: 'text' },
    ],
  },
  { configuration: 'body', requests: [{ body: 'hello' }, {}, { body: 'x'.repeat(40_000) }] },
  {
    configuration: 'callout',
    requests: [{ path: '/allow' }, { path: '/deny' }, { path: '/hang' }, { path: '/allow', body: 'x' }],
  },
  { configuration: 'shared', requests: [{}, {}, {}] },
  { configuration: 'tick', wait: 400, requests: [{}, {}] },
  { configuration: 'metrics', requests: [{}, {}] },
  { configuration: 'properties', requests: [{ path: '/a/b?c=d' }] },
]

export const AS_FILTERS: readonly SdkFilter[] = [
  {
    configuration: 'from the test',
    requests: [
      { path: '/a?b', headers: [...HEADERS, ['x-t-user', 'alice']] },
      { headers: HEADERS },
      {
        headers: [
          ['x-t-user', 'bob'],
          ['x-t-user', 'eve'],
        ],
        body: 'text',
      },
    ],
  },
]
