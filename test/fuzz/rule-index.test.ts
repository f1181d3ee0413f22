/** The index of rules picks the rule that a walk over all of them picks. */
import { describe, expect, test } from 'vitest'
import { type HeaderList, Vm } from '../../host/index.ts'
import { mooringModule } from '../filter/mooring.ts'
import { type Prng, SEED, TIME_LIMIT, caseCount, rounds } from './prng.ts'
import { type Asked, type Condition, type Match, firstMatch } from './reference-match.ts'

const CASES = caseCount(10_000)
const REQUESTS = 40
const RULE_COUNTS = [1, 2, 3, 5, 9, 17, 63, 64, 65, 130, 300]

// Few of everything, so that rules match, overlap, and share patterns.
const LABELS = ['a', 'b', 'c', 'x-1']
const SEGMENTS = ['a', 'b', 'c', 'A', '%20', 'a.b']
const METHODS = ['GET', 'POST', 'PUT', 'M-SEARCH']
const NAMES = ['x-a', 'x-b', 'X-C', 'authorization', 'x-long-name']
const VALUES = ['1', '12', '123', '124', 'v', 'V', 'ü', 'a b', 'x'.repeat(256)]
const NAMESPACES = ['shop', 'edge']

test(`${CASES} random requests of random rules (seed ${SEED})`, { timeout: TIME_LIMIT }, () => {
  const decided = { byRule: 0, byLaterRule: 0, byTop: 0 }
  rounds('rule-index.test.ts', CASES, (prng) => {
    const namespace = prng.pick(NAMESPACES)
    const rules = prng.list(prng.pick(RULE_COUNTS), () => randomMatch(prng))
    const choose = chooser(rules, namespace)
    for (let i = 0; i < REQUESTS; i++) {
      const asked = randomRequest(prng)
      const wanted = firstMatch(rules, asked, namespace)
      expect(choose(asked), JSON.stringify({ asked, rules: rules.slice(0, wanted + 1) })).toBe(wanted)
      if (wanted < 0) decided.byTop++
      else if (wanted < 3) decided.byRule++
      else decided.byLaterRule++
    }
    return REQUESTS
  })
  // The requests are such that all of it happens.
  for (const times of Object.values(decided)) expect(times).toBeGreaterThan(CASES / 50)
})

describe('a value that no rule could be written for is not looked up out of bounds', () => {
  const deep = '/a'.repeat(64)
  const rules: Match[] = [
    { paths: [`${deep}/`] },
    { paths: [`${'/a'.repeat(63)}/**`] },
    { hosts: ['*.b'] },
    { headers: [{ name: 'x-a', prefix: 'ü'.repeat(256) }] },
    { headers: [{ name: 'x-a', exact: 'ü'.repeat(256) }] },
    { methods: ['GET'] },
  ]
  const choose = chooser(rules, 'shop')
  const plain: Asked = { authority: 'b', method: 'GET', path: '/', headers: [], cluster: undefined }
  const bytes = '\xc3\xbc'.repeat(256)

  test.each<[string, Partial<Asked>, number]>([
    ['the deepest path with a last slash', { path: `${deep}/` }, 0],
    ['the deepest path', { path: deep }, 1],
    ['a deeper path, which is ambiguous', { path: `${deep}/a/` }, 5],
    ['a host of dots alone', { authority: '.'.repeat(255) }, 5],
    ['a host of 255 bytes', { authority: `${'.'.repeat(253)}.b` }, 2],
    ['a longer host', { authority: `${'.'.repeat(254)}.b` }, 5],
    ['the longest prefix', { headers: [['x-a', bytes]] }, 3],
    ['a value of 60,000 bytes behind the longest prefix', { headers: [['x-a', bytes.padEnd(60_000)]] }, 3],
    ['the longest prefix less one byte', { headers: [['x-a', bytes.slice(1)]] }, 5],
    ['no method that anybody knows', { method: 'X'.repeat(60_000) }, -1],
  ])('%s', (_, asked, rule) => {
    expect(choose({ ...plain, ...asked })).toBe(rule)
    expect(firstMatch(rules, { ...plain, ...asked }, 'shop')).toBe(rule)
  })
})

