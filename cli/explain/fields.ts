import { isMapping, valueAt } from '../manifests/value.ts'

/** Whether every label that is asked for is there; asking for none fits nothing, as an absent selector does. */
export function hasLabels(labels: unknown, wanted: unknown): boolean {
  const names = isMapping(wanted) ? Object.entries(wanted) : []
  return names.length > 0 && names.every(([name, value]) => valueAt(labels, name) === value)
}

/** The only item, where there is but one. */
export function onlyOne(items: readonly unknown[]): unknown {
  return items.length === 1 ? items[0] : undefined
}
