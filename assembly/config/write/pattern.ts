/** The patterns of rules into the index: each once, whichever rules have it. */
import { SLASH, STAR } from '../../bytes/ascii'
import { setBit } from '../../bytes/bit-set'
import { hashOctets, hashStart, placeOf } from '../../bytes/hash'
import {
  Slice,
  between,
  endOf,
  equals,
  equalsIgnoreCase,
  indexOf,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../../bytes/slice'
import { writer } from '../../bytes/writer'
import { word } from '../../bytes/words'
import { isAnySegment, isRest } from '../../http/path-pattern'
import { JsonNode, isTrue, member, textOf } from '../../json/node'
import {
  Field,
  HeaderKind,
  LONGEST_CONDITION,
  PathShape,
  Pattern,
  RuleIndex,
  SHAPE,
  hashBackwards,
  headerAt,
  segmentHash,
  subjectOf,
} from '../rule-index'
import { blockBytes, blockLowerText, blockOverflowed, blockText } from './block'

// A path pattern has at most 1,024 characters, all of them ASCII.
const starred: usize = memory.data(1024)
const shape = changetype<PathShape>(memory.data(16, 8))

/** The pattern that `item` of a match's list is; nothing may be done with it if the block has overflowed. */
export function patternOf(index: RuleIndex, field: u32, item: JsonNode): Pattern {
  if (field == <u32>Field.Path) return pathPattern(index, item.text)
  const start = hashStart(field)
  if (field >= <u32>Field.Header) return headerPattern(index, field, item)
  const text = item.text
  if (field == Field.Method) return pattern(index, field, hashOctets(start, ptrOf(text), endOf(text)), text)
  const suffix = load<u8>(ptrOf(text)) == STAR ? ptrOf(text) + 1 : ptrOf(text)
  return pattern(index, field, hashBackwards(start, suffix, endOf(text)), text)
}

/** The field of the header that `condition` is about. */
export function headerField(index: RuleIndex, condition: JsonNode): u32 {
  const name = textOf(member(condition, word('name')))
  let header: u32 = 0
  while (header < index.headerCount && !equalsIgnoreCase(name, headerAt(index, header).name)) header++
  if (header == index.headerCount) {
    index.headerCount++
    headerAt(index, header).name = blockLowerText(name)
    const word = index.headersByLength + ((lenOf(name) & 31) << 2)
    store<u32>(word, load<u32>(word) | (1 << header))
  }
  return Field.Header + header
}

function headerPattern(index: RuleIndex, field: u32, condition: JsonNode): Pattern {
  const start = hashStart(field)
  const present = member(condition, word('present'))
  if (present !== null)
    return pattern(
      index,
      subjectOf(field, isTrue(present) ? HeaderKind.Present : HeaderKind.Absent),
      start,
      slice(starred, 0),
    )
  const exact = textOf(member(condition, word('exact')))
  const kind = isPresent(exact) ? HeaderKind.Exact : HeaderKind.Prefix
  const text = isPresent(exact) ? exact : textOf(member(condition, word('prefix')))
  if (kind == HeaderKind.Prefix) notePrefix(index, field, lenOf(text))
  return pattern(index, subjectOf(field, kind), hashOctets(start, ptrOf(text), endOf(text)), text)
}

function notePrefix(index: RuleIndex, field: u32, length: u32): void {
  const header = headerAt(index, field - Field.Header)
  if (header.prefixes == 0) header.prefixes = blockBytes(LONGEST_CONDITION >> 3)
  setBit(header.prefixes, length - 1)
}

/** A path pattern, captures as `*`, and its shape. */
function pathPattern(index: RuleIndex, text: Slice): Pattern {
  writer.open(starred, 1024)
  shape.wild = 0
  shape.open = 0
  let hash: u32 = 0
  let segments: u32 = 0
  for (let at = ptrOf(text); at < endOf(text);) {
    const segment = between(at + 1, indexOf(at + 1, endOf(text), SLASH))
    at = endOf(segment)
    writer.byte(SLASH)
    if (isRest(segment)) {
      writer.bytes(segment)
      shape.open = 1
      break
    }
    if (isAnySegment(segment)) {
      writer.byte(STAR)
      shape.wild |= (<u64>1) << segments
    } else {
      writer.bytes(segment)
      hash += segmentHash(segments, ptrOf(segment), endOf(segment))
    }
    segments++
  }
  shape.segments = segments
  const starless = writer.result
  return pattern(index, Field.Path, hash + shapePattern(index).hash, starless)
}

function shapePattern(index: RuleIndex): Pattern {
  const at = changetype<usize>(shape)
  const bytes = slice(at, offsetof<PathShape>())
  const found = pattern(index, SHAPE, hashOctets(0, at, endOf(bytes)), bytes)
  if (found.count++ == 0) {
    found.rules = changetype<usize>(index.shapes)
    index.shapes = found
  }
  return found
}

/** The pattern of that subject and text, new if it is not there yet. */
function pattern(index: RuleIndex, subject: u32, hash: u32, text: Slice): Pattern {
  let at = placeOf(hash, index.mask)
  while (true) {
    const there = changetype<Pattern | null>(<usize>load<u32>(index.places + (at << 2)))
    if (there === null) break
    if (there.hash == hash && there.subject == subject && equals(there.text, text)) return there
    at = (at + 1) & index.mask
  }
  const made = changetype<Pattern>(blockBytes(offsetof<Pattern>()))
  const copy = blockText(text)
  if (blockOverflowed()) return made
  made.hash = hash
  made.subject = subject
  made.text = copy
  store<u32>(index.places + (at << 2), <u32>changetype<usize>(made))
  return made
}
