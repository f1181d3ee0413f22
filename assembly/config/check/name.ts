/** Names of several kinds, and what each may look like. */
import { word } from '../../bytes/words'
import { isDigit, isLowerCase, isUpperCase } from '../../bytes/ascii'
import { phrase } from '../../bytes/phrase'
import { Slice, endOf, isPresent, lenOf, ptrOf } from '../../bytes/slice'
import { isToken, consistsOf } from '../../http/octet'
import { expectString } from '../fields'
import { JsonNode, textOf } from '../../json/node'
import { error, unexpectedText } from '../report'

/** A cookie's or a header's name, at most 128 characters. */
export function expectToken(node: JsonNode | null): bool {
  if (!expectString(node, 128)) return false
  if (isToken(textOf(node))) return true
  unexpectedText(phrase('not_a_token'), node, phrase("letters, digits and !#$%&'*+-.^_`|~"))
  return false
}

/** `[a-z][a-z0-9-]*`, at most `most` characters: it becomes part of a metric's name. */
export function expectLabel(node: JsonNode | null, most: u32): bool {
  if (!expectString(node, most)) return false
  if (isLabel(textOf(node))) return true
  unexpectedText(
    phrase('invalid_name'),
    node,
    phrase('a lower-case letter, then lower-case letters, digits and -'),
  )
  return false
}

/** A request method as HTTP knows it: upper case, since methods differ by case (RFC 9110 section 9.1). */
export function expectMethod(node: JsonNode | null): bool {
  if (!expectString(node, 32)) return false
  if (isMethod(textOf(node))) return true
  unexpectedText(phrase('invalid_method'), node, phrase('a method in upper case, such as GET'))
  return false
}

/** A query parameter's name as it stands in a URL. */
export function expectQueryName(node: JsonNode | null): bool {
  if (!expectString(node, 128)) return false
  if (isQueryName(textOf(node))) return true
  unexpectedText(
    phrase('invalid_query_name'),
    node,
    phrase('a name as it stands in the URL, without & = # and blanks'),
  )
  return false
}

/** A claim's name: one literal name, never split. NUL would end it, and no other control character is in any. */
export function expectClaimName(node: JsonNode | null): bool {
  if (!expectString(node, 256)) return false
  if (!hasControls(textOf(node))) return true
  error(phrase('invalid_claim'), node, phrase('a claim name has no control characters'))
  return false
}

/** An environment variable's name. Its text is never shown: somebody may have written the secret there. */
export function expectVariable(node: JsonNode | null): bool {
  if (!expectString(node, 64)) return false
  if (isVariable(textOf(node))) return true
  error(
    phrase('invalid_variable'),
    node,
    phrase('expected the name of an environment variable: A-Z, 0-9 and _, such as MOORING_HASH_SECRET'),
  )
  return false
}

/** `[a-z][a-z0-9-]*` */
export function isLabel(text: Slice): bool {
  return lenOf(text) > 0 && isLowerCase(load<u8>(ptrOf(text))) && consistsOf(text, word('az09--'))
}

/** True if `text` has a byte that HTTP and property paths reserve for themselves. */
export function hasControls(text: Slice): bool {
  if (!isPresent(text)) return false
  for (let at = ptrOf(text); at < endOf(text); at++) {
    const byte = load<u8>(at)
    if (byte < 0x20 || byte == 0x7f) return true
  }
  return false
}

// [A-Z][A-Z0-9_-]*
function isMethod(text: Slice): bool {
  return isUpperCase(load<u8>(ptrOf(text))) && consistsOf(text, word('AZ09__--'))
}

// Printable ASCII without the blank, "#", "&" and "=".
function isQueryName(text: Slice): bool {
  return consistsOf(text, word('!"$%\'<>~'))
}

// [A-Za-z_][A-Za-z0-9_]*
function isVariable(text: Slice): bool {
  return !isDigit(load<u8>(ptrOf(text))) && consistsOf(text, word('AZaz09__'))
}
