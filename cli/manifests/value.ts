/** Reads what a YAML file holds, whatever that is: what is not there, or is of another kind, reads as nothing. */

export type Mapping = Readonly<Record<string, unknown>>

/** Keys and indexes from the top of a document: `['spec', 'http', 0]`. */
export type Path = readonly (string | number)[]

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function valueAt(value: unknown, ...path: Path): unknown {
  let inner = value
  for (const step of path) {
    if (typeof step === 'number') inner = Array.isArray(inner) ? (inner as unknown[])[step] : undefined
    else inner = isMapping(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined
  }
  return inner
}

/** Empty where there is none. */
export function mappingAt(value: unknown, ...path: Path): Mapping {
  const inner = valueAt(value, ...path)
  return isMapping(inner) ? inner : {}
}

/** Empty where there is none, as Kubernetes reads an absent string. */
export function textAt(value: unknown, ...path: Path): string {
  const inner = valueAt(value, ...path)
  return typeof inner === 'string' ? inner : ''
}

export function numberAt(value: unknown, ...path: Path): number | undefined {
  const inner = valueAt(value, ...path)
  return typeof inner === 'number' ? inner : undefined
}

/** A whole number, also one in quotes: a 64-bit integer of Istio may be written as either. */
export function integerAt(value: unknown, ...path: Path): number | undefined {
  const inner = valueAt(value, ...path)
  if (typeof inner === 'string' && /^\d{1,15}$/.test(inner)) return Number(inner)
  return typeof inner === 'number' && Number.isInteger(inner) ? inner : undefined
}

/** Empty where there is none. */
export function listAt(value: unknown, ...path: Path): readonly unknown[] {
  const inner = valueAt(value, ...path)
  return Array.isArray(inner) ? inner : []
}

/** The texts of a list; what else it holds is left out. */
export function textsAt(value: unknown, ...path: Path): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === 'string')
}

/** The path of a JSON pointer (RFC 6901), with indexes as numbers. */
export function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^(?:0|[1-9]\d*)$/.test(step) ? Number(step) : step))
}
