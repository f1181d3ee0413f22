import type { HeaderEntry } from '../../host/index.ts'
import { FOREIGN_CALLS } from './foreign-calls.ts'

/** What the guest meets on both sides. */
export const PLUGIN = {
  name: 'ns.probe',
  rootId: 'root',
  vmId: 'vm',
  vmConfiguration: 'vm configuration',
  configuration: 'plugin configuration',
} as const

export const ENVIRONMENT = { PROBE: 'value' } as const

/** The cluster of every route. */
export const CLUSTER = 'outbound|8080|v1|cart.shop.svc.cluster.local'

/** The proxy's own metadata, as Istio's agents write it. */
export const NODE_METADATA = { NAMESPACE: 'shop', NULL: null } as const

interface ProbeRequest {
  readonly method: string
  readonly path: string
  /** In lower case, in the order in which they are sent. */
  readonly headers: readonly HeaderEntry[]
  readonly body: string
  /** Envoy answers it itself, before any filter: a path may have no fragment. */
  readonly rejected?: true
  /** Sent over the one connection that all of these share; others have one of their own. */
  readonly keepsConnection?: true
  /** What the server does that the guest calls out to. */
  readonly call?: string
  /** Envoys whose record of this request is another one, which docs/host.md explains. */
  readonly differsIn?: readonly string[]
}

/**
 * What Envoy looks up without asking a server: an address, a name that has no other (RFC 6761), one that no server may
 * be asked for (RFC 7686), and what is no name.
 */
const DNS_NAMES = [
  '127.0.0.1',
  '2001:DB8:0:0::01',
  '::ffff:10.0.0.1',
  'localhost',
  'x.onion',
  'a..b',
  '.a',
  `${'a'.repeat(64)}.b`,
]
/** The answers to some of them. */
export const HOSTS: Readonly<Record<string, readonly string[]>> = { localhost: ['::1'], 'x.onion': [] }

/** A request that the upstream sends elsewhere, and Envoy itself follows: another stream. */
export const REDIRECT = { from: '/from', to: '/to' } as const

/** What the guest does with objects in the filter state (spans.ts), over connections of their own. */
const SPANS = ['r.', 's1r.s1r.s0r.s2r.', 's0s1r.s0r.', 's2s0r.d2d2r.'] as const
/** And over one that they share. */
const SPANS_OF_ONE_CONNECTION: readonly [steps: string, path?: string][] = [
  ['r.s0r.d0r.d1r.d2r.d3r.s0r.s2r.d2d3d0r.'],
  ['r.d0d2d1d3s0r.'],
  ['s2r.'],
  ['s0r.s1r.s2r.'],
  ['s2r.d0d1d2d3r.', REDIRECT.from],
  ['r.'],
]

function spanRequest(
  steps: string,
  path: string,
  options: { readonly keepsConnection?: true } = {},
): ProbeRequest {
  return { method: 'GET', path, headers: [['x-t-span', steps]], body: '', ...options }
}

const HEADERS: readonly HeaderEntry[] = [
  ['cookie', 'a=1'],
  ['x-t-empty', ''],
  ['cookie', 'b=2; c="3"'],
  ['user-agent', 'probe'],
  ['x-t-gone', '1'],
  ['x-t-gone', '2'],
]

export const REQUESTS: readonly ProbeRequest[] = [
  { method: 'GET', path: '/a/b?c=d&e', headers: HEADERS, body: '' },
  { method: 'POST', path: '/post', headers: [...HEADERS, ['content-length', '5']], body: 'hello' },
  { method: 'GET', path: '/reply', headers: [...HEADERS, ['x-t-reply', '1']], body: '' },
  {
    method: 'POST',
    path: '/grpc-reply',
    headers: [
      ['content-type', 'application/grpc'],
      ['x-t-reply', '1'],
      ['content-length', '5'],
    ],
    body: 'hello',
  },
  { method: 'GET', path: '/#fragment', headers: [], body: '', rejected: true },
  ...['answer', 'empty', 'refuse', 'hang', 'drop', 'break', 'grpcOk', 'grpcNot', 'grpcHang', 'stream'].map(
    (call): ProbeRequest => ({
      method: 'GET',
      path: `/${call}`,
      headers: [...HEADERS, ['x-t-call', call]],
      body: '',
      call,
    }),
  ),
  ...DNS_NAMES.map((name, index): ProbeRequest => ({
    method: 'GET',
    path: `/dns/${index}`,
    headers: [['x-t-dns', name]],
    body: '',
  })),
  ...SPANS_OF_ONE_CONNECTION.map(([steps, path], index) =>
    spanRequest(steps, path ?? `/together/${index}`, { keepsConnection: true }),
  ),
  ...SPANS.map((steps, index) => spanRequest(steps, `/alone/${index}`)),
  ...FOREIGN_CALLS.map(({ name, argument, differsIn }, index): ProbeRequest => ({
    method: 'GET',
    path: `/foreign/${index}`,
    headers: [
      ['x-t-foreign', name],
      ['x-t-argument', Buffer.from(argument).toString('hex')],
    ],
    body: '',
    differsIn,
  })),
]

/** What Envoy makes of them: a request that it follows elsewhere is a second stream there. */
export const STREAMS: readonly ProbeRequest[] = REQUESTS.flatMap((request) =>
  request.path === REDIRECT.from ? [request, { ...request, path: REDIRECT.to }] : [request],
)

/** What the server behind Envoy answers. */
export const UPSTREAM = {
  headers: [
    ['x-t-up', 'one'],
    ['cookie', 'odd=1'],
    ['content-type', 'text/plain'],
    ['content-length', '5'],
  ] satisfies readonly HeaderEntry[],
  body: 'world',
} as const

/** Clusters that the guest calls out to: one that answers, one that no connection reaches, one that speaks gRPC. */
export const CALLEES = ['callee', 'closed', 'grpc'] as const

/** What the server answers that the guest calls out to. */
export const CALLEE = {
  headers: [
    ['x-t-up', 'callee'],
    ['set-cookie', 'a=1'],
    ['x-t-up', 'twice'],
  ] satisfies readonly HeaderEntry[],
  body: 'answered',
  trailers: [['x-t-end', 'last']] satisfies readonly HeaderEntry[],
} as const
