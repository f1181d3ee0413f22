import type { Exchange } from './client.ts'
import type { Run } from './scenario.ts'

/** Something the demo says about a run, and whether the run bears it out. */
export interface Claim {
  readonly claim: string
  readonly holds: boolean
  /** What was counted, e.g. `18 of 18`. */
  readonly found: string
}

/** Everything that is claimed about a run. It is true when every claim holds. */
export function judge(run: Run): readonly Claim[] {
  const { filter, identity, expected } = run.scenario
  return [
    ...OUTCOMES[expected](run),
    ...(filter ? minted(run) : []),
    answered(run),
    logsAgree(run),
    ...(identity === 'address' ? [] : [oneConnection(run)]),
  ]
}

const OUTCOMES = { moored, shared: crowded, scattered }

/** The pods that answered a client. */
export function podsOf(exchanges: readonly Exchange[]): ReadonlySet<string> {
  return new Set(exchanges.flatMap(({ echo }) => (echo === undefined ? [] : [echo.pod])))
}

/** The values of the cookies that a client was given, in order. */
export function cookiesGiven(exchanges: readonly Exchange[]): readonly string[] {
  return exchanges.flatMap(({ setCookie }) => setCookie.map((line) => line.split(';')[0] ?? ''))
}

function answered({ clients }: Run): Claim {
  const all = clients.flat()
  return count(
    'every request was answered by a replica',
    all.filter(({ echo }) => echo !== undefined),
    all,
  )
}

function logsAgree({ clients, logs }: Run): Claim {
  const seen = clients.flat()
  const agreeing = [...logs].filter(
    ([pod, lines]) => lines.length === seen.filter(({ echo }) => echo?.pod === pod).length,
  )
  return count("each replica's log has exactly the requests that clients saw it answer", agreeing, [...logs])
}

function oneConnection({ clients }: Run): Claim {
  const connections = new Set(clients.flat().map(({ connection }) => connection))
  return {
    claim: 'all clients came over one connection',
    holds: connections.size === 1,
    found: String(connections.size),
  }
}

function moored({ clients, logs }: Run): readonly Claim[] {
  const stayed = clients.filter((exchanges) => podsOf(exchanges).size === 1)
  const claims = [count('each client stayed on one pod, its first request included', stayed, clients)]
  if (clients.length === 1) {
    const counts = [...logs.values()].map(({ length }) => length).sort((a, b) => b - a)
    claims.push({
      claim: 'one replica logged every request, the others none',
      holds: counts[0] === clients.flat().length && counts.slice(1).every((other) => other === 0),
      found: counts.join(' / '),
    })
  }
  if (clients.length >= CROWD) {
    const used = [...logs.values()].filter(({ length }) => length > 0)
    claims.push(count('every replica has clients', used, [...logs]))
  }
  return claims
}

/** From this many clients on, some pod being left out would be no accident: below 1e-9 with three pods. */
const CROWD = 60

function minted({ clients }: Run): readonly Claim[] {
  const once = clients.filter(
    (exchanges) =>
      cookiesGiven(exchanges).length === 1 && cookiesGiven(exchanges.slice(0, 1))[0]?.startsWith('ISTIOID='),
  )
  const distinct = new Set(clients.flatMap(cookiesGiven))
  const claims = [count('each client was given one cookie, with its first answer', once, clients)]
  if (clients.length > 1) {
    claims.push({
      claim: 'no two clients were given the same cookie',
      holds: distinct.size === clients.length,
      found: `${distinct.size} of ${clients.length} differ`,
    })
  }
  return claims
}

function crowded({ clients }: Run): readonly Claim[] {
  const cookies = new Set(clients.flatMap(cookiesGiven))
  const pods = podsOf(clients.flat())
  return [
    {
      claim: 'the gateway gave every client the same cookie',
      holds: cookies.size === 1 && clients.every((exchanges) => cookiesGiven(exchanges).length === 1),
      found: plural(cookies.size, 'cookie', clients.length),
    },
    {
      claim: 'so all of them crowd one pod',
      holds: pods.size === 1,
      found: plural(pods.size, 'pod', clients.length),
    },
  ]
}

function scattered({ clients }: Run): readonly Claim[] {
  const moved = clients.filter((exchanges) => podsOf(exchanges).size > 1)
  return [
    {
      claim: 'clients were sent from pod to pod',
      holds: moved.length > 0,
      found: `${moved.length} of ${clients.length}`,
    },
    {
      claim: 'nobody was given a cookie',
      holds: clients.flatMap(cookiesGiven).length === 0,
      found: String(clients.flatMap(cookiesGiven).length),
    },
  ]
}

function count(claim: string, some: readonly unknown[], all: readonly unknown[]): Claim {
  return { claim, holds: some.length === all.length, found: `${some.length} of ${all.length}` }
}

function plural(number: number, noun: string, clients: number): string {
  return `${number} ${noun}${number === 1 ? '' : 's'} for ${clients} clients`
}
