/**
 * What is wrong with a configuration: every error and warning, each one line for a log and stable at its start.
 *
 *     unknown_field at /session/cookie/tll: not known here; did you mean ttl?
 *     ^ code           ^ JSON pointer        ^ what was found and what was expected
 *
 * Codes and the form `<code> at <pointer>: ` stay; the words after them may change. docs/configuration.md lists the
 * codes. Lines live in the arena until its next reset.
 */
import { Phrase, phrase, phraseAt, phrases } from '../bytes/phrase'
import { arenaAlloc } from '../bytes/arena'
import { ABSENT, Slice, isPresent, lenOf, ptrOf, slice } from '../bytes/slice'
import { JsonNode, textOf } from '../json/node'
import { lineText, put, putNumber, putShown, startLine } from './line'
import { nearestWord } from './nearest'
import { putPointer } from './pointer'
import { SLICE_BYTES } from './policy'
import { Words, firstWord, listOf, nextWord } from '../bytes/words'

// In the order of JsonKind.
const KIND_NAMES: Phrase = phrases('null\na boolean\na number\na string\na list\nan object')

/** More lines than this help nobody. */
// @ts-ignore: decorator
@inline
const MOST_LINES: u32 = 100

const errors: usize = memory.data(100 * 8, 8)
const warnings: usize = memory.data(100 * 8, 8)
let errorsMade: u32 = 0
let warningsMade: u32 = 0

/** How many errors the last `compilePolicy` listed, at most 100. */
export function errorCount(): u32 {
  return min(errorsMade, MOST_LINES)
}

/** The error's line, at most 256 bytes of printable ASCII; ABSENT beyond the last. */
export function errorText(index: u32): Slice {
  return index < errorCount() ? load<Slice>(errors + index * SLICE_BYTES) : ABSENT
}

/** How many warnings the last `compilePolicy` listed, at most 100. */
export function warningCount(): u32 {
  return min(warningsMade, MOST_LINES)
}

export function warningText(index: u32): Slice {
  return index < warningCount() ? load<Slice>(warnings + index * SLICE_BYTES) : ABSENT
}

export function clearReport(): void {
  errorsMade = 0
  warningsMade = 0
}

/** Begins a line about `node`, null for the document as a whole; then come `put...` (line.ts), then `endError`. */
export function begin(code: Phrase, node: JsonNode | null): void {
  startLine()
  put(code)
  put(phrase(' at '))
  putPointer(node)
  put(phrase(': '))
}

/** Ends the line that `begin(code, node)` began. */
export function endError(node: JsonNode | null): void {
  let at = node
  while (at !== null && !at.broken) {
    at.broken = true
    at = at.parent
  }
  addError()
}

/** Ends the line that `begin` began as a warning. */
export function endWarning(): void {
  if (warningsMade < MOST_LINES) keep(warnings + warningsMade * SLICE_BYTES)
  warningsMade++
}

/** An error whose message is one literal. */
export function error(code: Phrase, node: JsonNode | null, message: Phrase): void {
  begin(code, node)
  put(message)
  endError(node)
}

export function warning(code: Phrase, node: JsonNode | null, message: Phrase): void {
  begin(code, node)
  put(message)
  endWarning()
}

/** `code at pointer: found X, expected Y`, where X is the kind of value that `node` is. */
export function unexpectedKind(code: Phrase, node: JsonNode, expected: Phrase): void {
  begin(code, node)
  put(phrase('found '))
  put(phraseAt(KIND_NAMES, node.kind))
  endExpected(node, expected)
}

/** `code at pointer: found "X", expected Y`, for a string whose text may be shown. */
export function unexpectedText(code: Phrase, node: JsonNode | null, expected: Phrase): void {
  begin(code, node)
  putFound(textOf(node))
  endExpected(node, expected)
}

/** `code at pointer: found N items, expected Y`. */
export function unexpectedCount(code: Phrase, node: JsonNode | null, count: u32, expected: Phrase): void {
  begin(code, node)
  put(phrase('found '))
  putNumber(count)
  endExpected(node, expected)
}

/** Ends a line with `, expected Y`. */
export function endExpected(node: JsonNode | null, expected: Phrase): void {
  put(phrase(', expected '))
  put(expected)
  endError(node)
}

/** `found "X"` */
export function putFound(text: Slice): void {
  put(phrase('found "'))
  putShown(text)
  put(phrase('"'))
}

/** `; did you mean X?`, if one of `words` is near `name`. */
export function putNearest(name: Slice, words: Words): void {
  const nearest = nearestWord(name, words)
  if (!isPresent(nearest)) return
  put(phrase('; did you mean '))
  putShown(nearest)
  put(phrase('?'))
}

/** The words as a list: `a, b, c`. */
export function putList(words: Words): void {
  const list = listOf(words)
  for (let word = firstWord(list); isPresent(word); word = nextWord(list, word)) {
    if (ptrOf(word) > ptrOf(list)) put(phrase(', '))
    putShown(word)
  }
}

function addError(): void {
  if (errorsMade < MOST_LINES) {
    keep(errors + errorsMade * SLICE_BYTES)
  } else if (errorsMade == MOST_LINES) {
    startLine()
    put(phrase('too_many_errors at (root): there are more errors than these'))
    keep(errors + (MOST_LINES - 1) * SLICE_BYTES)
  }
  errorsMade++
}

function keep(place: usize): void {
  const text = lineText()
  const at = arenaAlloc(lenOf(text))
  if (at != 0) memory.copy(at, ptrOf(text), lenOf(text))
  store<Slice>(place, at == 0 ? ABSENT : slice(at, lenOf(text)))
}
