import { cookiesGiven, judge, type Claim } from '../claims.ts'
import type { Exchange } from '../client.ts'
import type { HashKey } from '../resources.ts'
import type { Run } from '../scenario.ts'
import type { Style } from '../../tools/style.ts'
import { table } from './table.ts'

/** More clients than this are summed up rather than listed. */
const LISTED_CLIENTS = 8

export interface TextOptions {
  readonly style: Style
  /** List every request of every client. */
  readonly verbose: boolean
}

/** A run as people read it: what was sent and answered, each replica's log, and what follows from it. */
export function runAsText(run: Run, options: TextOptions): string {
  const { style } = options
  const file = style.dim(`manifests/${run.scenario.destinationRule}`)
  const body =
    run.clients.length > LISTED_CLIENTS
      ? crowd(run)
      : run.clients.length === 1 || options.verbose
        ? [...requests(run, style), '', ...podLogs(run, style)]
        : byClient(run, style)
  return [
    style.bold(run.scenario.title),
    `  ${file}`,
    `  ${whoAsks(run)}`,
    '',
    ...indent(body),
    '',
    ...indent(judge(run).map((claim) => claimAsText(claim, style))),
    '',
  ].join('\n')
}

function whoAsks({ clients, scenario }: Run): string {
  const each = requestCount(clients[0]?.length ?? 0)
  if (clients.length === 1) return `one client, ${each}`
  const behind = scenario.identity === 'address' ? 'with an address each' : 'behind one connection'
  return `${clients.length} clients ${behind}, ${each} each`
}

function claimAsText({ claim, holds, found }: Claim, style: Style): string {
  return `${holds ? style.good('ok    ') : style.bad('FAILED')} ${claim} ${style.dim(`(${found})`)}`
}

function requests(run: Run, style: Style): readonly string[] {
  const several = run.clients.length > 1
  const [heading, ...rows] = table(
    [
      ...(several ? [{ heading: 'client' }] : []),
      { heading: '#', align: 'right' },
      { heading: 'request' },
      { heading: 'cookie sent' },
      { heading: 'cookie set by the answer' },
      { heading: 'answered by' },
    ],
    run.clients
      .flat()
      .map((exchange) => [
        ...(several ? [exchange.client] : []),
        String(exchange.request),
        `GET ${exchange.path}`,
        exchange.cookie ?? '-',
        cookiesGiven([exchange]).join(', ') || '-',
        exchange.echo?.pod ?? `the gateway: ${exchange.status}`,
      ]),
  )
  return [style.dim(heading), ...rows]
}

function podLogs({ logs }: Run, style: Style): readonly string[] {
  return [...logs].flatMap(([pod, lines]) => [
    `${style.dim('log of')} ${pod}: ${lines.length === 0 ? 'empty' : requestCount(lines.length)}`,
    ...lines.map((line) => `  ${line}`),
  ])
}

function byClient(run: Run, style: Style): readonly string[] {
  const pods = [...run.logs.keys()]
  const [heading, ...rows] = table(
    [
      { heading: 'client' },
      { heading: hashedAs(run.mesh.destinationRule.key) },
      ...pods.map((pod) => ({ heading: shortName(pod), align: 'right' as const })),
    ],
    [
      ...run.clients.map((exchanges) => [
        exchanges[0]?.client ?? '',
        hashedValues(exchanges, run.mesh.destinationRule.key),
        ...pods.map((pod) => cell(exchanges.filter(({ echo }) => echo?.pod === pod).length)),
      ]),
      ["replica's log", '', ...pods.map((pod) => String(run.logs.get(pod)?.length ?? 0))],
    ],
  )
  return [style.dim(heading), ...rows]
}

function crowd(run: Run): readonly string[] {
  const each = run.clients[0]?.length ?? 0
  return [
    ...[...run.logs].map(([pod, lines]) => `${pod}  ${String(lines.length / each).padStart(3)} clients`),
  ]
}

function hashedAs(key: HashKey): string {
  switch (key.kind) {
    case 'httpHeaderName':
      return `header ${key.name}`
    case 'httpCookie':
      return `cookie ${key.name}`
    case 'httpQueryParameterName':
      return `parameter ${key.name}`
    case 'useSourceIp':
      return 'source address'
  }
}

/** What Envoy found to hash, as far as the client and the replica can tell: one value, or several. */
function hashedValues(exchanges: readonly Exchange[], key: HashKey): string {
  const values = new Set(exchanges.map((exchange) => hashedValue(exchange, key)))
  return [...values].join(', ')
}

function hashedValue(exchange: Exchange, key: HashKey): string {
  switch (key.kind) {
    case 'httpHeaderName':
      return exchange.echo?.headers.find(([name]) => name === key.name)?.[1] ?? '-'
    case 'httpCookie': {
      const sent = [exchange.cookie, ...cookiesGiven([exchange])].find((pair) =>
        pair?.startsWith(`${key.name}=`),
      )
      return sent?.slice(key.name.length + 1) ?? '-'
    }
    case 'httpQueryParameterName':
      return new URLSearchParams(exchange.path.split('?')[1]).get(key.name) ?? '-'
    case 'useSourceIp':
      return exchange.connection.replace(/:\d+$/, '')
  }
}

function shortName(pod: string): string {
  return pod.slice(pod.lastIndexOf('-') + 1)
}

function cell(count: number): string {
  return count === 0 ? '.' : String(count)
}

function requestCount(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}
