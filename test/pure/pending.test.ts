import { describe, expect, test } from 'vitest'
import { Prng, SEED, TIME_LIMIT, caseCount } from '../fuzz/prng.ts'
import { Storage } from './storage.ts'

const MOST = 65_536
// slot | stream u32 | root u32 | ...   (assembly/session/pending.ts)
const ROOT_OFFSET = 4

/** The table, beside a Map that says what must be in it. */
class Model {
  readonly roots = new Map<number, number>()
  readonly storage: Storage

  constructor(storage = new Storage()) {
    this.storage = storage
  }

  /** False if the table has no room. A stream that has a slot keeps it, and what is in it. */
  reserve(stream: number, root: number): boolean {
    const before = this.storage.call.findPending(stream)
    const slot = this.storage.call.reservePending(stream)
    if (stream === 0 || this.roots.has(stream)) {
      expect(slot).toBe(before)
      return false
    }
    if (slot === 0) return false
    this.storage.writeU32(slot + ROOT_OFFSET, root)
    this.roots.set(stream, root)
    return true
  }

  drop(stream: number): void {
    this.storage.call.dropPending(stream)
    this.roots.delete(stream)
  }

  dropOf(root: number): void {
    this.storage.call.dropPendingOf(root)
    for (const [stream, owner] of this.roots) if (owner === root) this.roots.delete(stream)
  }

  check(stream: number): void {
    const slot = this.storage.call.findPending(stream)
    const root = slot === 0 ? undefined : this.storage.readU32(slot + ROOT_OFFSET)
    expect(root).toBe(this.roots.get(stream))
  }

  checkAll(): void {
    expect(this.storage.call.pendingCount()).toBe(this.roots.size)
    for (const stream of this.roots.keys()) this.check(stream)
  }
}

describe('the table of pending streams', () => {
  const steps = caseCount(60_000)

  test.each([
    ['ids that count up', (_: Prng, step: number) => step + 1],
    ['few ids, over and over', (prng: Prng) => prng.below(40)],
    ['any ids', (prng: Prng) => prng.word()],
    // The factor is the inverse of the one that spreads ids: multiplied by both, small numbers stay small.
    ['ids that all belong in one slot', (prng: Prng) => Math.imul(prng.below(90), 0x0e8b_2f51) >>> 0],
  ])(`holds what a Map holds: %s (seed ${SEED})`, { timeout: TIME_LIMIT }, (_, idOf) => {
    const prng = new Prng(SEED)
    const model = new Model()
    let recent: number[] = []
    for (let step = 0; step < steps; step++) {
      const stream = prng.onceIn(2) ? idOf(prng, step) : (recent[prng.below(recent.length || 1)] ?? 1)
      if (prng.onceIn(2)) model.reserve(stream, 1 + prng.below(3))
      else model.drop(stream)
      model.check(stream)
      recent = [...recent.slice(-30), stream]
      if (prng.onceIn(2000)) model.dropOf(1 + prng.below(3))
      if (prng.onceIn(2000)) model.checkAll()
    }
    model.checkAll()
    for (const root of [1, 2, 3]) model.dropOf(root)
    expect(model.storage.call.pendingCount()).toBe(0)
  })

  test('has room for 65,536 and not for one more, whatever was dropped before', () => {
    const model = new Model()
    for (let stream = 1; stream <= MOST; stream++) expect(model.reserve(stream, 1)).toBe(true)
    expect(model.reserve(MOST + 1, 1)).toBe(false)
    model.checkAll()
    model.drop(17)
    expect(model.reserve(MOST + 1, 2)).toBe(true)
    expect(model.reserve(17, 1)).toBe(false)
    model.dropOf(1)
    model.checkAll()
    expect(model.storage.call.pendingCount()).toBe(1)
  })

  test('takes no memory for streams that come and go', () => {
    const { call } = new Storage()
    call.reservePending(1)
    const used = call.heapUsed()
    for (let stream = 2; stream < 200_000; stream++) {
      call.reservePending(stream)
      call.dropPending(stream)
    }
    expect(call.heapUsed()).toBe(used)
    expect(call.pendingCount()).toBe(1)
  })

  test('keeps what it has where memory cannot grow, and takes more once others are gone', () => {
    const { pages } = new Storage()
    const model = new Model(new Storage(pages + 4))
    let stream = 1
    while (model.reserve(stream, 1)) stream++
    expect(stream).toBeGreaterThan(100)
    expect(stream).toBeLessThan(MOST)
    model.checkAll()
    expect(model.reserve(stream, 1)).toBe(false)
    model.drop(1)
    expect(model.reserve(stream, 1)).toBe(true)
    model.checkAll()
  })

  test('knows no stream 0', () => {
    const { call } = new Storage()
    expect(call.reservePending(0)).toBe(0)
    expect(call.findPending(0)).toBe(0)
    call.dropPending(0)
    call.dropPendingOf(0)
    expect(call.pendingCount()).toBe(0)
  })
})
