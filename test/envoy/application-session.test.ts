/**
 * An application that keeps its sessions in memory, three times: express with express-session. Its users log in, act, change
 * their id by logging in anew, and log out. With `session.application` each stays with the pod that knows him.
 */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import express, { type Express } from 'express'
import session from 'express-session'
import { CookieJar } from 'tough-cookie'
import { expect, test } from 'vitest'
import type { Responder } from '../../demo/replica.ts'
import { ENVIRONMENT, K1, K2, ring } from '../session/keys.ts'
import { unwrap } from '../session/wrapped.ts'
import { inEnvoy } from './in-envoy.ts'
import { startGateway } from './gateway.ts'

declare module 'express-session' {
  interface SessionData {
    user: string
    acts: number
  }
}

const USERS = process.env['PROVE'] === undefined ? 60 : 500
const SITE = 'http://test.com/'
const PLUGIN = {
  session: {
    application: { cookie: 'connect.sid', strategy: 'wrap' },
    signing: { keys: ring(K2, K1), audience: 'shop' },
  },
}

/** What one pod runs: nobody else knows its sessions. */
function application(pod: string, cookiesSeen: string[]): Express {
  const app = express()
  app.use((request, response, next) => {
    cookiesSeen.push(request.headers.cookie ?? '')
    response.setHeader('x-pod', pod)
    response.append('set-cookie', 'theme=dark; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT')
    next()
  })
  app.use(session({ secret: 'not ours', resave: false, saveUninitialized: false }))
  app.post('/login', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error !== undefined && error !== null) {
        next(error)
        return
      }
      request.session.user = request.query['user'] as string
      request.session.acts = 0
      response.send('welcome')
    })
  })
  app.get('/act', (request, response) => {
    const { user } = request.session
    if (user === undefined) {
      response.status(401).send('who are you?')
      return
    }
    request.session.acts = (request.session.acts ?? 0) + 1
    response.send(`${user} ${request.session.acts}`)
  })
  app.post('/logout', (request, response, next) => {
    request.session.destroy((error) => {
      if (error !== undefined && error !== null) next(error)
      else response.clearCookie('connect.sid').send('bye')
    })
  })
  return app
}

/** A responder for replicas: each pod has an application of its own. */
function applications(cookiesSeen: string[]): Responder {
  const apps = new Map<string, Express>()
  return (request, response, { pod }) => {
    const app = apps.get(pod) ?? application(pod, cookiesSeen)
    apps.set(pod, app)
    app(request, response)
    return true
  }
}

interface Answer {
  readonly status: number
  readonly pod: string
  readonly body: string
  readonly set: readonly string[]
}

class User {
  /** Answers that asked somebody who had logged in to do so. */
  asked = 0
  /** Answers by a pod that had not seen all that the user did. */
  forgotten = 0
  readonly name: string
  readonly jar = new CookieJar()
  readonly #port: number
  readonly #agent: Agent

  constructor(name: string, port: number, agent: Agent) {
    this.name = name
    this.#port = port
    this.#agent = agent
  }

  async send(method: string, path: string): Promise<Answer> {
    const cookie = await this.jar.getCookieString(SITE)
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      agent: this.#agent,
      method,
      path,
      headers: { host: 'test.com', ...(cookie === '' ? {} : { cookie }) },
    })
    sent.end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const set = answer.headers['set-cookie'] ?? []
    for (const line of set) await this.jar.setCookie(line, SITE)
    const body = await text(answer)
    return { status: answer.statusCode ?? 0, pod: String(answer.headers['x-pod']), body, set }
  }

  async login(): Promise<Answer> {
    const answer = await this.send('POST', `/login?user=${this.name}`)
    expect([answer.status, answer.body]).toEqual([200, 'welcome'])
    return answer
  }

  async act(expected: number): Promise<string> {
    const { status, body, pod } = await this.send('GET', '/act')
    if (status === 401) this.asked++
    else if (body !== `${this.name} ${expected}`) this.forgotten++
    return pod
  }

  /** Logs in, acts, logs in anew, acts, logs out; the pods that answered. */
  async live(): Promise<Set<string>> {
    const pods = new Set([(await this.login()).pod])
    for (let i = 1; i <= 4; i++) pods.add(await this.act(i))
    pods.add((await this.login()).pod)
    for (let i = 1; i <= 4; i++) pods.add(await this.act(i))
    expect((await this.send('POST', '/logout')).status).toBe(200)
    return pods
  }
}

/** All users at once, 10 at a time. */
async function live(port: number): Promise<{ users: readonly User[]; pods: readonly Set<string>[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  try {
    const users = Array.from({ length: USERS }, (_, i) => new User(`user${i}`, port, agent))
    return { users, pods: await Promise.all(users.map((user) => user.live())) }
  } finally {
    agent.destroy()
  }
}

inEnvoy(({ binary }) => {
  test(`${USERS} users log in, act, change their id and log out, and nobody is asked to log in twice`, async () => {
    const cookiesSeen: string[] = []
    await using gateway = await startGateway({
      binary,
      concurrency: 2,
      pluginConfig: PLUGIN,
      env: ENVIRONMENT,
      respond: applications(cookiesSeen),
    })
    const { users, pods } = await live(gateway.port)
    expect(users.map(({ asked, forgotten }) => [asked, forgotten])).toEqual(Array(USERS).fill([0, 0]))
    // A session stays with its pod through login, and the users are spread over all three.
    expect(pods.map(({ size }) => size)).toEqual(Array(USERS).fill(1))
    expect(new Set(pods.flatMap((visited) => [...visited])).size).toBe(3)
    // The application never sees a suffix: its own values are signed by itself.
    expect(cookiesSeen.length).toBeGreaterThan(USERS * 10)
    expect(cookiesSeen.filter((line) => line.includes('~1.'))).toEqual([])
  })

  test('without the filter most users are asked to log in again', async () => {
    await using gateway = await startGateway({
      binary,
      concurrency: 2,
      filter: false,
      respond: applications([]),
    })
    const { users } = await live(gateway.port)
    expect(users.filter(({ asked }) => asked > 0).length).toBeGreaterThan(USERS / 2)
  })

  test('the client keeps a wrapped value; a new id keeps K, logging out ends it; other lines stay', async () => {
    await using gateway = await startGateway({
      binary,
      pluginConfig: PLUGIN,
      env: ENVIRONMENT,
      respond: applications([]),
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const user = new User('ann', gateway.port, agent)
    const lines = async (answer: Promise<Answer>) => (await answer).set
    const kept = async () =>
      unwrap((await user.jar.getCookies(SITE)).find(({ key }) => key === 'connect.sid')?.value ?? '')
    const [theme, line] = await lines(user.login())
    expect(theme).toBe('theme=dark; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT')
    expect(line).toMatch(/^connect\.sid=s%3A[\w%.+-]+~1\.k2\.[\w-]{22}\.[\w-]{22}; Path=\/; HttpOnly$/)
    const first = await kept()
    await user.login()
    const second = await kept()
    expect(second?.value).not.toBe(first?.value)
    expect(second?.k).toEqual(first?.k)
    expect((await user.send('POST', '/logout')).set[1]).toBe(
      'connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    )
    expect(await kept()).toBeUndefined()
    await user.login()
    expect((await kept())?.k).not.toEqual(first?.k)
    agent.destroy()
  })
})
