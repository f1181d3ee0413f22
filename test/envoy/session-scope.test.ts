/** `mint.scope: request`, the default: however clients share connections, no two of them share a session. */
import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { expect, test } from 'vitest'
import type { Echo } from '../../demo/replica.ts'
import { Authority, downstreamTls } from './certificates.ts'
import { startGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'
import { RawConnection } from './raw-connection.ts'
import { rawRequest, seen } from './raw-request.ts'

const SESSIONS = 10_000
const AT_ONCE = 100
const MINTED = /^ISTIOID=([A-Za-z0-9_-]{21}[AQgw]); Path=\/; (?:Secure; )?HttpOnly; SameSite=Lax$/

interface Answer {
  readonly setCookie: readonly string[]
  readonly echo: Echo
}

/** The ids, each from its Set-Cookie; every pod must have seen the id that its client got. */
function idsOf(answers: readonly Answer[]): string[] {
  return answers.map(({ setCookie, echo }) => {
    expect(setCookie).toEqual([expect.stringMatching(MINTED)])
    const [, id = ''] = MINTED.exec(setCookie[0] ?? '') ?? []
    expect(seen({ echo }, 'cookie')).toEqual([`ISTIOID=${id}`])
    return id
  })
}

async function over(session: ClientHttp2Session, headers: Record<string, string> = {}): Promise<Answer> {
  const stream = session.request({ ':authority': 'test.com', ':path': '/', ...headers })
  const [response] = (await once(stream, 'response')) as [{ 'set-cookie'?: string[] }]
  let body = ''
  for await (const text of stream.setEncoding('utf8')) body += String(text)
  return { setCookie: response['set-cookie'] ?? [], echo: JSON.parse(body) as Echo }
}

/** Does `work` `times` times, at most `AT_ONCE` at once. */
async function crowd<T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < times; index = next++) results[index] = await work(index)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

inEnvoy(({ binary }) => {
  const authority = new Authority('test authority')
  const server = authority.issue({ dns: ['test.com'] })

  test(`${SESSIONS} clients behind one HTTP/2 connection, ${AT_ONCE} at once: each has a session of its own and keeps its pod`, async () => {
    await using gateway = await startGateway({ binary, transportSocket: downstreamTls(server) })
    const connection = connect(`https://127.0.0.1:${gateway.port}`, {
      servername: 'test.com',
      ca: authority.cert,
    })
    try {
      const first = await crowd(SESSIONS, () => over(connection))
      const ids = idsOf(first)
      expect(new Set(ids).size).toBe(SESSIONS)

      const again = await crowd(SESSIONS / 10, (index) =>
        over(connection, { cookie: `ISTIOID=${ids[index * 10] ?? ''}` }),
      )
      expect(again.flatMap(({ setCookie }) => setCookie)).toEqual([])
      expect(again.map(({ echo }) => echo.pod)).toEqual(
        first.filter((_, index) => index % 10 === 0).map(({ echo }) => echo.pod),
      )
    } finally {
      connection.close()
    }
  })

  test('1000 clients, one after the other over one HTTP/1.1 connection', async () => {
    await using gateway = await startGateway({ binary })
    const connection = await RawConnection.open(gateway.port)
    const answers: Answer[] = []
    for (let count = 0; count < 1_000; count++) {
      const { setCookie, echo } = await connection.get('/', [])
      if (echo === undefined) throw new Error('no pod saw the request')
      answers.push({ setCookie, echo })
    }
    connection.close()
    expect(new Set(idsOf(answers)).size).toBe(1_000)
  })

  test('50 requests at once without a cookie, a connection each', async () => {
    await using gateway = await startGateway({ binary })
    const answers = await Promise.all(Array.from({ length: 50 }, () => rawRequest(gateway.port, [])))
    const ids = idsOf(
      answers.map(({ setCookie, echo }) => {
        if (echo === undefined) throw new Error('no pod saw the request')
        return { setCookie, echo }
      }),
    )
    expect(new Set(ids).size).toBe(50)
  })
})
