import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Compiler, ENVIRONMENT } from './compiler.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() & 0x7fffffff)
const compiler = new Compiler()
const keys = [{ id: 'k1', env: 'MOORING_SIGNING_1' }]

interface Plan {
  hosts?: string[]
  name?: string
  audience?: string
  domain?: string
  signed?: boolean
}

function plan({ hosts, name, audience, domain, signed = true }: Plan): object {
  const cookie = { ...(name ? { name } : {}), ...(domain ? { domain } : {}) }
  return {
    match: hosts ? { hosts } : { paths: ['/'] },
    session: { cookie, ...(signed ? { signing: { keys, ...(audience ? { audience } : {}) } } : {}) },
  }
}

function errors(top: object | undefined, ...plans: Plan[]): string[] {
  const rules = plans.map((each, index) => ({ name: `r${index}`, ...plan(each) }))
  const key = { from: [{ constant: 'x' }] }
  return compiler.compile({ ...(top ? { session: top } : { key }), rules }, ENVIRONMENT).errors
}

const conflict = (rule: number, other: string): string =>
  `audience_conflict at /rules/${rule}: ${other} has this cookie on hosts of this rule with another audience: each would refuse the sessions of the other`

describe('two plans with one cookie on one host sign for one audience', () => {
  test.each<[what: string, plans: Plan[], errors: string[]]>([
    [
      'hosts apart',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['c.b'], audience: 'y' },
      ],
      [],
    ],
    [
      'one host',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['c.b', 'a.b'], audience: 'y' },
      ],
      [conflict(1, 'rule r0')],
    ],
    [
      'one host, one audience',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['a.b'], audience: 'x' },
      ],
      [],
    ],
    [
      'one host, two cookies',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['a.b'], audience: 'y', name: 'B' },
      ],
      [],
    ],
    [
      'the default and its name',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['a.b'], audience: 'y', name: 'ISTIOID' },
      ],
      [conflict(1, 'rule r0')],
    ],
    [
      'below a domain',
      [
        { hosts: ['*.b'], audience: 'x' },
        { hosts: ['a.b'], audience: 'y' },
      ],
      [conflict(1, 'rule r0')],
    ],
    [
      'above a host',
      [
        { hosts: ['a.b'], audience: 'x' },
        { hosts: ['*.b'], audience: 'y' },
      ],
      [conflict(0, 'rule r1')],
    ],
    [
      'two domains',
      [
        { hosts: ['*.example.com'], audience: 'x' },
        { hosts: ['*.a.example.com'], audience: 'y' },
      ],
      [conflict(1, 'rule r0')],
    ],
    [
      'a domain is not below itself',
      [
        { hosts: ['*.b.c'], audience: 'x' },
        { hosts: ['b.c'], audience: 'y' },
      ],
      [],
    ],
    [
      'nor below another that ends like it',
      [
        { hosts: ['*.b.c'], audience: 'x' },
        { hosts: ['a.xb.c'], audience: 'y' },
      ],
      [],
    ],
    [
      'any host',
      [
        { hosts: ['*'], audience: 'x' },
        { hosts: ['*.b'], audience: 'y' },
      ],
      [conflict(1, 'rule r0')],
    ],
    ['no hosts', [{ audience: 'x' }, { hosts: ['a'], audience: 'y' }], [conflict(1, 'rule r0')]],
    ['no hosts, twice', [{ audience: 'x' }, { audience: 'y' }], [conflict(1, 'rule r0')]],
    [
      'the domain is the audience',
      [
        { hosts: ['a'], domain: '.Example.com' },
        { hosts: ['a'], audience: 'example.com' },
      ],
      [],
    ],
    [
      'two domains of the cookie',
      [
        { hosts: ['*.b'], domain: 'a.b' },
        { hosts: ['a.b'], domain: 'b' },
      ],
      [conflict(1, 'rule r0')],
    ],
    ['an audience and none', [{ hosts: ['a'], audience: 'x' }, { hosts: ['a'] }], [conflict(1, 'rule r0')]],
    [
      'unsigned ones have none',
      [
        { hosts: ['a'], audience: 'x' },
        { hosts: ['a'], domain: 'b', signed: false },
      ],
      [],
    ],
  ])('%s', (_, plans, expected) => {
    expect(errors(undefined, ...plans)).toEqual(expected)
  })

  test('the top level is on every host', () => {
    const top = { signing: { keys, audience: 'x' } }
    expect(errors(top, { hosts: ['a.b'], audience: 'y' })).toEqual([conflict(0, 'the top level')])
    expect(errors(top, { hosts: ['a.b'], audience: 'y', name: 'B' })).toEqual([])
    expect(errors(top, { hosts: ['a.b'], domain: 'b', signed: false })).toEqual([])
    expect(errors({ signing: { keys } }, { hosts: ['a.b'], domain: 'b', signed: false })).toEqual([
      conflict(0, 'the top level'),
    ])
  })

  test(`as comparing each pattern with each other says (seed ${SEED})`, () => {
    const label = fc.constantFrom('a', 'b', 'ab')
    const pattern = fc.oneof(
      fc
        .tuple(fc.constantFrom('', '*.'), fc.array(label, { minLength: 1, maxLength: 3 }))
        .map(([star, labels]) => star + labels.join('.')),
      fc.constant('*'),
    )
    const plans = fc.array(
      fc.record({
        hosts: fc.array(pattern, { minLength: 1, maxLength: 3 }),
        name: fc.constantFrom('A', 'B'),
        audience: fc.constantFrom('x', 'y'),
      }),
      { minLength: 1, maxLength: 4 },
    )
    let refused = 0
    fc.assert(
      fc.property(plans, (list) => {
        const expected = list.some((one) =>
          list.some(
            (other) =>
              one.name === other.name &&
              one.audience !== other.audience &&
              one.hosts.some((a) => other.hosts.some((b) => isWithin(a, b) || isWithin(b, a))),
          ),
        )
        if (expected) refused++
        expect(errors(undefined, ...list).length > 0).toBe(expected)
      }),
      { numRuns: 5000, seed: SEED },
    )
    expect(refused).toBeGreaterThan(500)
    expect(refused).toBeLessThan(4500)
  })
})

/** True if every host of pattern `a` is one of pattern `b`. */
function isWithin(a: string, b: string): boolean {
  if (b === '*') return true
  return b.startsWith('*') ? a.endsWith(b.slice(1)) : a === b
}
