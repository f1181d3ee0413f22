import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Host, RingHash, type RingHashOptions, xxHash64 } from '../../host/envoy/index.ts'
import { hash64, hostSets, localHosts, refusal, weightedHosts } from './samples.ts'

const MAX = 2n ** 64n - 1n

const drawn = (ring: RingHash<{ address: string }>): [bigint, string][] =>
  [...ring.entries()].map(({ point, host }) => [point, host.address.slice(-2)])

describe('a ring', () => {
  test('of six equal hosts is the one in Envoy’s own tests', () => {
    const ring = new RingHash(localHosts(90, 91, 92, 93, 94, 95), { minimumRingSize: 12 })
    expect(drawn(ring)).toEqual([
      [833437586790550860n, '94'],
      [928266305478181108n, '92'],
      [1033482794131418490n, '90'],
      [3551244743356806947n, '95'],
      [3851675632748031481n, '93'],
      [5583722120771150861n, '91'],
      [6311230543546372928n, '91'],
      [7700377290971790572n, '93'],
      [13144177310400110813n, '95'],
      [13444792449719432967n, '92'],
      [15516499411664133160n, '94'],
      [16117243373044804889n, '90'],
    ])
  })

  test('built with MurmurHash2 is the one in Envoy’s own tests', () => {
    const options: RingHashOptions = { minimumRingSize: 12, hashFunction: 'murmurHash2' }
    expect(drawn(new RingHash(localHosts(80, 81, 82, 83, 84, 85), options))).toEqual([
      [1358027074129602068n, '85'],
      [4361834613929391114n, '83'],
      [7224494972555149682n, '84'],
      [7701421856454313576n, '81'],
      [8649315368077433379n, '82'],
      [8739448859063030639n, '84'],
      [9887544217113020895n, '81'],
      [10150910876324007731n, '82'],
      [15168472011420622455n, '83'],
      [15427156902705414897n, '80'],
      [16375050414328759093n, '85'],
      [17613279263364193813n, '80'],
    ])
  })

  test('of weights 1, 2 and 3 gives each host its share, as in Envoy’s own tests', () => {
    const hosts = weightedHosts({ 90: 1, 91: 2, 92: 3 })
    expect(drawn(new RingHash(hosts, { minimumRingSize: 6, maximumRingSize: 6 }))).toEqual([
      [928266305478181108n, '92'],
      [4443673547860492590n, '92'],
      [5583722120771150861n, '91'],
      [6311230543546372928n, '91'],
      [13444792449719432967n, '92'],
      [16117243373044804889n, '90'],
    ])
  })

  test('of seven equal hosts has 1029 entries, since every host gets a whole number of at least 1024 / 7', () => {
    expect(new RingHash(localHosts(1, 2, 3, 4, 5, 6, 7)).size).toBe(1029)
  })

  test('that would grow beyond its maximum is scaled down to it', () => {
    expect(new RingHash(localHosts(90, 91, 92, 93), { minimumRingSize: 6, maximumRingSize: 6 }).size).toBe(6)
  })

  test('hashes a host’s own key in place of its address', () => {
    const [host] = [
      ...new RingHash([{ address: '10.0.0.1:80', hashKey: 'pod-a' }], { minimumRingSize: 1 }).entries(),
    ]
    expect(host?.point).toBe(xxHash64('pod-a_0'))
    const [other] = [
      ...new RingHash([{ address: '10.0.0.1:80', hashKey: '' }], { minimumRingSize: 1 }).entries(),
    ]
    expect(other?.point).toBe(xxHash64('10.0.0.1:80_0'))
  })

  test('without hosts chooses none', () => {
    expect(new RingHash<Host>([]).chooseHost(1n)).toBeUndefined()
    expect(new RingHash<Host>([]).chooseHost(1n, 3)).toBeUndefined()
    expect(new RingHash<Host>([]).entryOf(1n)).toBeUndefined()
  })

  test('whose minimum exceeds its maximum is refused', () => {
    expect(refusal(() => new RingHash([], { minimumRingSize: 20, maximumRingSize: 10 }))).toBe(
      'ring_sizes_crossed: minimumRingSize is 20, but must not exceed maximumRingSize, which is 10',
    )
  })

  test('larger than Envoy allows is refused', () => {
    expect(refusal(() => new RingHash([], { maximumRingSize: 8_388_609 }))).toBe(
      'ring_size_too_large: maximumRingSize is 8388609, but Envoy takes at most 8388608',
    )
  })
})

describe('a hash', () => {
  const ring = new RingHash(localHosts(90, 91, 92, 93, 94, 95), { minimumRingSize: 12 })
  const chosen = (hash: bigint, attempt?: number) => ring.chooseHost(hash, attempt)?.address.slice(-2)

  test('belongs to the first entry at or above it, and past the last one to the first', () => {
    expect(chosen(0n)).toBe('94')
    expect(chosen(833437586790550860n)).toBe('94')
    expect(chosen(833437586790550861n)).toBe('92')
    expect(chosen(16117243373044804889n)).toBe('90')
    expect(chosen(16117243373044804890n)).toBe('94')
    expect(chosen(MAX)).toBe('94')
  })

  test('moves one entry further with each attempt, round the end', () => {
    expect([0, 1, 2, 3].map((attempt) => chosen(15516499411664133160n, attempt))).toEqual([
      '94',
      '90',
      '94',
      '92',
    ])
    expect(chosen(MAX, 1)).toBe('92')
    expect(chosen(0n, 12)).toBe('94')
  })

  test('finds the host that a walk along the ring finds, whatever the ring', () => {
    fc.assert(
      fc.property(hostSets, fc.integer({ min: 1, max: 64 }), hash64, (hosts, minimumRingSize, hash) => {
        const any = new RingHash(hosts, { minimumRingSize })
        const entries = [...any.entries()]
        const walked = entries.find(({ point }) => point >= hash) ?? entries[0]
        expect(any.chooseHost(hash)).toBe(walked?.host)
        expect(any.entryOf(hash)).toEqual(
          walked === undefined ? undefined : { index: entries.indexOf(walked), ...walked },
        )
        // The entries themselves and their neighbours are where a search goes wrong.
        for (const { point } of entries) {
          expect(any.chooseHost(point)?.address).toBe(
            entries.find((entry) => entry.point >= point)?.host.address,
          )
          const next = entries.find((entry) => entry.point > point) ?? entries[0]
          if (point < MAX) expect(any.chooseHost(point + 1n)?.address).toBe(next?.host.address)
        }
      }),
    )
  })

  test('moves only if its host goes away, when equal hosts keep their number of entries', () => {
    const perHost = 16
    const build = (hosts: { address: string }[]) =>
      new RingHash(hosts, {
        minimumRingSize: perHost * hosts.length,
        maximumRingSize: perHost * hosts.length,
      })
    const equal = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 2, maxLength: 8 })
    fc.assert(
      fc.property(equal, fc.nat(7), fc.array(hash64, { minLength: 1 }), (ports, at, hashes) => {
        const hosts = localHosts(...ports)
        const gone = hosts[at % hosts.length]
        const before = build(hosts)
        const after = build(hosts.filter((host) => host !== gone))
        for (const hash of hashes) {
          const host = before.chooseHost(hash)
          if (host !== gone) expect(after.chooseHost(hash)).toBe(host)
        }
      }),
    )
  })
})
