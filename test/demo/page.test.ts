import { Script } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUILT_FILTER } from '../../demo/built-filter.ts'
import { embeddedIngress } from '../../demo/embedded-ingress.ts'
import type { Ingress } from '../../demo/ingress.ts'
import { readMesh, withHosts } from '../../demo/mesh.ts'
import { pageResponder, type Visit } from '../../demo/page.ts'
import { POD_NAMES, Replicas } from '../../demo/replica.ts'

let replicas: Replicas
let ingress: Ingress

beforeAll(async () => {
  const counts = () => Object.fromEntries(replicas.all.map(({ name, log }) => [name, log.length]))
  replicas = await Replicas.start(POD_NAMES, pageResponder('ISTIOID', counts))
  ingress = await embeddedIngress().start(withHosts(readMesh(), '127.0.0.1'), {
    wasm: BUILT_FILTER,
    replicas: replicas.ports,
  })
})

afterAll(async () => {
  await ingress[Symbol.asyncDispose]()
  await replicas[Symbol.asyncDispose]()
})

const at = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${ingress.port}${path}`, { headers })

const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? ''

test('a browser gets the page, which loads nothing from elsewhere', async () => {
  const response = await at('/', { accept: 'text/html,*/*;q=0.8' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const page = await response.text()
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).not.toMatch(/https?:|\/\/|@import|<img|src=/)
  const script = /<script>(.*)<\/script>/s.exec(page)?.[1] ?? ''
  expect(script).toContain("fetch('/visit')")
  expect(() => new Script(script)).not.toThrow()
})

test('curl gets the echo', async () => {
  const echo = (await (await at('/', { accept: '*/*' })).json()) as { pod: string }
  expect(POD_NAMES).toContain(echo.pod)
})

test('a visit tells the pod, the cookie that arrived, and what each replica logged so far', async () => {
  const first = await at('/visit')
  const cookie = cookieOf(first)
  const visit = (await first.json()) as Visit
  // The minted cookie is on the first request already.
  expect(visit.cookie).toBe(cookie)

  const again = (await (await at('/visit', { cookie })).json()) as Visit
  expect(again.pod).toBe(visit.pod)
  expect(again.cookie).toBe(cookie)
  expect(again.counts).toEqual({ ...visit.counts, [visit.pod]: (visit.counts[visit.pod] ?? 0) + 1 })
})

test('forgetting deletes the cookie, and the next visit is a new session', async () => {
  const cookie = cookieOf(await at('/visit'))
  const forgotten = await at('/forget', { cookie })
  expect(forgotten.status).toBe(204)
  expect(forgotten.headers.getSetCookie()).toEqual(['ISTIOID=; Path=/; Max-Age=0'])
  expect(cookieOf(await at('/visit'))).not.toBe(cookie)
})
