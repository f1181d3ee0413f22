/** The gateway's configuration file as a JSON Schema, draft 2020-12: {@link GatewayConfig} without its functions. */

const TEXT = { type: 'string' } as const
const NAME = { type: 'string', minLength: 1 } as const
const COUNT = { type: 'integer', minimum: 0 } as const
const POSITIVE = { type: 'integer', minimum: 1 } as const
const FLAG = { type: 'boolean' } as const

function object(properties: Readonly<Record<string, unknown>>, required: readonly string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

function list(items: unknown): object {
  return { type: 'array', items }
}

/** An object with exactly one of these fields, which says what kind it is; others stand beside any of them. */
function kindOf(
  kinds: Readonly<Record<string, unknown>>,
  beside: Readonly<Record<string, unknown>> = {},
): object {
  return {
    ...object({ ...kinds, ...beside }),
    oneOf: Object.keys(kinds).map((kind) => ({ required: [kind] })),
  }
}

const address = object({ host: NAME, port: { type: 'integer', minimum: 0, maximum: 65_535 } })

const filter = object(
  {
    name: NAME,
    module: NAME,
    rootId: TEXT,
    configuration: { type: ['string', 'object'] },
    environment: { type: 'object', additionalProperties: TEXT },
    failurePolicy: { enum: ['FAIL_CLOSED', 'FAIL_OPEN', 'FAIL_RELOAD'] },
    vmId: TEXT,
    vmConfiguration: TEXT,
    properties: { type: 'object' },
  },
  ['name', 'module'],
)

const hashPolicy = kindOf(
  {
    header: object(
      {
        headerName: NAME,
        regexRewrite: object({ pattern: TEXT, substitution: TEXT }, ['pattern', 'substitution']),
      },
      ['headerName'],
    ),
    cookie: object(
      { name: NAME, ttl: COUNT, path: TEXT, attributes: list(object({ name: NAME, value: TEXT }, ['name'])) },
      ['name'],
    ),
    connectionProperties: object({ sourceIp: FLAG }, ['sourceIp']),
    queryParameter: object({ name: NAME }, ['name']),
    filterState: object({ key: NAME }, ['key']),
  },
  { terminal: FLAG },
)

const retryPolicy = object(
  {
    retryOn: TEXT,
    numRetries: COUNT,
    perTryTimeout: POSITIVE,
    retriableStatusCodes: list({ type: 'integer', minimum: 100, maximum: 599 }),
    retryHostPredicate: list({ enum: ['previousHosts'] }),
    hostSelectionRetryMaxAttempts: COUNT,
    retryBackOff: object({ baseInterval: POSITIVE, maxInterval: POSITIVE }, ['baseInterval']),
  },
  ['retryOn'],
)

const route = object(
  {
    name: TEXT,
    match: kindOf({ prefix: TEXT, path: TEXT }),
    cluster: NAME,
    hashPolicy: list(hashPolicy),
    retryPolicy,
    perRequestBufferLimitBytes: COUNT,
  },
  ['match', 'cluster'],
)

const loadBalancer = {
  if: { type: 'string' },
  then: { enum: ['random', 'roundRobin'] },
  else: kindOf({
    ringHash: object({
      minimumRingSize: COUNT,
      maximumRingSize: COUNT,
      hashFunction: { enum: ['xxHash', 'murmurHash2'] },
    }),
    maglev: object({ tableSize: COUNT }),
  }),
}

const endpoint = object({ address: NAME, hashKey: TEXT, weight: POSITIVE, healthy: FLAG }, ['address'])

export const CONFIG_SCHEMA = object(
  {
    listener: address,
    admin: address,
    filters: list(filter),
    virtualHosts: list(
      object(
        {
          name: NAME,
          domains: list(NAME),
          routes: list(route),
          includeRequestAttemptCount: FLAG,
          includeAttemptCountInResponse: FLAG,
        },
        ['name', 'domains', 'routes'],
      ),
    ),
    clusters: list(
      object(
        {
          name: NAME,
          endpoints: list(endpoint),
          loadBalancer,
          healthCheck: object({ interval: POSITIVE, timeout: POSITIVE }),
          http2ProtocolOptions: object({}),
          circuitBreakers: object({ maxRetries: COUNT }),
          healthyPanicThreshold: { type: 'integer', minimum: 0, maximum: 100 },
        },
        ['name', 'endpoints'],
      ),
    ),
    ignorePortInHostMatching: FLAG,
    useRemoteAddress: FLAG,
    xffNumTrustedHops: COUNT,
    drainTime: COUNT,
  },
  ['virtualHosts', 'clusters'],
)
