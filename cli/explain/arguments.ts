import { parseCommandLine } from '../../tools/command-line.ts'
import { UsageError } from '../../tools/usage-error.ts'
import { requestInHar } from './har.ts'
import type { Pods } from './pod-set.ts'
import { podsGiven } from './pods.ts'
import { addressOf, headersOf, type Request, requestOf } from './request.ts'

export interface ExplainArguments {
  readonly format: 'text' | 'json'
  readonly request: Request
  readonly manifests: readonly string[]
  readonly plugin: string | undefined
  readonly proxyNamespace: string | undefined
  readonly destination: string | undefined
  readonly port: number | undefined
  readonly subset: string | undefined
  readonly pods: Pods | undefined
  readonly claims: string | undefined
  readonly metadata: string | undefined
  readonly peer: string | undefined
  readonly sourceAddress: string | undefined
  readonly time: Date
  /** Files by the names of environment variables. */
  readonly variables: ReadonlyMap<string, string>
}

const TEXT = { type: 'string' } as const
const TEXTS = { type: 'string', multiple: true, default: [] as string[] } as const
const FLAG = { type: 'boolean' } as const

/** Reads the command line, without node and the script, and the HAR file that it names. Throws {@link UsageError}. */
export function readArguments(args: readonly string[]): ExplainArguments {
  const { values, positionals } = parseCommandLine(args, {
    allowPositionals: true,
    options: {
      request: { ...TEXT, short: 'X' },
      header: { ...TEXTS, short: 'H' },
      cookie: { ...TEXTS, short: 'b' },
      data: { ...TEXT, short: 'd' },
      'data-raw': TEXT,
      'data-binary': TEXT,
      'user-agent': { ...TEXT, short: 'A' },
      insecure: { ...FLAG, short: 'k' },
      compressed: FLAG,
      har: TEXT,
      entry: TEXT,
      manifests: TEXTS,
      plugin: TEXT,
      'proxy-namespace': TEXT,
      destination: TEXT,
      port: TEXT,
      subset: TEXT,
      pods: TEXTS,
      claims: TEXT,
      metadata: TEXT,
      peer: TEXT,
      'source-address': TEXT,
      at: TEXT,
      env: TEXTS,
      format: { ...TEXT, default: 'text' },
    },
  })
  if (values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`--format ${values.format}: expected text or json`)
  }
  const manifests = values.manifests.flatMap((list) => list.split(',')).filter((path) => path !== '')
  if (manifests.length === 0) throw new UsageError('explain: name manifests with --manifests PATH')
  if (values.subset !== undefined && values.destination === undefined) {
    throw new UsageError('--subset is for --destination: a route names its own')
  }
  const data = values.data ?? values['data-raw'] ?? values['data-binary']
  const isCurl =
    data !== undefined ||
    [values.request, values['user-agent']].some((value) => value !== undefined) ||
    values.header.length + values.cookie.length > 0
  return {
    format: values.format,
    request: requestFrom(positionals, { ...values, isCurl, hasBody: data !== undefined }),
    manifests,
    plugin: values.plugin,
    proxyNamespace: values['proxy-namespace'],
    destination: values.destination,
    port: values.port === undefined ? undefined : wholeNumber('--port', values.port, 65_535),
    subset: values.subset,
    pods: values.pods.length === 0 ? undefined : podsGiven(values.pods),
    claims: values.claims,
    metadata: values.metadata,
    peer: values.peer,
    sourceAddress:
      values['source-address'] === undefined
        ? undefined
        : addressOf('--source-address', values['source-address']),
    time: values.at === undefined ? new Date() : timeOf(values.at),
    variables: new Map(values.env.map(variableOf)),
  }
}

interface RequestOptions {
  readonly isCurl: boolean
  readonly hasBody: boolean
  readonly request?: string | undefined
  readonly header: readonly string[]
  readonly cookie: readonly string[]
  readonly 'user-agent'?: string | undefined
  readonly har?: string | undefined
  readonly entry?: string | undefined
}

function requestFrom(positionals: readonly string[], options: RequestOptions): Request {
  const { har, entry } = options
  const [url, ...more] = positionals
  if (har !== undefined) {
    if (url !== undefined || options.isCurl) {
      throw new UsageError('--har has the request: no URL and no options of curl beside it')
    }
    return requestInHar(har, entry === undefined ? undefined : wholeNumber('--entry', entry, 1_000_000))
  }
  if (entry !== undefined) throw new UsageError('--entry is for --har')
  if (url === undefined || more.length > 0) throw new UsageError('explain: name one URL, or --har FILE')
  return requestOf(options.request ?? (options.hasBody ? 'POST' : 'GET'), url, [
    ...options.header.flatMap(headersOf),
    ...(options['user-agent'] === undefined ? [] : [['user-agent', options['user-agent']] as const]),
    ...(options.cookie.length === 0 ? [] : [['cookie', options.cookie.map(cookieText).join('; ')] as const]),
  ])
}

/** curl reads what has no "=" as the name of a file; here that is most likely a slip. */
function cookieText(text: string): string {
  if (!text.includes('=')) throw new UsageError('-b takes cookies, "name=value", and no file')
  return text
}

function wholeNumber(option: string, text: string, most: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > most) {
    throw new UsageError(`${option} ${text}: expected a whole number from 1 to ${most}`)
  }
  return number
}

function timeOf(text: string): Date {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(time.getTime())) {
    throw new UsageError(`--at ${text}: expected a time as 2027-01-31T00:00:00Z`)
  }
  return time
}

function variableOf(text: string): readonly [name: string, file: string] {
  const [, name, file] = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text) ?? []
  // What was written may be the secret itself: it is not shown.
  if (name === undefined || file === undefined) throw new UsageError('--env takes NAME=FILE')
  return [name, file]
}
