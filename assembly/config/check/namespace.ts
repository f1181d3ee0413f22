/** `match.namespaces`: where the proxy has to run. It stays there, so rules for elsewhere are left out at once. */
import { consistsOf } from '../../http/octet'
import { MINUS } from '../../bytes/ascii'
import { phrase } from '../../bytes/phrase'
import { ABSENT, Slice, UNREADABLE, endOf, equals, isPresent, lenOf, ptrOf } from '../../bytes/slice'
import { word } from '../../bytes/words'
import { JsonNode, after, firstItem, member } from '../../json/node'
import { expectList, expectString } from '../fields'
import { unexpectedText, warning } from '../report'

// @ts-ignore: decorator
@inline
const MOST_NAMESPACES: u32 = 64

let here: Slice = ABSENT

/** The namespace of the proxy, until the next call. UNREADABLE if the proxy does not show it. */
export function setNamespace(namespace: Slice): void {
  here = namespace
}

export function checkNamespaces(list: JsonNode | null): void {
  if (!expectList(list, MOST_NAMESPACES, phrase('1 to 64 namespaces'))) return
  for (let item = firstItem(list); item !== null; item = after(item)) {
    if (!expectString(item, 63) || isNamespace(item.text)) continue
    unexpectedText(phrase('invalid_namespace'), item, phrase('lower-case letters, digits and inner hyphens'))
  }
  if (here == UNREADABLE || lenOf(here) > 0) return
  warning(phrase('no_namespace'), list, phrase('this proxy names no namespace, so the rule never matches'))
}

/** False if a rule is for proxies elsewhere. Where the namespace cannot be read no rule is looked at. */
export function appliesHere(match: JsonNode | null): bool {
  const list = member(match, word('namespaces'))
  if (list === null) return true
  if (!isPresent(here)) return false
  for (let item = firstItem(list); item !== null; item = after(item)) {
    if (equals(item.text, here)) return true
  }
  return false
}

/** True if whether the rule applies cannot be said. */
export function isUndecided(match: JsonNode | null): bool {
  return here == UNREADABLE && member(match, word('namespaces')) !== null
}

/** A label of DNS (RFC 1123 section 2.1), as Kubernetes names namespaces: lower-case, no hyphen first or last. */
function isNamespace(text: Slice): bool {
  return (
    consistsOf(text, word('az09--')) && load<u8>(ptrOf(text)) != MINUS && load<u8>(endOf(text) - 1) != MINUS
  )
}
