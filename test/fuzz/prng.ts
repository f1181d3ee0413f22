/**
 * Randomness that can be had again: a run has a seed, each of its rounds a generator of its own. So a failure is
 * replayed by its seed and the number of its round alone:
 *
 *     MOORING_SEED=1234 MOORING_ROUND=17 npx vitest run test/fuzz/requests.test.ts
 */

/** Every number that a run draws follows from this. */
export const SEED = numberOf('MOORING_SEED') ?? Math.floor(Math.random() * 2 ** 32)

const ONLY_ROUND = numberOf('MOORING_ROUND')

/** How many cases a suite runs: `few` in every test run, a hundred times as many to prove. */
export function caseCount(few: number): number {
  return process.env['PROVE'] === undefined ? few : few * 100
}

/** What a suite's test may take, in milliseconds: a machine may be busy, and proving takes long. */
export const TIME_LIMIT = caseCount(300_000)

/** SplitMix32. */
export class Prng {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  /** 32 random bits. */
  word(): number {
    this.state = (this.state + 0x9e3779b9) | 0
    let word = this.state ^ (this.state >>> 16)
    word = Math.imul(word, 0x21f0aaad)
    word ^= word >>> 15
    word = Math.imul(word, 0x735a2d97)
    return (word ^ (word >>> 15)) >>> 0
  }

  /** An integer from 0 to `limit`, `limit` not included. */
  below(limit: number): number {
    return this.word() % limit
  }

  /** True once in `times`. */
  onceIn(times: number): boolean {
    return this.below(times) === 0
  }

  /** One of several; they must not be none. */
  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)]
    if (picked === undefined && from.length === 0) throw new RangeError('there is nothing to pick from')
    return picked as T
  }

  /** Calls one of several. */
  oneOf<T>(makers: readonly (() => T)[]): T {
    return this.pick(makers)()
  }

  list<T>(length: number, make: (index: number) => T): T[] {
    return Array.from({ length }, (_, index) => make(index))
  }

  /** Any bytes, one character for each. */
  byteString(length: number): string {
    return String.fromCharCode(...this.list(length, () => this.below(256)))
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from(this.list(length, () => this.below(256)))
  }
}

/**
 * Runs rounds until they have counted `cases` cases. `round` answers how many it was. A failure says how to replay
 * its round.
 */
export function rounds(suite: string, cases: number, round: (prng: Prng, number: number) => number): void {
  let done = 0
  for (let number = ONLY_ROUND ?? 0; done < cases; number++) {
    try {
      done += round(new Prng(Math.imul(number + 1, 0x85ebca6b) ^ SEED ^ saltOf(suite)), number)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(
        `replay: MOORING_SEED=${SEED} MOORING_ROUND=${number} npx vitest run test/fuzz/${suite}\n${message}`,
        { cause: error },
      )
    }
    if (ONLY_ROUND !== undefined) return
  }
}

function saltOf(text: string): number {
  let salt = 0
  for (const character of text) salt = Math.imul(salt, 31) + character.charCodeAt(0)
  return salt
}

function numberOf(variable: string): number | undefined {
  const text = process.env[variable]
  return text === undefined ? undefined : Number(text)
}
