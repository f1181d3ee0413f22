import { parseCommandLine } from '../../tools/command-line.ts'
import { UsageError } from '../../tools/usage-error.ts'

export interface ProbeArguments {
  /** Of one origin; the first as it was given. */
  readonly urls: readonly URL[]
  readonly sessions: number
  /** Of each session to each URL. */
  readonly requests: number
  readonly concurrency: number
  /** Milliseconds between the rounds of a session. */
  readonly pause: number
  readonly podHeader: string
  readonly cookie: string
  /** The Host header and the name asked for in TLS, where it is not the URL's. */
  readonly host: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly tokenFile: string | undefined
  readonly oneConnection: boolean
  readonly insecure: boolean
  readonly format: 'text' | 'json'
  /** From 0 to 1. */
  readonly minShare: number
}

export const HELP = `Usage: mooring probe URL [PATH...] [options]

Asks a running gateway as many clients would, and says which share of the sessions stayed on their pod, from the
first request on; and why the others did not. Each session has a cookie jar of its own. All its requests share a
connection but the last ones, which come over a new one.

PATH is another path of the same host, or a URL of it. Only GET is sent, and redirects are not followed.

Answers have to name their pod in a header. docs/probe.md says how to add one.

Options:
  --pod-header NAME    the header that names the pod; default x-pod
  --cookie NAME        the session's cookie; default ISTIOID
  --sessions N         1 to 100000; default 200
  --requests N         of each session to each path, 2 to 1000; default 5
  --concurrency N      sessions at a time, 1 to 256; default 8
  --pause MS           between two rounds of a session; default 0
  --one-connection     all sessions over one connection, as behind a proxy; one at a time
  --host NAME          the Host header and TLS name, where they are not the URL's
  -H 'NAME: VALUE'     a header of each request; may be repeated
  --token-file FILE    bearer tokens, one a line; the sessions take turns
  --insecure           do not verify the certificate
  --min-share SHARE    the least share that is good, 0 to 1; default 1
  --format text|json   default text
  --help               this text

Exit codes:
  0   at least --min-share of the sessions stuck
  1   less
  2   the command line cannot be read, nobody answered, or no answer named a pod

Environment:
  NO_COLOR             no colours

Examples:
  mooring probe https://shop.example.com/cart /api/items --sessions 200 --requests 5 --pod-header x-pod
  mooring probe http://127.0.0.1:8080/ --host test.com --min-share 0.99
  mooring probe https://shop.example.com/ --token-file tokens.txt --format json
`

/** Reads the command line, without node and the script; throws {@link UsageError}. */
export function readArguments(args: readonly string[]): ProbeArguments {
  const { values, positionals } = parseCommandLine(args, {
    allowPositionals: true,
    options: {
      'pod-header': { type: 'string', default: 'x-pod' },
      cookie: { type: 'string', default: 'ISTIOID' },
      sessions: { type: 'string', default: '200' },
      requests: { type: 'string', default: '5' },
      concurrency: { type: 'string', default: '8' },
      pause: { type: 'string', default: '0' },
      'one-connection': { type: 'boolean', default: false },
      host: { type: 'string' },
      header: { type: 'string', short: 'H', multiple: true, default: [] },
      'token-file': { type: 'string' },
      insecure: { type: 'boolean', default: false },
      'min-share': { type: 'string', default: '1' },
      format: { type: 'string', default: 'text' },
    },
  })
  if (values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`--format ${values.format}: expected text or json`)
  }
  const minShare = Number(values['min-share'])
  if (values['min-share'].trim() === '' || !(minShare >= 0 && minShare <= 1)) {
    throw new UsageError(`--min-share ${values['min-share']}: expected a number from 0 to 1`)
  }
  const oneConnection = values['one-connection']
  return {
    urls: readUrls(positionals),
    sessions: whole('sessions', values.sessions, 1, 100_000),
    requests: whole('requests', values.requests, 2, 1_000),
    concurrency: oneConnection ? 1 : whole('concurrency', values.concurrency, 1, 256),
    pause: whole('pause', values.pause, 0, 3_600_000),
    podHeader: token('--pod-header', values['pod-header']).toLowerCase(),
    cookie: token('--cookie', values.cookie),
    host: values.host,
    headers: values.header.map(readHeader),
    tokenFile: values['token-file'],
    oneConnection,
    insecure: values.insecure,
    format: values.format,
    minShare,
  }
}

function readUrls([first, ...others]: readonly string[]): readonly URL[] {
  if (first === undefined) throw new UsageError('probe: name a URL')
  const base = parseUrl(first)
  const urls = [base, ...others.map((other) => parseUrl(other, base))]
  const foreign = urls.find(({ origin }) => origin !== base.origin)
  if (foreign !== undefined) {
    throw new UsageError(`${foreign.href}: expected a path of ${base.origin}, as the first URL`)
  }
  return urls
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`${text}: expected a URL that begins with http:// or https://`)
  }
  return url
}

function whole(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new UsageError(`--${name} ${text}: expected a whole number from ${least} to ${most}`)
  }
  return number
}

/** A token as RFC 9110, 5.6.2 has it. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

function token(option: string, text: string): string {
  if (!TOKEN.test(text)) throw new UsageError(`${option} ${text}: expected a name, without spaces`)
  return text
}

function readHeader(text: string): readonly [name: string, value: string] {
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(colon, 0))
  // Node refuses other characters with an error that names no option.
  if (!TOKEN.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
    throw new UsageError(`-H ${JSON.stringify(text)}: expected 'name: value'`)
  }
  return [name, text.slice(colon + 1).trim()]
}
