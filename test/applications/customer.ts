import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { CookieJar } from 'tough-cookie'
import { type Unwrapped, unwrap } from '../session/wrapped.ts'

const SITE = 'http://test.com/'

export interface Answer {
  readonly status: number
  readonly pod: string
  readonly body: string
  readonly setCookie: readonly string[]
}

/** Somebody who shops, with a cookie jar of his own. */
export class Customer {
  readonly name: string
  readonly jar = new CookieJar()
  readonly #port: number
  readonly #agent: Agent

  constructor(name: string, port: number, agent: Agent) {
    this.name = name
    this.#port = port
    this.#agent = agent
  }

  /** @param form sent as a browser sends one */
  async send(method: 'GET' | 'POST', path: string, form = ''): Promise<Answer> {
    const cookie = await this.jar.getCookieString(SITE)
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      agent: this.#agent,
      method,
      path,
      headers: {
        host: 'test.com',
        ...(cookie === '' ? {} : { cookie }),
        ...(method === 'GET'
          ? {}
          : {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': String(Buffer.byteLength(form)),
            }),
      },
    })
    sent.end(form)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const setCookie = answer.headers['set-cookie'] ?? []
    for (const line of setCookie) await this.jar.setCookie(line, SITE)
    return {
      status: answer.statusCode ?? 0,
      pod: String(answer.headers['x-pod']),
      body: await text(answer),
      setCookie,
    }
  }

  fillBasket(): Promise<Answer> {
    return this.send('POST', '/basket')
  }

  login(): Promise<Answer> {
    return this.send('POST', '/login', `user=${this.name}`)
  }

  act(): Promise<Answer> {
    return this.send('GET', '/act')
  }

  logout(): Promise<Answer> {
    return this.send('POST', '/logout')
  }

  /** The names of the cookies in the jar, as they came. */
  async cookies(): Promise<readonly string[]> {
    return (await this.jar.getCookies(SITE)).map(({ key }) => key)
  }

  /** The application's session as the jar keeps it; undefined for none, or for one without a suffix. */
  async kept(cookie: string): Promise<Unwrapped | undefined> {
    const found = (await this.jar.getCookies(SITE)).find(({ key }) => key === cookie)
    // Without the pod that may stand sealed behind it.
    return unwrap(found?.value.replace(/~2\.[^~]*$/, '') ?? '')
  }
}

/** So many requests are under way at a time. */
export class Connections extends Agent implements Disposable {
  constructor(count = 10) {
    super({ keepAlive: true, maxSockets: count })
  }

  [Symbol.dispose](): void {
    this.destroy()
  }
}

/** What `count` customers do, all of them at once. */
export async function crowd<T>(
  count: number,
  port: number,
  visit: (customer: Customer) => Promise<T>,
): Promise<readonly T[]> {
  using agent = new Connections()
  return await Promise.all(
    Array.from({ length: count }, (_, index) => visit(new Customer(`user${index}`, port, agent))),
  )
}
