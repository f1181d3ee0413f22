/**
 * JSON (RFC 8259) to a tree of nodes in the arena. It reads strictly, iteratively, and cannot trap: depth, size,
 * members and memory have limits, and whatever is beyond them is an error like any other.
 *
 * After a failure the tree holds what was read before it, so that the place of the failure can be named, and so that
 * names of key headers can be saved from a broken configuration.
 */
import { phrase } from '../bytes/phrase'
import { ABSENT, Slice, lenOf, ptrOf, slice } from '../bytes/slice'
import { atEnd, fail, hasFailed, openCursor, skipBlanks, take } from './cursor'
import { JsonKind, JsonNode, appendNode } from './node'
import { readString } from './string'
import { readValue, valueNumber, valueText } from './value'

/** Bytes of a document. */
// @ts-ignore: decorator
@inline
export const MOST_BYTES: u32 = 256 << 10

/** Objects and lists within each other. */
// @ts-ignore: decorator
@inline
const MOST_LEVELS: u32 = 32

/** Values of a document. */
// @ts-ignore: decorator
@inline
const MOST_VALUES: u32 = 32768

/** Members of one object: looking for duplicates takes time in the square of it. */
// @ts-ignore: decorator
@inline
const MOST_MEMBERS: u32 = 64

let innermost: JsonNode | null = null

/**
 * The document's root: complete if `hasFailed()` (json/cursor.ts) says no, else what was read until then, or null if
 * that is nothing. Of a longer document the first MOST_BYTES are read.
 */
export function readJson(document: Slice): JsonNode | null {
  openCursor(slice(ptrOf(document), min(lenOf(document), MOST_BYTES)))
  const root = readTree()
  if (hasFailed()) return root
  skipBlanks()
  if (!atEnd()) fail(phrase('invalid_json'), phrase('expected nothing more after the configuration'))
  return root
}

/** The object or list in which the reader was when it stopped; null if in none. */
export function innermostNode(): JsonNode | null {
  return innermost
}

function readTree(): JsonNode | null {
  let root: JsonNode | null = null
  let parent: JsonNode | null = null
  let level: u32 = 0
  let values: u32 = 0
  innermost = null
  while (true) {
    skipBlanks()
    const name = parent !== null && parent.kind == JsonKind.Object ? readName(parent) : ABSENT
    if (hasFailed()) return root
    if (++values > MOST_VALUES) {
      fail(phrase('too_large'), phrase('the configuration has more than 32768 values'))
      return root
    }
    const node = appendNode(parent, name)
    if (node === null) {
      fail(phrase('too_large'), phrase('the configuration needs more memory than there is for it'))
      return root
    }
    if (root === null) root = node
    node.kind = readValue(false)
    node.text = valueText
    node.number = valueNumber
    if (hasFailed()) return root

    if (isContainer(node.kind) && !takeCloser(node)) {
      if (++level > MOST_LEVELS) {
        fail(phrase('too_large'), phrase('objects and lists are nested more than 32 deep'))
        return root
      }
      parent = node
      innermost = node
      continue
    }
    // A value is complete, and with it may be any number of the containers around it.
    while (true) {
      if (parent === null) return root
      skipBlanks()
      if (take(0x2c)) break
      if (!takeCloser(parent)) {
        fail(
          phrase('invalid_json'),
          parent.kind == JsonKind.Object ? phrase('expected , or }') : phrase('expected , or ]'),
        )
        return root
      }
      level--
      parent = parent.parent
      innermost = parent
    }
  }
}

function readName(object: JsonNode): Slice {
  if (object.count == MOST_MEMBERS) {
    fail(phrase('too_large'), phrase('an object has more than 64 members'))
    return ABSENT
  }
  const name = readString()
  skipBlanks()
  if (!hasFailed() && !take(0x3a)) fail(phrase('invalid_json'), phrase('expected : after a name'))
  skipBlanks()
  return name
}

function isContainer(kind: JsonKind): bool {
  return kind == JsonKind.Array || kind == JsonKind.Object
}

function takeCloser(node: JsonNode): bool {
  skipBlanks()
  return take(node.kind == JsonKind.Object ? 0x7d : 0x5d)
}
