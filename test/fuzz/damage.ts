/** Bytes and texts that are nearly right: cut, doubled, changed in a place or filled with noise. */
import type { Prng } from './prng.ts'

/** Up to `most` random edits of a text, one character for each byte. */
export function damagedText(prng: Prng, text: string, most = 3): string {
  let damaged = text
  for (let times = 1 + prng.below(most); times > 0; times--) {
    const at = prng.below(damaged.length + 1)
    const character = String.fromCharCode(prng.onceIn(2) ? prng.below(128) : prng.below(256))
    damaged = prng.oneOf([
      () => damaged.slice(0, at),
      () => damaged.slice(at),
      () => damaged.slice(0, at) + character + damaged.slice(at),
      () => damaged.slice(0, at) + character + damaged.slice(at + 1),
      () => damaged.slice(0, at) + damaged.slice(at + 1),
      () => damaged.slice(0, at) + damaged.slice(prng.below(damaged.length + 1)),
      () => (damaged.length < 20_000 ? damaged + damaged.slice(at) : damaged),
      () => damaged.slice(0, at) + prng.byteString(prng.below(8)) + damaged.slice(at),
    ])
  }
  return damaged
}

/** The pairs format (u32 count, lengths, then NUL-ended names and values), with lengths that lie in places. */
export function damagedPairs(prng: Prng): Uint8Array {
  const texts = prng.list(2 * prng.below(6), () => prng.byteString(prng.below(12)))
  const head = [texts.length / 2, ...texts.map(({ length }) => length)]
  const lies = prng.below(3)
  for (let i = 0; i < lies; i++) {
    const hugeOrNear = [0, 1, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff, prng.below(64)]
    head[prng.below(head.length)] = prng.pick(hugeOrNear)
  }
  const sizes = Buffer.alloc(4 * head.length)
  head.forEach((value, index) => sizes.writeUInt32LE(value, 4 * index))
  const whole = Buffer.concat([sizes, Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1')])
  return prng.onceIn(3) ? whole.subarray(0, prng.below(whole.length + 1)) : whole
}
