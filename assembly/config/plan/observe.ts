/** What the debug header's fields must be beside the rest. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { addName } from '../../bytes/name-set'
import { ABSENT, Slice, isPresent } from '../../bytes/slice'
import { word } from '../../bytes/words'
import { isSameSecret } from '../check/secret'
import { JsonNode, after, firstItem, member, textOf } from '../../json/node'
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
  judgeToken(debug, root)
  for (
    let rule: JsonNode | null = firstItem(member(root, word('rules')));
    rule !== null;
    rule = after(rule)
  ) {
    judgeToken(debug, rule)
  }
}

/** Whoever may see how keys are made must not be able to make them. */
function judgeToken(debug: JsonNode, layer: JsonNode): void {
  const secret = member(member(layer, word('key')), word('hashSecret'))
  if (secret === null || secret.broken || !isSameSecret(secret, debug)) return
  error(
    phrase('secret_reused'),
    debug,
    phrase('the token is a hashSecret too; make one with: openssl rand -base64 32'),
  )
}

/** `observe.debugHeader`, null if it is not there. */
export function debugHeader(root: JsonNode): JsonNode | null {
  return member(member(root, word('observe')), word('debugHeader'))
}
