import { randomFillSync } from 'node:crypto'

/** Where a guest's `random_get` takes its bytes from. */
export interface RandomSource {
  /** Fills the whole array. */
  fill(bytes: Uint8Array): void
}

/**
 * The same bytes for the same seed, on every machine: for tests, never for secrets. SplitMix32, whose outputs
 * within one period of 2^32 are all different.
 */
export function seededRandom(seed: number): RandomSource {
  let state = seed | 0
  return {
    fill(bytes) {
      for (let i = 0; i < bytes.length; i += 4) {
        state = (state + 0x9e3779b9) | 0
        let word = state ^ (state >>> 16)
        word = Math.imul(word, 0x21f0aaad)
        word ^= word >>> 15
        word = Math.imul(word, 0x735a2d97)
        word ^= word >>> 15
        for (let lane = 0; lane < 4 && i + lane < bytes.length; lane++) bytes[i + lane] = word >>> (8 * lane)
      }
    },
  }
}

/** The operating system's generator. */
export const systemRandom: RandomSource = {
  fill(bytes) {
    randomFillSync(bytes)
  },
}
