import { valueAt, listAt, textAt } from '../manifests/value.ts'

/** What a rule, or the top level, says of the key, as far as an explanation needs its words. */
export interface Plan {
  readonly from: readonly unknown[]
  readonly keyHeader: string
}

/** The plan of a configuration that the filter accepts: a rule inherits from the top level, lists replace. */
export function planOf(configuration: unknown, rule: string | undefined): Plan {
  const chosen = listAt(configuration, 'rules').find(
    (each) => rule !== undefined && textAt(each, 'name') === rule,
  )
  const from = [chosen, configuration].map((part) => valueAt(part, 'key', 'from')).find(Array.isArray)
  return {
    from: from ?? ['session'],
    keyHeader: textAt(chosen, 'key', 'header') || textAt(configuration, 'key', 'header') || 'x-mooring-key',
  }
}
