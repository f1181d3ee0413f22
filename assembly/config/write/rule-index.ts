/**
 * The index of the rules (config/rule-index.ts) into the policy's block, in two passes: first every pattern with how
 * many rules have it, then, with the room for them known, the rules of each.
 */
import { setBit, wordsOf } from '../../bytes/bit-set'
import { Words, word, wordIndex, words } from '../../bytes/words'
import { JsonNode, after, firstItem, itemCount, member } from '../../json/node'
import { appliesHere, isUndecided } from '../check/namespace'
import {
  FIELDS,
  Field,
  HeaderName,
  MOST_HEADERS,
  MOST_LISTED,
  Pattern,
  RuleIndex,
  setOf,
} from '../rule-index'
import { blockBytes, blockOverflowed, largeBlockBytes } from './block'
import { headerField, patternOf } from './pattern'

// In the order of Field.
const FIELD_NAMES: Words = words('hosts services methods paths headers')

/** The index of `rules`; null if the block has no room for it. */
export function writeRuleIndex(rules: JsonNode): RuleIndex | null {
  const index = openIndex(rules)
  if (index === null) return null
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    const match = member(rule, word('match'))
    if (isUndecided(match)) index.unreadable = true
    if (!appliesHere(match)) continue
    setBit(index.eligible, rule.index)
    enterPatterns(index, match, rule.index)
    if (blockOverflowed()) return null
  }
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    linkPatterns(index, member(rule, word('match')), rule.index)
    if (blockOverflowed()) return null
  }
  return index
}

function openIndex(rules: JsonNode): RuleIndex | null {
  const index = changetype<RuleIndex>(blockBytes(offsetof<RuleIndex>()))
  index.words = wordsOf(itemCount(rules))
  index.eligible = blockBytes(index.words << 3)
  index.asking = blockBytes(FIELDS * (index.words << 3))
  index.headers = blockBytes(MOST_HEADERS * <u32>offsetof<HeaderName>())
  index.headersByLength = blockBytes(32 << 2)
  const patterns = patternCount(rules)
  let places: u32 = 4
  while (places <= 2 * patterns) places <<= 1
  index.mask = places - 1
  index.places = largeBlockBytes(places << 2)
  return blockOverflowed() ? null : index
}

function patternCount(rules: JsonNode): u32 {
  let count: u32 = 0
  for (let rule = firstItem(rules); rule !== null; rule = after(rule)) {
    for (let list = firstField(member(rule, word('match'))); list !== null; list = after(list)) {
      count += itemCount(list)
    }
  }
  return count
}

/** First pass. Where a pattern is, its node remembers. */
function enterPatterns(index: RuleIndex, match: JsonNode | null, rule: u32): void {
  for (let list = firstField(match); list !== null; list = after(list)) {
    const field = wordIndex(list.name, FIELD_NAMES)
    if (field < 0) continue
    for (let item = firstItem(list); item !== null; item = after(item)) {
      const asked = field == Field.Header ? headerField(index, item) : <u32>field
      index.asked |= (<u64>1) << asked
      setBit(setOf(index, index.asking, asked), rule)
      const pattern = patternOf(index, asked, item)
      if (blockOverflowed()) return
      pattern.count++
      item.compiled = changetype<usize>(pattern)
    }
  }
}

/** Second pass: puts the rule to each of its patterns. */
function linkPatterns(index: RuleIndex, match: JsonNode | null, rule: u32): void {
  for (let list = firstField(match); list !== null; list = after(list)) {
    for (let item = firstItem(list); item !== null; item = after(item)) {
      if (item.compiled == 0) continue
      link(index, changetype<Pattern>(item.compiled), rule)
      if (blockOverflowed()) return
    }
  }
}

function link(index: RuleIndex, pattern: Pattern, rule: u32): void {
  const listed = pattern.count <= MOST_LISTED
  if (pattern.rules == 0) {
    pattern.rules = blockBytes(listed ? pattern.count << 1 : index.words << 3)
    if (blockOverflowed()) return
    // A list counts up again while it fills; the count of a set stays, which tells the two apart.
    if (listed) pattern.count = 0
  }
  if (!listed) setBit(pattern.rules, rule)
  else store<u16>(pattern.rules + (pattern.count++ << 1), <u16>rule)
}

function firstField(match: JsonNode | null): JsonNode | null {
  return match === null ? null : match.child
}
