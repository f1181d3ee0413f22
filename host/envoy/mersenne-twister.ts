/**
 * The 32-bit Mersenne Twister that C++ calls std::mt19937 (Matsumoto and Nishimura, 1998). The standard fixes its
 * 10,000th number after seed 5489: 4123659995.
 */

const SIZE = 624
const MIDDLE = 397
const MATRIX = 0x9908b0df
const UPPER = 0x80000000
const LOWER = 0x7fffffff

/** Draws unsigned 32-bit integers, the same ones for the same seed. */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(SIZE)
  state[0] = seed
  for (let i = 1; i < SIZE; i++) {
    const before = state[i - 1] ?? 0
    state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i
  }
  let index = SIZE

  return () => {
    if (index === SIZE) {
      twist(state)
      index = 0
    }
    let word = state[index++] ?? 0
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    word ^= word >>> 18
    return word >>> 0
  }
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const mixed = ((state[i] ?? 0) & UPPER) | ((state[(i + 1) % SIZE] ?? 0) & LOWER)
    state[i] = (state[(i + MIDDLE) % SIZE] ?? 0) ^ (mixed >>> 1) ^ ((mixed & 1) === 0 ? 0 : MATRIX)
  }
}
