/** The recipes of docs/application-recipes.md, each run as it stands, with what its framework sets. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { HeaderEntry } from '../../host/index.ts'
import { type Mooring, logText, pass, requestValues, startMooring } from '../filter/mooring.ts'
import { ENVIRONMENT } from '../session/keys.ts'
import { unwrap } from '../session/wrapped.ts'

const KEY = 'x-mooring-key'
const HEADER = 'mcp-session-id'

/** The answer with which each framework begins a session, and with which it changes the session's id. */
const SETS: Readonly<Record<string, readonly [begin: HeaderEntry, change?: HeaderEntry]>> = {
  'Servlet containers': [
    ['set-cookie', 'JSESSIONID=2C6549EEF322B1F8170BE1A49006EB3C; Path=/; HttpOnly'],
    ['set-cookie', 'JSESSIONID=D885E12E9C7B3567A51737F1AD6DCE72.node1; Path=/; HttpOnly'],
  ],
  'Spring Boot': [
    ['set-cookie', 'SESSION=ZjQ2YzY4YmEtN2Q2Ny00; Path=/; HttpOnly; SameSite=Lax'],
    ['set-cookie', 'SESSION=MDAwMGE5YjctN2Q2Ny00; Path=/; HttpOnly; SameSite=Lax'],
  ],
  Django: [
    [
      'set-cookie',
      'sessionid=r5w1k7o2v9p3; expires=Wed, 21 Oct 2099 07:28:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax',
    ],
    [
      'set-cookie',
      'sessionid=m2x8q4t6y0z1; expires=Wed, 21 Oct 2099 07:28:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax',
    ],
  ],
  Rails: [
    ['set-cookie', '_shop_session=fc0f64d7a1d1; path=/; httponly; samesite=lax'],
    ['set-cookie', '_shop_session=0a1c2be83f77; path=/; httponly; samesite=lax'],
  ],
  PHP: [
    ['set-cookie', 'PHPSESSID=9o3v1k2t5o0p8m6q; path=/'],
    ['set-cookie', 'PHPSESSID=1b7c9d3e5f2a4g6h; path=/'],
  ],
  'ASP.NET': [['set-cookie', 'ASP.NET_SessionId=lit3py55t21z5v55vlm25s55; path=/; HttpOnly; SameSite=Lax']],
  'ASP.NET Core': [
    ['set-cookie', '.AspNetCore.Session=CfDJ8N%2Fq%2BX4%3D; path=/; samesite=lax; httponly'],
    ['set-cookie', '.AspNetCore.Session=CfDJ8Lw%3D%3D; path=/; samesite=lax; httponly'],
  ],
  Express: [
    ['set-cookie', 'connect.sid=s%3Aabc.def%2F%2Bg; Path=/; HttpOnly'],
    ['set-cookie', 'connect.sid=s%3Axyz.uvw; Path=/; HttpOnly'],
  ],
  'Model Context Protocol': [[HEADER, '1868a90c-7d67-4b41-a5c9-9a0f62d3d7a0']],
}

const page = readFileSync(new URL('../../docs/application-recipes.md', import.meta.url), 'utf8')
const recipes = [...page.matchAll(/\n## (.*)\n((?:(?!\n## )[^])*?)```yaml\n([^]*?)```/g)].map(
  ([, title = '', , yaml = '']) => ({ title, configuration: parse(yaml, { version: '1.1' }) as object }),
)

test('every recipe is run, and no other', () => {
  expect(recipes.map(({ title }) => title)).toEqual(Object.keys(SETS))
})

/** A request, its answer, and what the client holds of the session then. */
function exchange({ plugin }: Mooring, request: readonly HeaderEntry[], answer: readonly HeaderEntry[]) {
  const passed = pass(plugin, request)
  const seen = ['cookie', HEADER].flatMap((name) => requestValues(passed, name))
  const key = requestValues(passed, KEY)
  const { headers } = passed.stream.responseHeaders({
    headers: [[':status', '200'], ...answer],
    details: 'via_upstream',
  })
  const held = ['set-cookie', HEADER].flatMap((name) => headers.all(name))
  passed.stream.end()
  return { seen, key, held: held[0] ?? '' }
}

test.each(recipes)(
  '$title: the pod that began a session gets it, with its own bytes',
  ({ title, configuration }) => {
    const [begin, change] = SETS[title] ?? []
    if (begin === undefined) throw new Error(`nothing is said of ${title}`)
    const mooring = startMooring(configuration, { environment: ENVIRONMENT })
    expect(logText(mooring.vm)).toBe('')
    const [name, line] = begin
    const inCookie = name === 'set-cookie'
    const pairOf = (text: string) => text.split(';')[0] ?? ''
    const withSession = (held: string): HeaderEntry =>
      inCookie ? ['cookie', `theme=dark; ${pairOf(held)}`] : [HEADER, held]
    const bare = (text: string) => [inCookie ? `theme=dark; ${pairOf(text)}` : text]

    const first = exchange(mooring, [], [begin])
    expect(first.key).toHaveLength(1)
    const value = unwrap(pairOf(first.held))?.value ?? ''
    expect(value).toBe(inCookie ? pairOf(line) : line)
    const second = exchange(mooring, [withSession(first.held)], change === undefined ? [] : [change])
    expect(second).toMatchObject({ key: first.key, seen: bare(line) })
    if (change === undefined) return
    const third = exchange(mooring, [withSession(second.held)], [])
    expect(third).toMatchObject({ key: first.key, seen: bare(change[1]) })
  },
)

test('the recipe of the Model Context Protocol is what manifests/mcp has', () => {
  const manifest = parse(readFileSync('manifests/mcp/wasm-plugin.yaml', 'utf8'), { version: '1.1' }) as {
    spec: { pluginConfig: { key: object } }
  }
  const { key, ...rest } = manifest.spec.pluginConfig
  const recipe = recipes.find(({ title }) => title === 'Model Context Protocol')?.configuration
  // There the key header's name is said.
  expect({ ...rest, key: { ...key, header: undefined } }).toEqual(recipe)
})
