import { CookieJar } from 'tough-cookie'
import { Agent, fetch, getSetCookies, type Cookie } from 'undici'
import type { Echo } from '../../demo/replica.ts'

/** One visit, as the client and as the pod saw it. */
export interface Visit {
  readonly pod: string
  /** The session's cookie as it arrived at the pod, minted on the way or sent; undefined for none. */
  readonly session: string | undefined
  /** The Cookie header that the client sent; '' for none. */
  readonly sent: string
  /** The cookies that the answer set, as undici reads them. */
  readonly set: readonly Cookie[]
}

/** A pool of one connection for each origin; names resolve to 127.0.0.1. HTTP/2 where the server has TLS. */
export function connections(ca: string): Agent {
  return new Agent({
    connections: 1,
    allowH2: true,
    connect: {
      ca,
      lookup: (_host, options, found) => {
        if (options.all === true) found(null, [{ address: '127.0.0.1', family: 4 }])
        else found(null, '127.0.0.1', 4)
      },
    },
  })
}

/** Somebody whose requests undici sends, and whose cookies tough-cookie keeps. */
export class Visitor {
  /** As strict as jars get: prefixes of names bind. */
  readonly jar = new CookieJar(undefined, { prefixSecurity: 'strict' })
  readonly #dispatcher: Agent

  constructor(dispatcher: Agent) {
    this.#dispatcher = dispatcher
  }

  /** Throws if the answer is not a pod's echo, or sets a cookie that the jar refuses. */
  async get(url: string, name = 'ISTIOID'): Promise<Visit> {
    const sent = await this.jar.getCookieString(url)
    const response = await fetch(url, {
      dispatcher: this.#dispatcher,
      headers: { accept: '*/*', ...(sent === '' ? {} : { cookie: sent }) },
    })
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
    for (const line of response.headers.getSetCookie()) await this.jar.setCookie(line, url)
    const { pod, headers } = (await response.json()) as Echo
    return { pod, session: cookieOf(headers, name), sent, set: getSetCookies(response.headers) }
  }
}

function cookieOf(headers: Echo['headers'], name: string): string | undefined {
  return headers
    .filter(([header]) => header === 'cookie')
    .flatMap(([, line]) => line.split('; '))
    .find((pair) => pair.startsWith(`${name}=`))
}
