/**
 * A host that answers anything: a random status, and with Ok random bytes, of a size it means. It keeps to what a
 * guest has to rely on, as every host does: bytes handed over are in memory that `malloc` gave, and out-parameters
 * are written with Ok only.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { MATCH_HEADERS, SECRET, SIGNING_SECRETS } from './configuration.ts'
import { damagedPairs, damagedText } from './damage.ts'
import { REFUSALS } from './faults.ts'
import type { Prng } from './prng.ts'

type Export = (...args: number[]) => number | undefined

const module = new WebAssembly.Module(readFileSync('build/mooring.wasm'))
const ENVIRONMENT = [
  `MOORING_HASH_SECRET=${SECRET}\0`,
  ...SIGNING_SECRETS.map((secret, i) => `MOORING_SIGNING_${i + 1}=${secret}\0`),
].join('')
const TEXTS = [
  'a=1; ISTIOID=ABEiM0RVZneImaq7zN3u_w',
  'GET',
  '/mcp/a?user=1',
  'test.com:80',
  '1.2.3.4:5',
  'via_upstream',
  'https',
  'shop',
  'outbound|8080||cart.shop.svc.cluster.local',
  ' =ISTIOID x-mooring-key',
  ' /',
]

export class HostileHost {
  private readonly exports: Readonly<Record<string, Export>>
  private readonly memory: WebAssembly.Memory
  private readonly prng: Prng
  private hostile = false
  private environmentSize = 0
  /** What `proxy_on_configure` is given to read. */
  private readonly configuration: Uint8Array
  /** One call in so many is refused. */
  private readonly refusesOnceIn: number

  constructor(prng: Prng, configuration: Uint8Array) {
    this.prng = prng
    this.configuration = configuration
    this.refusesOnceIn = 2 + prng.below(20)
    const imports: Record<string, Record<string, Export>> = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      const answer = this.answerTo(name)
      ;(imports[from] ??= {})[name] = (...args) =>
        this.refuses() ? this.prng.pick(REFUSALS) : answer(...args)
    }
    const { exports } = new WebAssembly.Instance(module, imports)
    this.exports = exports as unknown as Readonly<Record<string, Export>>
    this.memory = exports['memory'] as WebAssembly.Memory
    this.call('_initialize')
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength
  }

  /** Calls an export. A trap is thrown, as what it is. */
  call(name: string, ...args: number[]): number {
    const callback = this.exports[name]
    assert.ok(callback !== undefined, `the filter exports no ${name}`)
    return callback(...args) ?? 0
  }

  /** Until this is called no hostcall is refused, so that the filter can be configured at all. */
  turnHostile(): void {
    this.hostile = true
  }

  private refuses(): boolean {
    return this.hostile && this.prng.onceIn(this.refusesOnceIn)
  }

  private answerTo(name: string): Export {
    switch (name) {
      case 'proxy_get_header_map_value':
      case 'proxy_get_property':
        return (...args) => this.handOver(this.someBytes(), args.at(-2), args.at(-1))
      case 'proxy_get_header_map_pairs':
        return (_, pointerAt, sizeAt) => this.handOver(this.somePairs(), pointerAt, sizeAt)
      case 'proxy_get_shared_data':
        return (_key, _size, pointerAt, sizeAt, versionAt) => {
          this.writeU32(versionAt, this.prng.word())
          return this.handOver(this.someLeases(), pointerAt, sizeAt)
        }
      case 'proxy_get_buffer_bytes':
        return (_type, _start, _length, pointerAt, sizeAt) =>
          this.handOver(this.configuration, pointerAt, sizeAt)
      case 'proxy_get_current_time_nanoseconds':
        return (at = 0) => {
          const seconds = this.prng.onceIn(4) ? this.prng.word() : this.prng.below(20)
          new DataView(this.memory.buffer).setBigUint64(at >>> 0, BigInt(seconds) * 1_000_000_000n, true)
          return 0
        }
      case 'proxy_define_metric':
        return (_type, _name, _size, idAt) => this.writeU32(idAt, this.prng.word())
      case 'proxy_replace_header_map_value':
      case 'proxy_add_header_map_value':
        return (_map, key, keySize, value, valueSize) => {
          for (const written of [this.read(key, keySize), this.read(value, valueSize)]) {
            assert.ok(!hasControls(written), `${JSON.stringify(written)} was written into a header`)
          }
          return 0
        }
      case 'environ_sizes_get':
        return (countAt, sizeAt) => {
          const sizes = [0, 1, 64, 4096, 1 << 20, 0xffff_ffff]
          this.environmentSize = this.hostile ? this.prng.pick(sizes) : ENVIRONMENT.length
          this.writeU32(countAt, this.hostile ? this.prng.below(20) : 3)
          return this.writeU32(sizeAt, this.environmentSize)
        }
      case 'environ_get':
        return (_pointersAt, textAt = 0) => {
          const text = Buffer.from(ENVIRONMENT).subarray(0, this.environmentSize)
          new Uint8Array(this.memory.buffer).set(text, textAt >>> 0)
          return 0
        }
      default:
        // Randomness, logs, metrics, ticks, replies: Ok, with whatever the memory held before.
        return () => 0
    }
  }

  private handOver(bytes: Uint8Array, pointerAt = 0, sizeAt = 0): number {
    let address = 0
    if (bytes.length > 0) {
      address = this.prng.onceIn(30) ? 0 : this.call('malloc', bytes.length)
      if (address === 0) return 6
      assert.ok(address + bytes.length <= this.memoryBytes, 'malloc gave memory that is not there')
      new Uint8Array(this.memory.buffer).set(bytes, address)
    }
    this.writeU32(pointerAt, address)
    return this.writeU32(sizeAt, bytes.length)
  }

  private someBytes(): Uint8Array {
    const { prng } = this
    return prng.oneOf<Uint8Array>([
      () => Buffer.from(damagedText(prng, prng.pick(TEXTS)), 'latin1'),
      () => Buffer.from(prng.pick(TEXTS), 'latin1'),
      () => prng.bytes(prng.below(80)),
      () => damagedPairs(prng),
      () => new Uint8Array(prng.pick([0, 1, 8, 4096, 4097, 100_000])).fill(prng.below(256)),
    ])
  }

  /** Of few plugins, and of moments around 0, which is what the clock of this host may show. */
  private someLeases(): Uint8Array {
    const { prng } = this
    if (prng.onceIn(3)) return this.someBytes()
    const leases = Buffer.alloc(prng.below(300) + (prng.onceIn(3) ? 0 : 8))
    for (let at = 0; at + 8 <= leases.length; at += 8) {
      leases.writeUInt32LE(prng.below(4), at)
      leases.writeUInt32LE((prng.below(20) - 10) >>> 0, at + 4)
    }
    return leases
  }

  private somePairs(): Uint8Array {
    const { prng } = this
    if (prng.onceIn(3)) return damagedPairs(prng)
    const entries = prng.list(prng.below(8), () => ({
      name: prng.onceIn(2) ? 'cookie' : prng.pick(MATCH_HEADERS).toLowerCase(),
      value: prng.onceIn(2) ? prng.pick(TEXTS) : `${prng.pick(TEXTS)};${prng.byteString(prng.below(9))}`,
    }))
    const sizes = Buffer.alloc(4 + 8 * entries.length)
    sizes.writeUInt32LE(entries.length)
    entries.forEach(({ name, value }, index) => {
      sizes.writeUInt32LE(name.length, 4 + 8 * index)
      sizes.writeUInt32LE(value.length, 8 + 8 * index)
    })
    return Buffer.concat([
      sizes,
      Buffer.from(entries.map(({ name, value }) => `${name}\0${value}\0`).join(''), 'latin1'),
    ])
  }

  private read(address = 0, length = 0): string {
    return Buffer.from(this.memory.buffer, address >>> 0, length >>> 0).toString('latin1')
  }

  private writeU32(address = 0, value: number): number {
    new DataView(this.memory.buffer).setUint32(address >>> 0, value >>> 0, true)
    return 0
  }
}

function hasControls(text: string): boolean {
  return Array.from(text, (character) => character.charCodeAt(0)).some(
    (octet) => (octet < 0x20 && octet !== 0x09) || octet === 0x7f,
  )
}
