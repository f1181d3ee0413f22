/** The key that a request gets, and the tokens that it may come from. */
import type { HeaderList, PropertyTree, PropertyValue } from '../../host/index.ts'
import { HASH_SECRET, pass, requestValues, startMooring } from './mooring.ts'

/** The key header where none is named. */
export const HEADER = 'x-mooring-key'

/** The properties of a request whose token Envoy has verified. */
export function verified(payload: Record<string, PropertyValue>): PropertyTree {
  return { metadata: { filter_metadata: { 'envoy.filters.http.jwt_authn': { payload } } } }
}

/** The key headers that a request gets under `key`, without a session. */
export function keysOf(
  key: object,
  headers: HeaderList = [],
  properties: PropertyTree = {},
): readonly string[] {
  const { plugin } = startMooring({ key }, { environment: { SECRET: HASH_SECRET } })
  const passed = pass(plugin, headers, properties)
  passed.stream.end()
  return requestValues(passed, HEADER)
}
