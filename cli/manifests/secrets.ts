import { isMapping } from './value.ts'

/** Every NAME of an `{env: NAME}` that a configuration has, at any depth. */
export function secretsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'env' && typeof inner === 'string' ? [inner] : secretsIn(inner),
  )
}
