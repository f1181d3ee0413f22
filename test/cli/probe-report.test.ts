/** What `mooring probe` makes of fixed answers, to the letter. */
import { describe, expect, test } from 'vitest'
import { PLAIN } from '../../tools/style.ts'
import { judge } from '../../cli/probe/judge.ts'
import { asJson, asText } from '../../cli/probe/report.ts'
import type { SessionRecord, SetCookie, Visit } from '../../cli/probe/visit.ts'

let clock = 0
let clients = 0

/** A session that met these pods, one after the other; `-` is an answer that names none. */
function met(pods: string, visit: (index: number) => Partial<Visit> = () => ({})): SessionRecord {
  clients += 1
  const value = `value-${clients}`
  const connection = `client-${clients}`
  return {
    failures: [],
    visits: pods.split('').map((pod, index) => ({
      path: '/',
      at: (clock += 1),
      status: pod === '-' ? 503 : 200,
      pod: pod === '-' ? undefined : `pod-${pod}`,
      connection,
      sent: index === 0 ? undefined : value,
      set: index === 0 ? [cookie(value)] : [],
      ...visit(index),
    })),
  }
}

const cookie = (value: string, more: Partial<SetCookie> = {}): SetCookie => ({
  value,
  secure: false,
  path: '/',
  refused: undefined,
  ...more,
})

const ASKED = { origin: 'https://shop.example.com', paths: ['/'], requests: 3, minShare: 1 }
const text = (...records: readonly SessionRecord[]) => asText(judge(records, true), ASKED, PLAIN)

describe('for people', () => {
  test('all stuck', () => {
    expect(text(met('aaa'), met('bbb'), met('aaa')))
      .toBe(`3 sessions, 3 requests each to https://shop.example.com: /

  stuck from the first request on    100.0 %  3
  moved after the first request only   0.0 %  0
  moved                                0.0 %  0

  path     stuck  pods
  /      100.0 %  2

  pod    sessions
  pod-a   66.7 %  2
  pod-b   33.3 %  1

  answers: 200 (9)
`)
  })

  test('some moved, some were not answered by pods, some not at all', () => {
    const lost: SessionRecord = { visits: [], failures: ['ECONNREFUSED', 'ECONNREFUSED', 'ETIMEDOUT'] }
    expect(text(met('aba'), met('bb-'), met('abc'), lost))
      .toBe(`4 sessions, 3 requests each to https://shop.example.com: /

  stuck from the first request on     33.3 %  1
  moved after the first request only   0.0 %  0
  moved                               66.7 %  2
  no two answers that name a pod              1

  path     stuck  pods
  /       33.3 %  3

  pod    sessions
  pod-b   75.0 %  3
  pod-a   50.0 %  2
  pod-c   25.0 %  1

  answers: 200 (8), 503 (1); none: ECONNREFUSED (2), ETIMEDOUT (1)

not_hashed  2 sessions
  The client returned one value all the time, and several pods answered.
  Nothing hashes it: compare the name in the DestinationRule with key.header or the cookie; look for weighted routes, another DestinationRule of the host or its subset, and a port-level policy.

unnamed_answers
  Some answers do not name a pod, and do not count.
  Proxies answer by themselves, such as with 404 or 503; look at the status codes.

failed_requests
  Some requests got no answer, and do not count.
  Ask again with a lower --concurrency.
`)
  })

  test('a share is never rounded up to all', () => {
    const records = [...Array.from({ length: 2_999 }, () => met('aaa')), met('aba')]
    expect(text(...records)).toContain('stuck from the first request on     99.9 %  2999\n')
  })

  test('more than twenty pods are summed up', () => {
    const records = Array.from({ length: 23 }, (_, index) => met(String.fromCharCode(97 + index).repeat(3)))
    expect(text(...records)).toContain('  pod-t    4.3 %  1\n  and 3 more\n')
  })
})

test('for programs', () => {
  expect(JSON.parse(asJson(judge([met('abb')], true), ASKED))).toEqual({
    origin: 'https://shop.example.com',
    asked: { paths: ['/'], requests: 3, minShare: 1 },
    sessions: 1,
    stuck: 0,
    movedAfterFirst: 1,
    moved: 0,
    share: 0,
    paths: [{ path: '/', sessions: 1, stuck: 0, movedAfterFirst: 1, moved: 0, share: 0, pods: 2 }],
    pods: [
      { pod: 'pod-a', sessions: 1 },
      { pod: 'pod-b', sessions: 1 },
    ],
    statuses: { 200: 3 },
    failures: {},
    causes: [
      {
        code: 'first_request',
        sessions: 1,
        says: 'Only the first request went elsewhere; all later ones reached one pod.',
        advice:
          'The cookie is hashed, but whoever mints it does so too late to be on the first request. Let Mooring mint it, or adopt it.',
      },
    ],
    notes: [],
  })
})

describe('paths', () => {
  const onPaths = (pods: string, paths: readonly string[]) =>
    met(pods, (index) => ({ path: paths[index] ?? '/' }))

  test('of different Services have pods of their own, and a session one in each', () => {
    const verdict = judge(
      ['axax', 'bybx'].map((pods) => onPaths(pods, ['/cart', '/pay', '/cart', '/pay'])),
      true,
    )
    expect(verdict).toMatchObject({ stuck: 1, moved: 1, share: 0.5 })
    expect(verdict.paths).toMatchObject([
      { path: '/cart', stuck: 2, share: 1, pods: 2 },
      { path: '/pay', stuck: 1, share: 0.5, pods: 2 },
    ])
  })

  test('of one Service have to meet one pod', () => {
    const verdict = judge(
      ['abab', 'bbbb'].map((pods) => onPaths(pods, ['/a', '/b', '/a', '/b'])),
      true,
    )
    expect(verdict).toMatchObject({ stuck: 1, moved: 1 })
    expect(verdict.paths).toMatchObject([{ share: 1 }, { share: 1 }])
  })
})

describe('a pod that is not seen at the end', () => {
  const crowd = (count: number) => Array.from({ length: count }, () => met('bbb'))

  test('is gone, where thirty sessions met the others only', () => {
    expect(judge([met('aab'), met('bbc'), ...crowd(30)], true).causes).toEqual([
      { code: 'pods_changed', sessions: 2 },
    ])
  })

  test('may be there still, where few did, however many answers there were', () => {
    expect(judge([met('aab'), ...crowd(5), met('b'.repeat(200))], true).causes).toEqual([
      { code: 'not_hashed', sessions: 1 },
    ])
  })
})

test('an answer that renews a cookie now and then is no reason', () => {
  const renewed = met('abab', (index) => (index === 2 ? { set: [cookie('renewed')] } : {}))
  expect(judge([renewed], true).causes).toEqual([{ code: 'not_hashed', sessions: 1 }])
})
