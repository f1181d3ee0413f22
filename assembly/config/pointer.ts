/**
 * Where a value stands, as a JSON pointer (RFC 6901): `/rules/3/key/from/0`. The whole document, whose pointer is
 * empty, is shown as `(root)`.
 */
import { phrase } from '../bytes/phrase'
import { Slice, lenOf, ptrOf } from '../bytes/slice'
import { JsonKind, JsonNode } from '../json/node'
import { MOST_SHOWN, put, putByte, putNumber } from './line'

// The reader nests no deeper; of a deeper place the outer part would be left out.
// @ts-ignore: decorator
@inline
const MOST_LEVELS: u32 = 33

const path: usize = memory.data(33 * 4, 4)

/** Puts the pointer of `node` into the line; null is the whole document, as the root is. */
export function putPointer(node: JsonNode | null): void {
  let depth: u32 = 0
  let at = node
  while (at !== null && at.parent !== null && depth < MOST_LEVELS) {
    store<u32>(path + (depth << 2), <u32>changetype<usize>(at))
    depth++
    at = at.parent
  }
  if (depth == 0) put(phrase('(root)'))
  while (depth > 0) {
    depth--
    putStep(changetype<JsonNode>(<usize>load<u32>(path + (depth << 2))))
  }
}

function putStep(node: JsonNode): void {
  putByte(0x2f)
  const parent = node.parent
  if (parent !== null && parent.kind == JsonKind.Array) putNumber(node.index)
  else putName(node.name)
}

// RFC 6901 section 3: ~ is ~0 and / is ~1.
function putName(name: Slice): void {
  const shown = min(lenOf(name), MOST_SHOWN)
  for (let i: u32 = 0; i < shown; i++) {
    const byte = load<u8>(ptrOf(name) + i)
    if (byte == 0x7e) put(phrase('~0'))
    else if (byte == 0x2f) put(phrase('~1'))
    else putByte(byte)
  }
  if (shown < lenOf(name)) put(phrase('...'))
}
