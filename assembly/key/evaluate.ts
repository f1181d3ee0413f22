/** Sources to a node, or to raw text: tries them in order, combines what `all` combines, counts what yields nothing. */
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, UNREADABLE, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy, Source, SourceKind } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { TYPE_STRING, allNode, leafNode } from './node'
import { rawValue } from './raw'
import { leafValue } from './source'
import { traceNothing, traceYield } from './trace'
import { transformedByAll } from './transform'
import { Nothing, nothingBecause, valueBytes, valueType, yieldNothing, yieldValue } from './value'

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
  let result: Slice = ABSENT
  if (leafValue(source) && transformValue(source) && (!raw || rawValue(source))) {
    result = raw ? valueBytes : leafNode(source.label, valueType, valueBytes)
  }
  if (isPresent(result)) {
    traceYield(source.kind)
  } else {
    const because = nothingCounter()
    count(because)
    traceNothing(source.kind, because)
  }
  return result
}

/** Puts in the place of the value what the source's transforms leave of it. */
function transformValue(source: Source): bool {
  if (source.transformCount == 0) return true
  const text = transformedByAll(source.transforms, source.transformCount, valueBytes)
  if (text == ABSENT) return yieldNothing(Nothing.Malformed)
  return text == UNREADABLE ? yieldNothing(Nothing.TooLarge) : yieldValue(TYPE_STRING, text)
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

function nothingCounter(): Counter {
  switch (nothingBecause) {
    case Nothing.Malformed:
      return Counter.SourceMalformed
    case Nothing.TooLarge:
    // Something was yielded, and there was no room for its node.
    case Nothing.No:
      return Counter.SourceTooLarge
    case Nothing.Unreadable:
      return Counter.SourceUnreadable
    default:
      return Counter.SourceAbsent
  }
}

// @ts-ignore: decorator
@inline
function sourceAt(sources: usize, index: u32): Source {
  return changetype<Source>(sources + index * offsetof<Source>())
}
