/** Pieces of generated configurations: names, hosts, and objects with some of their fields. */
import fc from 'fast-check'

/** Every field there, or any of them missing. */
export function part<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<
  Partial<T>
> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>
}

export function of(alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.nat(alphabet.length - 1).map((index) => alphabet.charAt(index)),
    minLength,
    maxLength,
  })
}

export const LOWER = 'abcxyz'
export const token = of(`${LOWER}ABC019!#$%&'*+-.^_\`|~`, 1, 12)
export const label = fc.tuple(of(LOWER, 1, 1), of(`${LOWER}019-`, 0, 8)).map((parts) => parts.join(''))
const hostLabel = of(`${LOWER}09`, 1, 6)
export const host = fc.array(hostLabel, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
export const method = fc.constantFrom('GET', 'POST', 'PUT', 'M-SEARCH', 'X_1')
