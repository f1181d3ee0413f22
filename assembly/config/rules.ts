/** The rules of a configuration, whatever is wrong with it. */
import { word } from '../bytes/words'
import { JsonNode, firstItem, itemCount, member } from '../json/node'

/** `rules`, null if it is not there. */
export function rulesOf(root: JsonNode | null): JsonNode | null {
  return member(root, word('rules'))
}

/** Null if there is none. */
export function firstRule(root: JsonNode | null): JsonNode | null {
  return firstItem(rulesOf(root))
}

export function ruleCount(root: JsonNode | null): u32 {
  return itemCount(rulesOf(root))
}
