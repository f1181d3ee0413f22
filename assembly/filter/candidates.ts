/**
 * The rules that a request may still match: all that are eligible at first, fewer with each field that is looked at.
 *
 *     candidates  =  candidates  &  (found  |  rules that do not ask for the field)
 *
 * A hash says only where a pattern may be; each one is compared before its rules count as found.
 */
import { addAll, nextOf, setBit } from '../bytes/bit-set'
import { placeOf } from '../bytes/hash'
import { Slice, equals } from '../bytes/slice'
import { Field, MOST_LISTED, Pattern, RuleIndex, setOf } from '../config/rule-index'
import { matchHost } from '../http/authority'
import { matchPath } from '../http/path'

// Sets of 1,024 rules.
const candidates: usize = memory.data(128, 8)
const found: usize = memory.data(128, 8)

export function openCandidates(index: RuleIndex): void {
  memory.copy(candidates, index.eligible, index.words << 3)
}

/** The first of those that are left, or -1. */
export function firstCandidate(index: RuleIndex): i32 {
  return nextOf(candidates, 0, index.words)
}

/** Begins a field, of which no pattern has been found yet. */
export function openField(index: RuleIndex): void {
  memory.fill(found, 0, index.words << 3)
}

/** Finds the patterns of that subject and hash that cover `value`. */
export function look(index: RuleIndex, subject: u32, hash: u32, value: Slice): void {
  for (let at = placeOf(hash, index.mask); ; at = (at + 1) & index.mask) {
    const pattern = changetype<Pattern | null>(<usize>load<u32>(index.places + (at << 2)))
    if (pattern === null) return
    if (pattern.hash == hash && pattern.subject == subject && covers(pattern, value)) addRules(index, pattern)
  }
}

/** Ends a field: rules that ask for it and were not found are out. */
export function closeField(index: RuleIndex, field: u32): void {
  const asking = setOf(index, index.asking, field)
  for (let at: u32 = 0; at < index.words << 3; at += 8) {
    const stays = load<u64>(found + at) | ~load<u64>(asking + at)
    store<u64>(candidates + at, load<u64>(candidates + at) & stays)
  }
}

function covers(pattern: Pattern, value: Slice): bool {
  if (pattern.subject == Field.Path) return matchPath(pattern.text, value)
  if (pattern.subject <= <u32>Field.Service) return matchHost(pattern.text, value)
  return equals(pattern.text, value)
}

function addRules(index: RuleIndex, pattern: Pattern): void {
  if (pattern.count > MOST_LISTED) {
    addAll(found, pattern.rules, index.words)
    return
  }
  for (let i: u32 = 0; i < pattern.count; i++) setBit(found, load<u16>(pattern.rules + (i << 1)))
}
