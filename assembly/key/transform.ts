/**
 * Transforms of a source's text. Each takes the bytes that the one before left, and none changes them where they
 * stand: they may be the request's or the policy's own.
 */
import { arenaAlloc } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { QUOTE } from '../bytes/ascii'
import { decodeBase64 } from '../bytes/base64url'
import {
  ABSENT,
  Slice,
  UNREADABLE,
  between,
  endOf,
  equals,
  isPresent,
  lenOf,
  ptrOf,
  slice,
  toLower,
  toUpper,
} from '../bytes/slice'
import { writer } from '../bytes/writer'
import { Transform, TransformKind } from '../config/policy'
import { withoutBlanks } from '../http/octet'
import { decodePercent } from '../http/percent'
import { capture } from '../bytes/capture'

// How MCP writes a value that a header cannot carry (revision 2026-07-28, Mcp-Param headers).
const MCP_START: Slice = ascii('=?base64?')
const MCP_END: Slice = ascii('?=')

/** What is left of `text`; ABSENT if it has not the form that the transform is for, UNREADABLE if there is no room. */
function transformed(transform: Transform, text: Slice): Slice {
  switch (transform.kind) {
    case TransformKind.Trim:
      return withoutBlanks(ptrOf(text), endOf(text))
    case TransformKind.Lower:
    case TransformKind.Upper:
      return inCase(text, transform.kind == TransformKind.Upper)
    case TransformKind.Unquote:
      return unquoted(text)
    case TransformKind.PercentDecode:
      return percentDecoded(text)
    case TransformKind.Base64Decode:
      return base64Decoded(text)
    case TransformKind.McpDecode:
      return mcpDecoded(text)
    case TransformKind.First:
      return slice(ptrOf(text), min(lenOf(text), transform.count))
    case TransformKind.Last:
      return lastOf(text, transform.count)
    case TransformKind.Split:
      return pieceOf(text, transform.text, transform.count)
    default:
      return capture(transform.text, text)
  }
}

function inCase(text: Slice, upper: bool): Slice {
  const at = arenaAlloc(lenOf(text))
  if (at == 0) return UNREADABLE
  for (let i: u32 = 0; i < lenOf(text); i++) {
    const octet = load<u8>(ptrOf(text) + i)
    store<u8>(at + i, upper ? toUpper(octet) : toLower(octet))
  }
  return slice(at, lenOf(text))
}

function unquoted(text: Slice): Slice {
  const start = ptrOf(text)
  const end = endOf(text)
  const isQuoted = lenOf(text) >= 2 && load<u8>(start) == QUOTE && load<u8>(end - 1) == QUOTE
  return isQuoted ? between(start + 1, end - 1) : text
}

function percentDecoded(text: Slice): Slice {
  const at = arenaAlloc(lenOf(text))
  if (at == 0) return UNREADABLE
  writer.open(at, lenOf(text))
  return decodePercent(text, false, writer) ? writer.result : ABSENT
}

function base64Decoded(text: Slice): Slice {
  const at = arenaAlloc(lenOf(text))
  if (at == 0) return UNREADABLE
  const length = decodeBase64(text, at, lenOf(text))
  return length < 0 ? ABSENT : slice(at, length)
}

function mcpDecoded(text: Slice): Slice {
  const frame = lenOf(MCP_START) + lenOf(MCP_END)
  if (lenOf(text) < frame) return text
  const inner = slice(ptrOf(text) + lenOf(MCP_START), lenOf(text) - frame)
  const start = slice(ptrOf(text), lenOf(MCP_START))
  const end = slice(endOf(inner), lenOf(MCP_END))
  return equals(start, MCP_START) && equals(end, MCP_END) ? base64Decoded(inner) : text
}

function lastOf(text: Slice, count: u32): Slice {
  const length = min(lenOf(text), count)
  return between(endOf(text) - length, endOf(text))
}

/** The piece number `take`, from the first, 0, or from the last, -1. */
function pieceOf(text: Slice, by: Slice, take: i32): Slice {
  if (take < 0) {
    take += countPieces(text, by)
    if (take < 0) return ABSENT
  }
  let rest = text
  for (; take > 0; take--) {
    const end = endOf(pieceAt(rest, by))
    if (end == endOf(rest)) return ABSENT
    rest = between(end + lenOf(by), endOf(rest))
  }
  return pieceAt(rest, by)
}

function countPieces(text: Slice, by: Slice): i32 {
  let count = 1
  let rest = text
  for (let end = endOf(pieceAt(rest, by)); end != endOf(rest); end = endOf(pieceAt(rest, by))) {
    rest = between(end + lenOf(by), endOf(rest))
    count++
  }
  return count
}

/** What stands before the first `by`, which is not empty; all of it if there is none. */
function pieceAt(text: Slice, by: Slice): Slice {
  const start = ptrOf(text)
  const end = endOf(text)
  for (let at = start; at + lenOf(by) <= end; at++) {
    if (equals(slice(at, lenOf(by)), by)) return between(start, at)
  }
  return text
}

/** The text after all of them, in order; ABSENT and UNREADABLE as `transformed`. Nothing is done to an empty text. */
export function transformedByAll(transforms: usize, count: u32, text: Slice): Slice {
  for (let i: u32 = 0; i < count && isPresent(text) && lenOf(text) > 0; i++) {
    text = transformed(changetype<Transform>(transforms + i * offsetof<Transform>()), text)
  }
  return text
}
