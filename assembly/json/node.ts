/**
 * A JSON value as the reader leaves it in the arena: a tree linked through its nodes, which live until the arena's
 * next reset. Every node knows its parent, so any of them can say where it stands (config/pointer.ts).
 *
 *     {"key": {"from": ["session"]}}
 *
 *     Object ──child──> Object "key" ──child──> Array "from" ──child──> String [0] "session"
 *                       next: null              next: null              next: null
 */
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, equals } from '../bytes/slice'
import { Words, wordOf } from '../bytes/words'

export enum JsonKind {
  Null = 0,
  Boolean = 1,
  Number = 2,
  String = 3,
  Array = 4,
  Object = 5,
}


@unmanaged
export class JsonNode {
  kind: JsonKind
  /** Position in the parent's list. */
  index: u32
  parent: JsonNode | null
  /** The next member or item of the parent. */
  next: JsonNode | null
  child: JsonNode | null
  lastChild: JsonNode | null
  /** How many members or items. */
  count: u32
  /** Where this node's compiled form is, once it has one: parts that several plans share are written once. */
  compiled: usize
  /** The member's name, escapes resolved; ABSENT in an array and at the root. */
  name: Slice
  /** The string's bytes in UTF-8, escapes resolved. */
  text: Slice
  /** The number; of a boolean 0 or 1. */
  number: f64
  /** An error was reported at this node or below it. */
  broken: bool
}

/** A new last child of `parent`, of kind Null until told otherwise; null if the arena has no room. */
export function appendNode(parent: JsonNode | null, name: Slice): JsonNode | null {
  const size = <u32>offsetof<JsonNode>()
  const at = arenaAlloc(size)
  if (at == 0) return null
  memory.fill(at, 0, size)
  const node = changetype<JsonNode>(at)
  node.name = name
  node.parent = parent
  if (parent === null) return node
  node.index = parent.count
  const last = parent.lastChild
  if (last === null) parent.child = node
  else last.next = node
  parent.lastChild = node
  parent.count++
  return node
}

/** The next member or item after `node`; null after the last. (A `for` loop forgets that its variable is not null.) */
export function after(node: JsonNode | null): JsonNode | null {
  return node === null ? null : node.next
}

/**
 * The member of that name, the first if there are several; null if there is none, or `node` is no object. Of a list of
 * names the first counts.
 */
export function member(node: JsonNode | null, name: Words): JsonNode | null {
  if (node === null || node.kind != JsonKind.Object) return null
  const wanted = wordOf(name)
  for (let child: JsonNode | null = node.child; child !== null; child = after(child)) {
    if (equals(child.name, wanted)) return child
  }
  return null
}

/** The first member; null if `node` is no object, or an empty one. */
export function firstMember(node: JsonNode | null): JsonNode | null {
  return node !== null && node.kind == JsonKind.Object ? node.child : null
}

/** The string's bytes, or ABSENT if `node` is none. */
export function textOf(node: JsonNode | null): Slice {
  return node !== null && node.kind == JsonKind.String ? node.text : ABSENT
}

/** False for what is no boolean. */
export function isTrue(node: JsonNode | null): bool {
  return node !== null && node.kind == JsonKind.Boolean && node.number != 0
}

/** The number as an integer in [0, 2^31), or `otherwise` if `node` is no such number. */
export function integerOf(node: JsonNode | null, otherwise: i32): i32 {
  if (node === null || node.kind != JsonKind.Number) return otherwise
  const number = node.number
  if (!(number >= 0) || !(number < 2147483648) || Math.floor(number) != number) return otherwise
  return <i32>number
}

/** The first item; null if `node` is no list, or an empty one. */
export function firstItem(node: JsonNode | null): JsonNode | null {
  return node !== null && node.kind == JsonKind.Array ? node.child : null
}

/** How many items; 0 if `node` is no list. */
export function itemCount(node: JsonNode | null): u32 {
  return node !== null && node.kind == JsonKind.Array ? node.count : 0
}
