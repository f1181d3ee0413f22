/** What a key's fields must be together. */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { isWord, word } from '../../bytes/words'
import { equalsIgnoreCase, isPresent } from '../../bytes/slice'
import { isUnverified } from '../check/claim'
import { addName, clearNames, hasName } from '../../bytes/name-set'
import { DEFAULT_KEY_HEADER } from '../check/header'
import { SOURCE_LEVELS, kindOf, scalarOf, valueOf } from '../check/source'
import { JsonNode, after, firstItem, member, textOf } from '../../json/node'
import { SourceKind } from '../policy'
import { error, warning } from '../report'
import { firstRule } from '../rules'
import { carrierOf } from './application'
import { pick } from './layers'

// What the sources of one list are, all levels together.
let usesSession = false
let usesAll = false
let usesAuthorization = false
let usesUnverified = false
let usesOutside = false

/**
 * Judges the merged key; `at` is where an error is shown, `withSession` whether the plan has a session and `signed`
 * whether that is signed.
 */
export function judgeKey(
  over: JsonNode | null,
  base: JsonNode | null,
  at: JsonNode,
  withSession: bool,
  signed: bool,
): void {
  const raw = isWord(textOf(pick(over, base, word('format'))), word('raw'))
  if (isWord(textOf(pick(over, base, word('bind'))), word('session')) && (raw || !signed)) {
    error(
      phrase('signing_required'),
      at,
      phrase(
        "bind: session keeps the key in the session's token; that needs session.signing, and format: hash",
      ),
    )
  }
  const from = pick(over, base, word('from'))
  if (from === null) {
    if (withSession) return
    error(
      phrase('missing_source'),
      at,
      phrase('there is no session to take the key from; give key.from, such as [{claim: sub}], or a session'),
    )
    return
  }
  usesSession = false
  usesAll = false
  usesAuthorization = false
  usesUnverified = false
  usesOutside = false
  survey(from, 0)
  const secret = pick(over, base, word('hashSecret')) !== null
  if (usesSession && !withSession) {
    error(
      phrase('session_required'),
      at,
      phrase('key.from has the source session, and there is no session here'),
    )
  }
  if (raw && usesAll)
    error(
      phrase('raw_composite'),
      at,
      phrase('format: raw takes one source at a time; all needs format: hash'),
    )
  if (usesAuthorization && (raw || !secret)) {
    error(
      phrase('secret_required'),
      at,
      phrase('the header authorization is a source only with format: hash and a hashSecret'),
    )
  }
  if (usesUnverified && (raw || !secret)) {
    error(
      phrase('secret_required'),
      at,
      phrase(
        'an unverified claim needs format: hash and a hashSecret: anybody can write one and compute its key',
      ),
    )
  }
  if (raw && secret) warning(phrase('no_effect'), at, phrase('hashSecret has no effect with format: raw'))
  if (usesOutside && !raw && !secret) {
    warning(
      phrase('unkeyed_hash'),
      at,
      phrase('without hashSecret a key is shortened, not protected: who guesses a value can compute its key'),
    )
  }
}

function survey(list: JsonNode, level: u32): void {
  for (let source: JsonNode | null = firstItem(list); source !== null; source = after(source)) {
    const kind = kindOf(source)
    const value = valueOf(source)
    if (kind == SourceKind.Session) usesSession = true
    else if (kind < SourceKind.All && kind != SourceKind.Constant) usesOutside = true
    if (value === null) continue
    if (kind == SourceKind.All) usesAll = true
    if (kind == SourceKind.Claim && isUnverified(value)) usesUnverified = true
    if (kind >= SourceKind.All && level < SOURCE_LEVELS) survey(value, level + 1)
    if (
      kind == SourceKind.Header &&
      equalsIgnoreCase(textOf(scalarOf(value, word('name'))), ascii('authorization'))
    ) {
      usesAuthorization = true
    }
  }
}

/** Gathers the key headers of all plans, for `judgeHeaders`. */
export function gatherKeyHeaders(root: JsonNode): void {
  clearNames()
  addName(DEFAULT_KEY_HEADER)
  gatherKeyHeader(root)
  for (let rule = firstRule(root); rule !== null; rule = after(rule)) {
    gatherKeyHeader(rule)
  }
}

function gatherKeyHeader(layer: JsonNode): void {
  const header = textOf(member(member(layer, word('key')), word('header')))
  if (isPresent(header)) addName(header)
}

/**
 * Reports every header source and every condition on a header that is some plan's key header: what a client sends
 * there is removed before anything is read, so such a source never yields.
 */
export function judgeHeaders(layer: JsonNode): void {
  const from = member(member(layer, word('key')), word('from'))
  if (from !== null) judgeSources(from, 0)
  judgeHeader(carrierOf(member(layer, word('session')), null, word('header')))
  const conditions = member(member(layer, word('match')), word('headers'))
  for (let condition = firstItem(conditions); condition !== null; condition = after(condition)) {
    judgeHeader(member(condition, word('name')))
  }
}

function judgeSources(list: JsonNode, level: u32): void {
  for (let source: JsonNode | null = firstItem(list); source !== null; source = after(source)) {
    const kind = kindOf(source)
    const value = valueOf(source)
    if (value === null) continue
    if (kind >= SourceKind.All && level < SOURCE_LEVELS) judgeSources(value, level + 1)
    judgeHeader(headerOf(kind, value))
  }
}

/** The name of the header that the source reads; null if it reads none. */
function headerOf(kind: i32, value: JsonNode): JsonNode | null {
  if (kind == SourceKind.Header) return scalarOf(value, word('name'))
  return kind == SourceKind.Claim ? member(member(value, word('in')), word('header')) : null
}

function judgeHeader(name: JsonNode | null): void {
  if (name === null || !isPresent(textOf(name)) || !hasName(name.text)) return
  error(
    phrase('key_header_as_source'),
    name,
    phrase('a key header: what clients send in it is removed before anything is read'),
  )
}
