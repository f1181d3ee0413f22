/** What the debug header's fields must be beside the rest. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { word } from '../../bytes/words'
import { addName } from '../../bytes/name-set'
import { ABSENT, Slice, isPresent } from '../../bytes/slice'
import { JsonNode, member, textOf } from '../../json/node'
import { error } from '../report'

/** The request header that carries the debug token where none is named. */
export const DEFAULT_TOKEN_HEADER: Slice = ascii('x-mooring-explain')

/** The name of the request header that carries the debug token; ABSENT if there is no `observe.debugHeader`. */
export function debugTokenHeader(root: JsonNode): Slice {
  const debug = debugHeader(root)
  if (debug === null) return ABSENT
  const name = textOf(member(debug, word('whenHeader')))
  return isPresent(name) ? name : DEFAULT_TOKEN_HEADER
}

/** To be called when the key headers are gathered; the token's header is then among them, since it is removed as they are. */
export function judgeObserve(root: JsonNode): void {
  const debug = debugHeader(root)
  if (debug === null || debug.broken) return
  const token = debugTokenHeader(root)
  if (!addName(token))
    error(
      phrase('reserved_header'),
      debug,
      phrase('whenHeader is a key header; the token needs one of its own'),
    )
}

/** `observe.debugHeader`, null if it is not there. */
export function debugHeader(root: JsonNode): JsonNode | null {
  return member(member(root, word('observe')), word('debugHeader'))
}
