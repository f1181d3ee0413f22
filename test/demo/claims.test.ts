import { expect, test } from 'vitest'
import { judge } from '../../demo/claims.ts'
import type { Exchange } from '../../demo/client.ts'
import { readMesh } from '../../demo/mesh.ts'
import { scenarioOf } from '../../demo/options.ts'
import type { Run } from '../../demo/scenario.ts'

const PODS = ['pod-a', 'pod-b', 'pod-c']

interface Story {
  /** For each client, the pod of each request. */
  readonly pods: readonly (readonly string[])[]
  /** For each client, the Set-Cookie lines of its first answer. */
  readonly cookies: readonly (readonly string[])[]
  readonly scenario?: string
  readonly connection?: (client: number) => string
  readonly logs?: ReadonlyMap<string, readonly string[]>
}

function runOf({
  pods,
  cookies,
  scenario = 'httpCookie',
  connection = () => '127.0.0.1:1',
  logs,
}: Story): Run {
  const clients = pods.map((answers, client) =>
    answers.map((pod, index): Exchange => ({
      client: `client-${client}`,
      request: index + 1,
      path: '/',
      cookie: undefined,
      status: 200,
      setCookie: index === 0 ? (cookies[client] ?? []) : [],
      echo: { pod, method: 'GET', path: '/', headers: [] },
      connection: connection(client),
    })),
  )
  const answered = clients.flat().map(({ echo }) => echo?.pod ?? '')
  return {
    scenario: scenarioOf(scenario),
    mesh: readMesh(),
    clients,
    logs: logs ?? new Map(PODS.map((pod) => [pod, answered.filter((each) => each === pod)])),
  }
}

function broken(story: Story): readonly string[] {
  return judge(runOf(story)).flatMap(({ claim, holds, found }) => (holds ? [] : [`${claim} (${found})`]))
}

const one = (value: string) => [`ISTIOID=${value}; Path=/`]

test('a run in which each client stays on its pod bears out every claim', () => {
  expect(
    broken({
      pods: [
        ['pod-a', 'pod-a'],
        ['pod-b', 'pod-b'],
      ],
      cookies: [one('1'), one('2')],
    }),
  ).toEqual([])
})

test('a first request that went elsewhere breaks the claim', () => {
  expect(broken({ pods: [['pod-b', 'pod-a', 'pod-a']], cookies: [one('1')] })).toEqual([
    'each client stayed on one pod, its first request included (0 of 1)',
    'one replica logged every request, the others none (2 / 1 / 0)',
  ])
})

test('two clients with one cookie break the claim', () => {
  expect(
    broken({
      pods: [
        ['pod-a', 'pod-a'],
        ['pod-a', 'pod-a'],
      ],
      cookies: [one('1'), one('1')],
    }),
  ).toEqual(['no two clients were given the same cookie (1 of 2 differ)'])
})

test("a second cookie, as Envoy's own would be, breaks the claim", () => {
  expect(broken({ pods: [['pod-a']], cookies: [[...one('1'), ...one('2')]] })).toEqual([
    'each client was given one cookie, with its first answer (0 of 1)',
  ])
})

test('clients with a connection each break the claim', () => {
  expect(
    broken({
      pods: [['pod-a'], ['pod-b']],
      cookies: [one('1'), one('2')],
      connection: (client) => `127.0.0.1:${client}`,
    }),
  ).toEqual(['all clients came over one connection (2)'])
})

test('a replica that logged what no client saw breaks the claim', () => {
  const logs = new Map([
    ['pod-a', ['GET /']],
    ['pod-b', ['GET /']],
    ['pod-c', []],
  ])
  expect(broken({ pods: [['pod-a']], cookies: [one('1')], logs })).toEqual([
    'one replica logged every request, the others none (1 / 1 / 0)',
    "each replica's log has exactly the requests that clients saw it answer (2 of 3)",
  ])
})

test('without the filter, clients that stay where they are break the claim that they scatter', () => {
  expect(
    broken({
      pods: [
        ['pod-a', 'pod-a'],
        ['pod-b', 'pod-b'],
      ],
      cookies: [],
      scenario: 'httpHeaderName-without-filter',
    }),
  ).toEqual(['clients were sent from pod to pod (0 of 2)'])
})

test('without the filter, a cookie of their own breaks the claim that they share one', () => {
  expect(
    broken({
      pods: [['pod-a'], ['pod-b']],
      cookies: [one('1'), one('2')],
      scenario: 'httpCookie-without-filter',
    }),
  ).toEqual([
    'the gateway gave every client the same cookie (2 cookies for 2 clients)',
    'so all of them crowd one pod (2 pods for 2 clients)',
  ])
})
