import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Vm } from '../../host/index.ts'
import { ENVIRONMENT } from '../config/compiler.ts'
import { countInstructions, countingModule } from '../../bench/instructions/count.ts'

const KEY = { id: 'k1', env: 'MOORING_SIGNING_1' }
const module = countingModule(readFileSync('build/mooring.wasm'))

/** A rule as a mesh with many tenants has them. */
function tenant(i: number): object {
  const number = String(i).padStart(4, '0')
  return {
    name: `tenant-${number}`,
    match: {
      hosts: [`tenant-${number}.shop.example.com`],
      paths: ['/api/v1/carts/**'],
      methods: ['GET', 'POST'],
    },
    key: { from: [{ all: [{ claim: 'https://acme.io/tenant' }, { claim: 'sub' }] }, 'session'] },
  }
}

/** A rule with a key header of its own, and one that it looks at. */
function ownHeader(i: number): object {
  const number = String(i).padStart(4, '0')
  return {
    name: `r-${number}`,
    match: { headers: [{ name: 'x-tenant', exact: number }] },
    key: { header: `x-key-${number}`, from: [{ header: 'x-user' }] },
  }
}

/** A rule whose claims have names that no other rule has. */
function named(i: number): object {
  return {
    name: `n-${i}`,
    match: { paths: [`/${i}`] },
    key: { from: ['a', 'b', 'c'].map((claim) => ({ claim, as: `${claim}-${i}` })) },
  }
}

/** A rule that signs for an audience of its own. */
function audience(i: number): object {
  return {
    name: `a-${i}`,
    match: { hosts: [`${i}.shop.example.com`, `*.${i}.example.com`] },
    session: { signing: { keys: [KEY], audience: `${i}` } },
  }
}

/** A rule that signs a cookie of its own. */
function signed(i: number): object {
  return {
    name: `s-${i}`,
    match: { hosts: [`${i}.example.com`] },
    session: { cookie: { name: `c-${i}` }, signing: { keys: [KEY] } },
    key: { hashSecret: { env: 'MOORING_HASH_SECRET' } },
  }
}

describe.each([
  ['of tenants', tenant],
  ['with key headers of their own', ownHeader],
  ['with names of their own for claims', named],
  ['with audiences of their own', audience],
  ['with signing of their own', signed],
])('1,024 rules %s', (_, rule) => {
  test('are accepted, and cost little more than eight times what 128 cost', () => {
    const costOf = (count: number): number => {
      const vm = new Vm(module, { environment: ENVIRONMENT })
      const rules = Array.from({ length: count }, (_unused, i) => rule(i))
      return countInstructions(vm, () => {
        vm.startPlugin({ configuration: JSON.stringify({ session: {}, rules }) })
      })
    }
    expect(costOf(1024) / costOf(128)).toBeLessThan(10)
  })
})
