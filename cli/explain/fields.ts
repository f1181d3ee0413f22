/** Reading what others wrote, of any shape: a field that is not there, or of another type, is nothing. */

export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at the end of a path of names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isMapping(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  )
}

export function mappingAt(value: unknown, ...path: readonly string[]): Mapping {
  const found = at(value, ...path)
  return isMapping(found) ? found : {}
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** Empty where there is none, as Kubernetes reads an absent string. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** A whole number, also one in quotes: a 64-bit integer of Istio may be written as either. */
export function integerAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path)
  if (typeof found === 'string' && /^\d{1,15}$/.test(found)) return Number(found)
  return typeof found === 'number' && Number.isInteger(found) ? found : undefined
}

/** Whether every label that is asked for is there; asking for none fits nothing, as an absent selector does. */
export function hasLabels(labels: unknown, wanted: unknown): boolean {
  const names = isMapping(wanted) ? Object.entries(wanted) : []
  return names.length > 0 && names.every(([name, value]) => at(labels, name) === value)
}

/** The only item, where there is but one. */
export function onlyOne(items: readonly unknown[]): unknown {
  return items.length === 1 ? items[0] : undefined
}
