/**
 * What a request costs under 10 rules and under 1,000, in instructions: the last of the rules matches, or none does. The
 * rest of the request is as cheap as it can be, so that nothing hides what the rules cost.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type HeaderList, Vm } from '../../host/index.ts'
import type { Match } from '../fuzz/reference-match.ts'
import { countInstructions, countingModule } from '../../bench/instructions/count.ts'

const FEW = 10
const MANY = 1000
const MOST_TIMES = 2.0
/** What a set of 1,000 rules costs more than one of 10. */
const LONGER_SETS = 1300
/** The number that no rule has. */
const NOBODY = 9999

const module = countingModule(readFileSync('build/mooring.wasm'))

interface Asked {
  readonly authority?: string
  readonly method?: string
  readonly path?: string
  readonly headers?: HeaderList
  readonly cluster?: string
}

interface List {
  readonly rule: (number: string) => Match
  /** What rule `number` asks for; of a number that no rule has it is what none asks for. */
  readonly asked: (number: string) => Asked
}

const service = (number: string): string => `cart-${number}.shop.svc.cluster.local`

const LISTS: Readonly<Record<string, List>> = {
  'by host': {
    rule: (number) => ({ hosts: [`tenant-${number}.example.com`] }),
    asked: (number) => ({ authority: `tenant-${number}.example.com` }),
  },
  'by path, which differ in the last segment': {
    rule: (number) => ({ paths: [`/api/v1/shops/carts/items/${number}`] }),
    asked: (number) => ({ path: `/api/v1/shops/carts/items/${number}` }),
  },
  'by path with captures and an open end': {
    rule: (number) => ({ paths: [`/api/{version}/shops/${number}/**`] }),
    asked: (number) => ({ path: `/api/v1/shops/${number}/carts/7` }),
  },
  'by method and path': {
    rule: (number) => ({ methods: ['POST'], paths: [`/api/v1/${number}`] }),
    asked: (number) => ({ method: 'POST', path: `/api/v1/${number}` }),
  },
  'by exact header': {
    rule: (number) => ({ headers: [{ name: 'x-tenant', exact: `tenant-${number}` }] }),
    asked: (number) => ({ headers: [['x-tenant', `tenant-${number}`]] }),
  },
  'by prefix of a header': {
    rule: (number) => ({ headers: [{ name: 'x-tenant', prefix: `tenant-${number}-` }] }),
    asked: (number) => ({ headers: [['x-tenant', `tenant-${number}-a`]] }),
  },
  'by service': {
    rule: (number) => ({ services: [service(number)] }),
    asked: (number) => ({ cluster: `outbound|8080||${service(number)}` }),
  },
  'by hosts that overlap, and paths': {
    rule: (number) => ({
      hosts: ['*.example.com', `tenant-${number}.example.com`, 'example.com'],
      paths: [`/shops/${number}/**`, `/carts/{id}/${number}`],
    }),
    asked: (number) => ({ authority: `tenant-${number}.example.com`, path: `/carts/7/${number}` }),
  },
}

/** Numbers of one length, so that requests of both lists have the same bytes. */
function numbered(i: number): string {
  return String(i).padStart(4, '0')
}

/** The instructions of one request under a configuration, and the key that says which rule it was. */
class Proxy {
  private readonly vm = new Vm(module)
  private readonly plugin

  constructor(rules: readonly Match[]) {
    const key = (constant: string): object => ({ from: [{ constant }] })
    const listed = rules.map((match, i) => ({ name: `r${i}`, match, key: key(numbered(i)) }))
    this.plugin = this.vm.startPlugin({
      configuration: JSON.stringify({
        key: { ...key('none'), format: 'raw' },
        ...(listed.length === 0 ? {} : { rules: listed }),
      }),
    })
  }

  pass({ authority, method, path, headers, cluster }: Asked): {
    key: string | undefined
    instructions: number
  } {
    const stream = this.plugin.stream({
      headers: [
        [':authority', authority ?? 'test.com'],
        [':method', method ?? 'GET'],
        [':path', path ?? '/'],
        ...(headers ?? []),
      ],
      properties: { xds: { cluster_name: cluster ?? 'inbound|80||' } },
    })
    const instructions = countInstructions(this.vm, () => stream.requestHeaders({ endOfStream: true }))
    stream.end()
    return { key: stream.request.get('x-mooring-key'), instructions }
  }
}

const without = new Proxy([])

describe.each(Object.entries(LISTS))('rules %s', (_, { rule, asked }) => {
  const proxyOf = (count: number): Proxy =>
    new Proxy(Array.from({ length: count }, (_unused, i) => rule(numbered(i))))
  const few = proxyOf(FEW)
  const many = proxyOf(MANY)

  test.each<[string, number | undefined, number | undefined]>([
    ['where the last one matches', FEW - 1, MANY - 1],
    ['where none matches', undefined, undefined],
  ])('cost a request under 1,000 at most twice what it costs under 10, %s', (_which, ofFew, ofMany) => {
    const one = few.pass(asked(numbered(ofFew ?? NOBODY)))
    const other = many.pass(asked(numbered(ofMany ?? NOBODY)))
    expect([one.key, other.key]).toEqual([ofFew, ofMany].map((i) => (i === undefined ? 'none' : numbered(i))))
    expect(other.instructions / one.instructions).toBeLessThanOrEqual(MOST_TIMES)
    // The sets of rules are longer, and there is one for each field; nothing else is.
    const fields = Object.keys(rule('0')).length
    expect(other.instructions - one.instructions).toBeLessThanOrEqual(LONGER_SETS * fields)
    expect(one.instructions).toBeGreaterThan(without.pass(asked(numbered(NOBODY))).instructions)
  })
})
