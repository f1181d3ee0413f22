/** The shop with Express and express-session: sessions in the memory of its own store. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type Express, type NextFunction } from 'express'
import session from 'express-session'
import type { Pod } from './pod.ts'
import type { Shop } from './shop.ts'

declare module 'express-session' {
  interface SessionData {
    user: string
    items: number
  }
}

const COOKIE = 'connect.sid'

export const EXPRESS_SHOP: Shop = { name: 'express-session', cookie: COOKIE, startPod }

async function startPod(name: string): Promise<Pod> {
  const server = createServer(application(name))
  // The gateway keeps its connections; a server that closes idle ones would race with its next request.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name,
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function application(pod: string): Express {
  const app = express()
  app.use((_request, response, next) => {
    response.setHeader('x-pod', pod)
    // Another cookie beside the session's.
    response.append('set-cookie', 'theme=dark; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT')
    next()
  })
  app.use(express.urlencoded({ extended: false }))
  app.use(session({ secret: 'of the shop', resave: false, saveUninitialized: false, name: COOKIE }))
  app.get('/', (_request, response) => {
    response.send(
      '<!doctype html><title>shop</title><link rel="icon" href="data:,">' +
        '<form method="post" action="/login"><input name="user"><button>Sign in</button></form>',
    )
  })
  app.post('/basket', (request, response) => {
    request.session.items = (request.session.items ?? 0) + 1
    response.send(`basket ${request.session.items}`)
  })
  app.post('/login', (request, response, next) => {
    const { user } = request.body as { user: string }
    const { items = 0 } = request.session
    request.session.regenerate(
      orFail(next, () => {
        Object.assign(request.session, { user, items })
        response.redirect('/act')
      }),
    )
  })
  app.get('/act', (request, response) => {
    const { user, items = 0 } = request.session
    if (user === undefined) {
      response.status(401).send('who are you?')
      return
    }
    request.session.items = items + 1
    response.send(`${user} ${items + 1}`)
  })
  app.post('/logout', (request, response, next) => {
    request.session.destroy(orFail(next, () => response.clearCookie(COOKIE).send('bye')))
  })
  return app
}

/** What a store calls back with: an error, or nothing. */
function orFail(next: NextFunction, done: () => void): (error?: unknown) => void {
  return (error) => {
    if (error === undefined || error === null) done()
    else next(error)
  }
}
