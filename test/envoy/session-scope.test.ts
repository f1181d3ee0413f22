/** `mint.scope: request`, the default: however clients share connections, no two of them share a session. */
import { expect, test } from 'vitest'
import { Authority, downstreamTls } from './certificates.ts'
import { startGateway } from './gateway.ts'
import { Http2Connection } from './http2-connection.ts'
import { inEnvoy } from './in-envoy.ts'
import { RawConnection, type Exchanged } from './raw-connection.ts'
import { rawRequest, seen } from './raw-request.ts'

const SESSIONS = 10_000
const AT_ONCE = 100
const MINTED = /^ISTIOID=([A-Za-z0-9_-]{21}[AQgw]); Path=\/; (?:Secure; )?HttpOnly; SameSite=Lax$/

/** The ids, each from its Set-Cookie; every pod must have seen the id that its client got. */
function idsOf(answers: readonly Exchanged[]): string[] {
  return answers.map(({ setCookie, echo }) => {
    expect(setCookie).toEqual([expect.stringMatching(MINTED)])
    const [, id = ''] = MINTED.exec(setCookie[0] ?? '') ?? []
    expect(seen({ echo }, 'cookie')).toEqual([`ISTIOID=${id}`])
    return id
  })
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
    const connection = new Http2Connection(gateway.port, authority.cert)
    const first = await crowd(SESSIONS, () => connection.get('/'))
    const ids = idsOf(first)
    expect(new Set(ids).size).toBe(SESSIONS)

    const again = await crowd(SESSIONS / 10, (index) =>
      connection.get('/', [`ISTIOID=${ids[index * 10] ?? ''}`]),
    )
    connection.close()
    expect(again.flatMap(({ setCookie }) => setCookie)).toEqual([])
    expect(again.map(({ echo }) => echo?.pod)).toEqual(
      first.filter((_, index) => index % 10 === 0).map(({ echo }) => echo?.pod),
    )
  })

  test('1000 clients, one after the other over one HTTP/1.1 connection', async () => {
    await using gateway = await startGateway({ binary })
    const connection = await RawConnection.open(gateway.port)
    const answers: Exchanged[] = []
    for (let count = 0; count < 1_000; count++) answers.push(await connection.get('/', []))
    connection.close()
    expect(new Set(idsOf(answers)).size).toBe(1_000)
  })

  test('50 requests at once without a cookie, a connection each', async () => {
    await using gateway = await startGateway({ binary })
    const answers = await Promise.all(Array.from({ length: 50 }, () => rawRequest(gateway.port, [])))
    expect(new Set(idsOf(answers)).size).toBe(50)
  })
})
