/** Sources to a node, or to raw text: tries them in order, combines what `all` combines, counts what yields nothing. */
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, UNREADABLE, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy, Source, SourceKind } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { TYPE_STRING, allNode, leafNode } from './node'
import { rawValue } from './raw'
import { leafValue } from './source'
import { YIELDED, traceLeaf } from './trace'
import { transformedByAll } from './transform'
import { Nothing, valueBytes, valueType, yieldValue } from './value'

/** `firstOf` and `all` may be nested this deep; the configuration is checked for it, this is the second look. */
// @ts-ignore: decorator
@inline
const DEEPEST: u32 = 4

/** The source that won: a leaf or an `all`, for counters. Null if nothing was yielded. */
export let winner: Source | null = null

let raw = false
// A required source has yielded nothing: nothing else is tried.
let refused = false

/**
 * What the first source that yields something yields: its node, or under `format: raw` its text. ABSENT if none does.
 */
export function evaluate(policy: KeyPolicy): Slice {
  winner = null
  refused = false
  raw = policy.format == KeyFormat.Raw
  return firstOf(policy.from, policy.fromCount, 0)
}

function firstOf(sources: usize, sourceCount: u32, depth: u32): Slice {
  for (let i: u32 = 0; i < sourceCount; i++) {
    const node = nodeOf(sourceAt(sources, i), depth)
    if (isPresent(node) || refused) return node
  }
  return ABSENT
}

function nodeOf(source: Source, depth: u32): Slice {
  const node = nodeByKind(source, depth)
  if (source.required && !isPresent(node)) refused = true
  return node
}

function nodeByKind(source: Source, depth: u32): Slice {
  if (source.kind == SourceKind.FirstOf) {
    return depth < DEEPEST ? firstOf(source.children, source.childCount, depth + 1) : ABSENT
  }
  const node = source.kind == SourceKind.All ? all(source, depth) : leaf(source)
  if (isPresent(node)) winner = source
  return node
}

function leaf(source: Source): Slice {
  let because = leafValue(source)
  if (because != Nothing.No) return nothing(source, because)
  if (source.transformCount != 0) {
    because = transformValue(source)
    if (because != Nothing.No) return nothing(source, because)
  }
  if (raw) {
    because = rawValue(source)
    if (because != Nothing.No) return nothing(source, because)
  }
  const result = raw ? valueBytes : leafNode(source.label, valueType, valueBytes)
  if (!isPresent(result)) return nothing(source, Nothing.TooLarge)
  traceLeaf(source.kind, YIELDED)
  return result
}

/** Always ABSENT, for `return nothing(...)`. */
function nothing(source: Source, because: Nothing): Slice {
  // Both are in one order.
  const counter: Counter = Counter.SourceAbsent + because - Nothing.Absent
  count(counter)
  traceLeaf(source.kind, <u8>counter)
  return ABSENT
}

/** Puts in the place of the value what the source's transforms leave of it. */
function transformValue(source: Source): Nothing {
  const text = transformedByAll(source.transforms, source.transformCount, valueBytes)
  if (text == ABSENT) return Nothing.Malformed
  return text == UNREADABLE ? Nothing.TooLarge : yieldValue(TYPE_STRING, text)
}

/** Yields nothing unless every part does. */
function all(source: Source, depth: u32): Slice {
  if (depth >= DEEPEST) return ABSENT
  const nodes = arenaAlloc(source.childCount * 8)
  if (nodes == 0) return ABSENT
  for (let i: u32 = 0; i < source.childCount; i++) {
    const node = nodeOf(sourceAt(source.children, i), depth + 1)
    if (!isPresent(node)) return ABSENT
    store<Slice>(nodes + (i << 3), node)
  }
  return allNode(nodes, source.childCount)
}

// @ts-ignore: decorator
@inline
function sourceAt(sources: usize, index: u32): Source {
  return changetype<Source>(sources + index * offsetof<Source>())
}