/** Asks the filter which rule a request gets: each rule has a key of its own. */
function chooser(rules: readonly Match[], namespace: string): (asked: Asked) => number {
  const vm = new Vm(mooringModule)
  const key = (constant: string): object => ({ from: [{ constant }] })
  const plugin = vm.startPlugin({
    configuration: JSON.stringify({
      key: { ...key('-1'), format: 'raw' },
      rules: rules.map((match, i) => ({ name: `r${i}`, match, key: key(String(i)) })),
    }),
    properties: { xds: { node: { metadata: { NAMESPACE: namespace } } } },
  })
  return ({ authority, method, path, headers, cluster }) => {
    const stream = plugin.stream({
      headers: [[':authority', authority], [':method', method], [':path', path], ...headers],
      properties: { xds: { cluster_name: cluster } },
    })
    stream.requestHeaders({ endOfStream: true })
    stream.end()
    return Number(stream.request.get('x-mooring-key'))
  }
}

function randomMatch(prng: Prng): Match {
  const some = (make: () => string): string[] => prng.list(1 + prng.below(3), make)
  const fields: [keyof Match, () => unknown][] = [
    ['hosts', () => some(() => randomHostPattern(prng))],
    ['services', () => some(() => randomHostPattern(prng))],
    ['methods', () => some(() => prng.pick(METHODS))],
    ['paths', () => some(() => randomPathPattern(prng))],
    ['headers', () => prng.list(1 + prng.below(3), () => randomCondition(prng))],
    ['namespaces', () => [prng.pick(NAMESPACES)]],
  ]
  const chosen = fields.filter(() => prng.onceIn(3))
  if (chosen.length === 0) chosen.push(prng.pick(fields))
  return Object.fromEntries(chosen.map(([name, make]) => [name, make()]))
}

function randomHostPattern(prng: Prng): string {
  const host = prng.list(1 + prng.below(3), () => prng.pick(LABELS)).join('.')
  return prng.pick([host, host, `*.${host}`, `*.${host}`, '*'])
}

function randomPathPattern(prng: Prng): string {
  const segments = prng.list(prng.below(4), (i) =>
    prng.oneOf([() => prng.pick(SEGMENTS), () => '*', () => `{n${i}}`, () => prng.pick(SEGMENTS)]),
  )
  return `/${[...segments, ...prng.pick([[], [''], ['**']])].join('/')}`.replace(/^\/\/$/, '/')
}

function randomCondition(prng: Prng): Condition {
  const name = prng.pick(NAMES)
  return prng.oneOf<Condition>([
    () => ({ name, exact: prng.pick(VALUES) }),
    () => ({ name, prefix: prng.pick(VALUES) }),
    () => ({ name, present: prng.onceIn(2) }),
  ])
}

function randomRequest(prng: Prng): Asked {
  const host = prng.list(1 + prng.below(4), () => prng.pick([...LABELS, 'A', ''])).join('.')
  const service = prng.list(1 + prng.below(3), () => prng.pick([...LABELS, 'B'])).join('.')
  const headers: [string, string][] = []
  for (const name of NAMES.map((each) => each.toLowerCase())) {
    for (let more = prng.below(5) - 2; more > 0; more--) headers.push([name, randomValue(prng)])
  }
  return {
    authority: `${host}${prng.pick(['', '', '.', ':80'])}`,
    method: prng.pick([...METHODS, 'get', 'X']),
    path: `/${prng.list(prng.below(5), () => prng.pick([...SEGMENTS, '', '.', '%41', ';'])).join('/')}${prng.pick(['', '', '/', '?q=/a'])}`,
    headers: headers satisfies HeaderList,
    cluster: prng.pick([
      undefined,
      service,
      `outbound|80|v1|${service}`,
      `inbound-vip|80|http|${service}`,
      'inbound|80||',
    ]),
  }
}

function randomValue(prng: Prng): string {
  const value = Buffer.from(prng.pick(VALUES), 'utf8').toString('latin1')
  return prng.pick([value, value, `${value}4`, value.slice(1)])
}
