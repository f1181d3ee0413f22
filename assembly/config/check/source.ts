/**
 * Sources: where the key comes from.
 *
 *     source = "session" | "address" | "authority" | "method"      kinds that need no value
 *            | {kind: scalar}                        the scalar is the kind's first field
 *            | {kind: {fields}}
 *            | {firstOf: [source, ...]} | {all: [source, ...]}
 *
 * Beside the kind may stand `required`, and where the kind is no combination `as` and `transform`.
 */
import { phrase } from '../../bytes/phrase'
import {
  expectBoolean,
  expectChoice,
  expectFields,
  expectInteger,
  expectList,
  expectString,
  unknownField,
  unknownValue,
} from '../fields'
import { JsonKind, JsonNode, after, firstMember, member, textOf } from '../../json/node'
import { error, unexpectedKind, warning } from '../report'
import { captureCount } from '../../http/path-pattern'
import { SourceKind } from '../policy'
import { Words, isWord, word, wordIndex, words } from '../../bytes/words'
import { checkClaim, isUnverified } from './claim'
import { checkForwardedClientCert, checkPeer } from './certificate'
import { expectReadableHeader } from './header'
import { expectPath } from './path'
import { checkTransforms } from './transform'
import { expectLabel, expectQueryName, expectToken } from './name'

/** In the order of policy.ts's SourceKind. */
export const KINDS: Words = words(
  'session cookie header query claim address constant path authority method grpc peer forwardedClientCert ' +
    'all firstOf',
)
/** The field that each kind's scalar stands for, in the same order; - for those that have none. */
export const FIRST_FIELDS: Words = words(
  '- name name name name ipv4Prefix value template - - part field field',
)
export const REPEATED: Words = words('ignore join')

export const GRPC_PARTS: Words = words('service method')

const BARE: Words = words('session address authority method')

/** How deep firstOf and all may be within each other. */
// @ts-ignore: decorator
@inline
export const SOURCE_LEVELS: u32 = 4

/** How many sources one list may have, those within firstOf and all counted. */
// @ts-ignore: decorator
@inline
export const MOST_LEAVES: u32 = 16

// Each takes a token apart anew: a request that costs the most it can costs this many times that.
// @ts-ignore: decorator
@inline
const MOST_UNVERIFIED: u32 = 4

let leaves: u32 = 0
let unverified: u32 = 0

/** `key.from`. */
export function checkSources(node: JsonNode | null): void {
  if (node === null) return
  leaves = 0
  unverified = 0
  checkList(node, 0)
  if (unverified > MOST_UNVERIFIED)
    error(phrase('too_many_sources'), node, phrase('expected at most 4 unverified claims'))
  if (leaves > MOST_LEAVES)
    error(
      phrase('too_many_sources'),
      node,
      phrase('expected at most 16 sources, those within firstOf and all counted'),
    )
}

/** A source's kind, a SourceKind; -1 if it has none that is known. */
export function kindOf(source: JsonNode): i32 {
  const value = valueOf(source)
  return wordIndex(value === null ? textOf(source) : value.name, KINDS)
}

/** What follows a source's kind: its scalar or its fields; null if the source is a bare word. */
export function valueOf(source: JsonNode): JsonNode | null {
  for (let child = firstMember(source); child !== null; child = after(child)) {
    if (wordIndex(child.name, KINDS) >= 0) return child
  }
  return null
}

/** A source's value if it is written as a scalar, else the first of its `fields`; null if that is missing. */
export function scalarOf(value: JsonNode | null, fields: Words): JsonNode | null {
  return value !== null && value.kind == JsonKind.Object ? member(value, fields) : value
}

function checkList(node: JsonNode, level: u32): void {
  if (!expectList(node, MOST_LEAVES, phrase('1 to 16 sources'))) return
  let afterConstant = false
  for (let source: JsonNode | null = node.child; source !== null; source = after(source)) {
    checkSource(source, level)
    if (afterConstant && !isAll(node))
      warning(phrase('unreachable_source'), source, phrase('the constant before it always yields'))
    afterConstant = afterConstant || isConstant(source)
  }
}

function isAll(list: JsonNode): bool {
  const source = list.parent
  return source !== null && member(source, word('all')) === list
}

function isConstant(source: JsonNode): bool {
  return member(source, word('constant')) !== null
}

