import { Agent, request as plainRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cookie, CookieJar, defaultPath } from 'tough-cookie'
import type { ProbeArguments } from './arguments.ts'
import type { SessionRecord, SetCookie, Visit } from './visit.ts'

/** A request that has had no byte of an answer for so long has failed. */
const TIMEOUT_MS = 30_000

/** What one client is to do: the command line's word, and a bearer token of its own. */
export interface ClientOptions extends Pick<
  ProbeArguments,
  'urls' | 'requests' | 'pause' | 'podHeader' | 'cookie' | 'host' | 'headers' | 'insecure'
> {
  readonly token: string | undefined
  /** A connection that is shared with other clients, and not ended here. Default: connections of its own. */
  readonly shared?: Agent
}

/** A pool of one connection, which stays open. */
export function oneConnection({ protocol }: URL): Agent {
  return protocol === 'https:'
    ? new SecureAgent({ keepAlive: true, maxSockets: 1 })
    : new Agent({ keepAlive: true, maxSockets: 1 })
}

/** Lives one session: each round asks every URL once, and the last round comes over a new connection. */
export async function liveSession(options: ClientOptions): Promise<SessionRecord> {
  const { urls, requests, pause, shared } = options
  const [first] = urls
  if (first === undefined) return { visits: [], failures: [] }
  // A client that is no browser, or one on another machine: http is not trusted for being local.
  const jar = new CookieJar(undefined, { allowSecureOnLocal: false })
  const visits: Visit[] = []
  const failures: string[] = []
  let agent = shared ?? oneConnection(first)
  for (let round = 1; round <= requests; round += 1) {
    if (round === requests && shared === undefined) {
      agent.destroy()
      agent = oneConnection(first)
    }
    if (round > 1 && pause > 0) await sleep(pause)
    for (const url of urls) {
      try {
        visits.push(await visit(url, jar, agent, options))
      } catch (error) {
        failures.push(isSystemError(error) ? error.code : String(error))
      }
    }
  }
  if (shared === undefined) agent.destroy()
  return { visits, failures }
}

async function visit(url: URL, jar: CookieJar, agent: Agent, options: ClientOptions): Promise<Visit> {
  const { cookie, podHeader, host } = options
  // A jar goes by the name that the site has for its clients.
  const site = new URL(url)
  if (host !== undefined) site.host = host
  const jarred = await jar.getCookies(site.href)
  const sent = jarred.map((each) => each.cookieString()).join('; ')
  const { response, connection } = await get(url, sent, agent, options)
  const set: SetCookie[] = []
  for (const line of response.headers['set-cookie'] ?? []) {
    let refused: string | undefined
    try {
      await jar.setCookie(line, site.href)
    } catch (error) {
      refused = error instanceof Error ? error.message : String(error)
    }
    const parsed = Cookie.parse(line)
    if (parsed?.key !== cookie) continue
    set.push({
      value: parsed.value,
      secure: parsed.secure,
      path: parsed.path ?? defaultPath(url.pathname),
      refused,
    })
  }
  const pod = response.headers[podHeader]
  return {
    path: url.pathname + url.search,
    at: performance.now(),
    status: response.statusCode ?? 0,
    pod: Array.isArray(pod) ? pod.join(', ') : pod,
    connection,
    sent: jarred.find(({ key }) => key === cookie)?.value,
    set,
  }
}

interface Answer {
  readonly response: IncomingMessage
  readonly connection: string
}

/** The answer, once its body has come. Throws the system's error where there is none. */
async function get(url: URL, cookies: string, agent: Agent, options: ClientOptions): Promise<Answer> {
  const { host, headers, token, insecure } = options
  const name = (host ?? url.hostname).replace(/:\d+$/, '')
  const lines = [
    ...['host', host ?? url.host, 'user-agent', 'mooring-probe', 'accept', '*/*'],
    ...(cookies === '' ? [] : ['cookie', cookies]),
    ...(token === undefined ? [] : ['authorization', `Bearer ${token}`]),
    ...headers.flat(),
  ]
  const send = () =>
    new Promise<Answer>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? secureRequest : plainRequest)(
        {
          hostname: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port,
          path: url.pathname + url.search,
          agent,
          headers: lines,
          rejectUnauthorized: !insecure,
          timeout: TIMEOUT_MS,
          // RFC 6066, 3: an address is no server name.
          ...(isIP(name) === 0 ? { servername: name } : {}),
        },
        (response) => {
          // The socket is gone from the answer once the body has come.
          const connection = `${response.socket.localAddress ?? ''}:${response.socket.localPort ?? 0}`
          response.resume()
          response.on('error', reject)
          response.on('end', () => {
            resolve({ response, connection })
          })
        },
      )
      request.on('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
      request.on('error', (error) => {
        reject(Object.assign(error, { reused: request.reusedSocket }))
      })
      request.end()
    })
  try {
    return await send()
  } catch (error) {
    // The other side ended an idle connection just when this request went out: no fault of anybody's.
    if (isSystemError(error) && error.code === 'ECONNRESET' && error.reused === true) return await send()
    throw error
  }
}

function isSystemError(
  error: unknown,
): error is Error & { readonly code: string; readonly reused?: boolean } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}
