/**
 * Envoy's Maglev balancer: MaglevTable in source/extensions/load_balancing_policies/maglev/maglev_lb.cc, after
 * listing 1 of Google's paper (NSDI 2016), with weights.
 */
import { EnvoyModelError } from './errors.ts'
import { hashKeyOf, type Host, sharesOf, type WeightedHost } from './host-set.ts'
import { xxHash64 } from './xxhash.ts'

/** Envoy's upper limit of a table's size. */
const LARGEST_TABLE = 5_000_011

const FREE = -1

/** The `maglev` policy's options, with Envoy's names and defaults. */
export interface MaglevOptions {
  /** Slots of the table: a prime, at most 5,000,011; 65,537 by default. */
  readonly tableSize?: number
}

/**
 * A built table: slot `hash % tableSize` holds the host. Hosts are taken in the order of their hash keys, so that
 * the cluster's order does not matter.
 *
 * @example
 * const table = new Maglev([{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }])
 * table.chooseHost(xxHash64('session-1'))?.address
 */
export class Maglev<H extends Host> {
  readonly #hosts: readonly H[]
  readonly #slots: Int32Array

  /**
   * @param hosts Those in rotation (see hostsInRotation). None is allowed.
   * @param weights Their shares of all requests, by default as their own weights are.
   * @throws {EnvoyModelError} `table_size_not_prime`, `table_size_too_large`
   */
  constructor(hosts: readonly H[], options: MaglevOptions = {}, weights = sharesOf(hosts)) {
    const { tableSize = 65_537 } = options
    checkTableSize(tableSize)
    const sorted = hosts
      .map((host, i): WeightedHost<H> => ({ host, weight: weights[i] ?? 0 }))
      .sort((a, b) => compareBytes(hashKeyOf(a.host), hashKeyOf(b.host)))
    this.#hosts = sorted.map(({ host }) => host)
    this.#slots = sorted.length === 0 ? new Int32Array(0) : fillTable(sorted, tableSize)
  }

  /** Slots of the table; 0 where there is no host. */
  get size(): number {
    return this.#slots.length
  }

  /** The hosts by slot, for those who want to look at the table. */
  *entries(): Generator<H> {
    for (const owner of this.#slots) {
      const host = this.#hosts[owner]
      if (host !== undefined) yield host
    }
  }

  /**
   * The host of a hash; undefined only when there is no host.
   *
   * @param hash An unsigned 64-bit integer.
   * @param attempt 0 first; a retry that may not take the same host again counts up, which changes the hash.
   */
  chooseHost(hash: bigint, attempt = 0): H | undefined {
    const slot = this.slotOf(attempt === 0 ? hash : hash ^ BigInt.asUintN(64, -BigInt(attempt)))
    return slot === undefined ? undefined : this.#hosts[this.#slots[slot] ?? FREE]
  }

  /** The slot of a hash, as {@link entries} counts them; undefined only when there is no host. */
  slotOf(hash: bigint): number | undefined {
    return this.size === 0 ? undefined : Number(hash % BigInt(this.size))
  }
}

/**
 * Each host walks the slots in its own order (start at an offset, go on by a stride) and takes the next free one
 * whenever it is its turn. The heaviest host has a turn in every round, lighter ones proportionally fewer.
 */
function fillTable(hosts: readonly WeightedHost<Host>[], size: number): Int32Array {
  const slots = new Int32Array(size).fill(FREE)
  const heaviest = hosts.reduce((most, { weight }) => Math.max(most, weight), 0)
  const walkers = hosts.map(({ host, weight }, owner) => ({
    owner,
    weight,
    slot: Number(xxHash64(hashKeyOf(host)) % BigInt(size)),
    stride: Number(xxHash64(hashKeyOf(host), 1n) % BigInt(size - 1)) + 1,
    due: 0,
  }))

  let filled = 0
  for (let round = 1; filled < size; round++) {
    for (const walker of walkers) {
      if (filled === size) break
      if (round * walker.weight < walker.due) continue
      walker.due += heaviest
      while (slots[walker.slot] !== FREE) walker.slot = (walker.slot + walker.stride) % size
      slots[walker.slot] = walker.owner
      filled++
    }
  }
  return slots
}

function checkTableSize(size: number): void {
  if (size > LARGEST_TABLE) {
    throw new EnvoyModelError(
      'table_size_too_large',
      `tableSize is ${size}, but Envoy takes at most ${LARGEST_TABLE}`,
    )
  }
  if (!isPrime(size)) {
    throw new EnvoyModelError(
      'table_size_not_prime',
      `tableSize is ${size}, but must be a prime, as 65537 is`,
    )
  }
}

/** Whether `value` is one of 2, 3, 5, 7, ... */
export function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false
  return true
}

/** Byte strings compare by code unit, which is by byte. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