function checkSource(node: JsonNode, level: u32): void {
  if (node.kind == JsonKind.String) {
    leaves++
    checkBare(node)
    return
  }
  if (node.kind != JsonKind.Object) {
    unexpectedKind(phrase('wrong_type'), node, phrase('a source, such as session or {claim: sub}'))
    return
  }
  let kinds: u32 = 0
  for (let child: JsonNode | null = node.child; child !== null; child = after(child)) {
    const kind = wordIndex(child.name, KINDS)
    if (kind >= 0) {
      kinds++
      checkKind(kind, child, level)
    } else if (isWord(child.name, word('as'))) {
      checkAs(child, node)
    } else if (isWord(child.name, word('required'))) {
      expectBoolean(child)
    } else if (isWord(child.name, word('transform'))) {
      checkTransforms(child, node)
    } else {
      unknownField(child, KINDS)
    }
  }
  if (kinds > 1)
    error(
      phrase('ambiguous_source'),
      node,
      phrase('a source has one kind; list two sources, or join them with all'),
    )
  if (kinds == 0 && !node.broken)
    error(phrase('missing_field'), node, phrase('expected a source, such as {claim: sub}'))
}

function checkAs(name: JsonNode, source: JsonNode): void {
  if (expectLabel(name, 32) && kindOf(source) >= SourceKind.All)
    error(phrase('combined_as'), name, phrase('as names one value; put it on a source within'))
}

function checkBare(node: JsonNode): void {
  if (wordIndex(node.text, BARE) >= 0) return
  if (wordIndex(node.text, KINDS) >= 0)
    error(phrase('missing_field'), node, phrase('this source needs a value, as in {claim: sub}'))
  else unknownValue(node, BARE)
}

function checkKind(kind: i32, value: JsonNode, level: u32): void {
  if (kind >= SourceKind.All) {
    if (level == SOURCE_LEVELS)
      error(phrase('too_deep'), value, phrase('firstOf and all may be at most 4 deep within each other'))
    else checkList(value, level + 1)
    return
  }
  leaves++
  switch (kind) {
    case SourceKind.Cookie:
      expectToken(expectScalar(value, words('name')))
      return
    case SourceKind.Header:
      checkHeader(value)
      return
    case SourceKind.Query:
      checkQuery(value)
      return
    case SourceKind.Claim:
      checkClaim(value)
      if (isUnverified(value)) unverified++
      return
    case SourceKind.Address:
      checkAddress(value)
      return
    case SourceKind.Constant:
      expectString(expectScalar(value, words('value')), 256)
      return
    case SourceKind.Path:
      checkTemplate(value)
      return
    case SourceKind.Grpc:
      expectChoice(expectScalar(value, words('part')), GRPC_PARTS)
      return
    case SourceKind.Peer:
      checkPeer(value)
      return
    case SourceKind.ForwardedClientCert:
      checkForwardedClientCert(value)
      return
    default:
      expectFields(value, words(''))
  }
}

function checkHeader(value: JsonNode): void {
  expectReadableHeader(expectScalar(value, words('name repeated')))
  expectChoice(member(value, word('repeated')), REPEATED)
}

function checkQuery(value: JsonNode): void {
  expectQueryName(expectScalar(value, words('name decode')))
  expectBoolean(member(value, word('decode')))
}

function checkAddress(value: JsonNode): void {
  const known = words('ipv4Prefix ipv6Prefix')
  if (value.kind == JsonKind.Object) expectFields(value, known)
  expectInteger(scalarOf(value, known), 1, 32, phrase('an IPv4 prefix of 1 to 32 bits'))
  expectInteger(member(value, word('ipv6Prefix')), 1, 128, phrase('an IPv6 prefix of 1 to 128 bits'))
}

function checkTemplate(value: JsonNode): void {
  const template = expectScalar(value, words('template'))
  if (!expectPath(template) || template === null) return
  if (captureCount(template.text) == 0)
    error(
      phrase('missing_capture'),
      template,
      phrase('a template captures what counts, as in /carts/{cart}/**'),
    )
}

/** `value` is a scalar, or an object with no other fields than `known`: its scalar, an error if that is missing. */
export function expectScalar(value: JsonNode, known: Words): JsonNode | null {
  if (value.kind == JsonKind.Object) expectFields(value, known)
  const scalar = scalarOf(value, known)
  if (scalar === null)
    error(phrase('missing_field'), value, phrase('expected the name or value that this source is about'))
  return scalar
}
