/**
 * Verified claims never share a key with what anybody can write into a token of their own. Labels see to that, and `as`
 * would undo it: so no name stands beside claims of both kinds, anywhere in a configuration.
 */
import { phrase } from '../../bytes/phrase'
import { Slice, isPresent } from '../../bytes/slice'
import { listHolds } from '../../bytes/slice-list'
import { word } from '../../bytes/words'
import { JsonNode, after, firstItem, member, textOf } from '../../json/node'
import { isUnverified } from '../check/claim'
import { MOST_LEAVES, SOURCE_LEVELS, kindOf, valueOf } from '../check/source'
import { SLICE_BYTES, SourceKind } from '../policy'
import { error } from '../report'
import { firstRule, ruleCount } from '../rules'
import { roomFor } from './table'

// Slice[]: the names that verified claims have, as often as they have them: there is room for every source.
let names: usize = 0
let nameCount: u32 = 0
let nameRoom: u32 = 0

/** Reports every unverified claim with the name of a verified one. */
export function judgeTrust(root: JsonNode): void {
  nameCount = 0
  nameRoom = (ruleCount(root) + 1) * MOST_LEAVES
  names = roomFor(root, nameRoom * SLICE_BYTES)
  if (names == 0) return
  judgeClaims(root, false)
  judgeClaims(root, true)
}

/** Takes down the names of verified claims, or compares those of unverified ones with them. */
function judgeClaims(root: JsonNode, unverified: bool): void {
  judgeLayer(root, unverified)
  for (let rule = firstRule(root); rule !== null; rule = after(rule)) judgeLayer(rule, unverified)
}

function judgeLayer(layer: JsonNode, unverified: bool): void {
  const from = member(member(layer, word('key')), word('from'))
  if (from !== null) judgeList(from, unverified, 0)
}

function judgeList(list: JsonNode, unverified: bool, level: u32): void {
  for (let source = firstItem(list); source !== null; source = after(source)) {
    const kind = kindOf(source)
    const value = valueOf(source)
    if (value === null) continue
    if (kind >= SourceKind.All && level < SOURCE_LEVELS) judgeList(value, unverified, level + 1)
    const name = member(source, word('as'))
    if (kind == SourceKind.Claim && name !== null && isUnverified(value) == unverified)
      judgeName(name, unverified)
  }
}

function judgeName(name: JsonNode, unverified: bool): void {
  const text = textOf(name)
  if (!isPresent(text)) return
  if (!unverified) {
    if (nameCount == nameRoom) return
    store<Slice>(names + nameCount * SLICE_BYTES, text)
    nameCount++
  } else if (listHolds(names, nameCount, text)) {
    error(
      phrase('mixed_trust'),
      name,
      phrase('a verified claim has this name too: whoever writes a token could take its keys'),
    )
  }
}
