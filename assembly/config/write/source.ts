/** Sources into the policy's block. Every one was checked: kinds are known, names are there, levels are few. */
import { COLON } from '../../bytes/ascii'
import { ascii } from '../../bytes/literal'
import { ABSENT, Slice, isPresent } from '../../bytes/slice'
import { Words, word, wordAt, wordIndex, words } from '../../bytes/words'
import { ELEMENTS, PEER_FIELDS, SPIFFE_PARTS } from '../check/certificate'
import { isUnverified } from '../check/claim'
import {
  FIRST_FIELDS,
  GRPC_PARTS,
  KINDS,
  REPEATED,
  SOURCE_LEVELS,
  kindOf,
  scalarOf,
  valueOf,
} from '../check/source'
import { choiceOf } from '../fields'
import {
  JsonKind,
  JsonNode,
  after,
  firstItem,
  isTrue,
  integerOf,
  itemCount,
  member,
  textOf,
} from '../../json/node'
import { Source, SourceKind } from '../policy'
import { writeClaim } from './claim'
import { writeTransforms } from './transform'
import { blockBytes, blockLowerText, blockText, closeText, openText } from './block'

/** Source[] of a list, its length being the list's. */
export function writeSources(list: JsonNode, level: u32): usize {
  const count = itemCount(list)
  const size = <u32>offsetof<Source>()
  const sources = blockBytes(count * size)
  let at = sources
  for (let node: JsonNode | null = firstItem(list); node !== null; node = after(node)) {
    writeSource(changetype<Source>(at), node, level)
    at += size
  }
  return sources
}

/** Source[1]: the session, which is the default. */
export function writeSessionSource(): usize {
  const at = blockBytes(offsetof<Source>())
  const source = changetype<Source>(at)
  source.kind = SourceKind.Session
  source.label = labelOf(SourceKind.Session, ABSENT)
  return at
}

function writeSource(source: Source, node: JsonNode, level: u32): void {
  writeKind(source, node, level)
  source.required = isTrue(member(node, word('required')))
  const transforms = member(node, word('transform'))
  if (transforms !== null) {
    source.transforms = writeTransforms(transforms)
    source.transformCount = itemCount(transforms)
  }
  const name = textOf(member(node, word('as')))
  if (isPresent(name)) source.label = joined(ascii('as:'), name)
}

function writeKind(source: Source, node: JsonNode, level: u32): void {
  const kind = <SourceKind>kindOf(node)
  const value = valueOf(node)
  source.kind = kind
  if (kind >= SourceKind.All) {
    if (value === null || level == SOURCE_LEVELS) return
    source.children = writeSources(value, level + 1)
    source.childCount = itemCount(value)
    return
  }
  const scalar = scalarOf(value, wordAt(FIRST_FIELDS, kind))
  const isHeader = kind == SourceKind.Header
  const text = textOf(scalar)
  if (isPresent(text)) source.name = isHeader ? blockLowerText(text) : blockText(text)
  source.label = labelOf(kind, kind == SourceKind.Constant ? ABSENT : source.name)
  switch (kind) {
    case SourceKind.Header:
      source.path = headerPath(source.name)
      source.join = choiceOf(member(value, word('repeated')), REPEATED, 0) == 1
      return
    case SourceKind.Query:
      source.decode = isTrue(member(value, word('decode')))
      return
    case SourceKind.Claim:
      writeClaim(source, value, scalar)
      if (isUnverified(value)) source.token = carrierOf(member(value, word('in')))
      return
    case SourceKind.Address:
      writeAddress(source, value)
      return
    case SourceKind.Grpc:
      source.part = <u8>choiceOf(scalar, GRPC_PARTS, 0)
      return
    case SourceKind.Peer:
      source.name = peerPath(wordIndex(text, PEER_FIELDS))
      writePart(source, value)
      return
    case SourceKind.ForwardedClientCert:
      source.path = headerPath(ascii('x-forwarded-client-cert'))
      source.hops = <u8>integerOf(member(value, word('hops')), 0)
      source.element = elementOf(member(value, word('element')))
      writePart(source, value)
  }
}

/** Where an unverified token is: written as a source is, and read like one. */
function carrierOf(node: JsonNode | null): Source {
  const carrier = changetype<Source>(blockBytes(offsetof<Source>()))
  if (node !== null) {
    writeKind(carrier, node, SOURCE_LEVELS)
    return carrier
  }
  carrier.kind = SourceKind.Header
  carrier.name = blockText(ascii('authorization'))
  carrier.path = headerPath(carrier.name)
  return carrier
}

function writeAddress(source: Source, value: JsonNode | null): void {
  const ipv4Prefix =
    value !== null && value.kind == JsonKind.Number ? value : member(value, word('ipv4Prefix'))
  source.ipv4Prefix = <u8>integerOf(ipv4Prefix, 32)
  source.ipv6Prefix = <u8>integerOf(member(value, word('ipv6Prefix')), 128)
}

/** The label names the part of a SPIFFE id in place of the field, if there is one. */
function writePart(source: Source, value: JsonNode | null): void {
  const part = textOf(member(value, word('part')))
  if (!isPresent(part)) return
  source.part = <u8>(wordIndex(part, SPIFFE_PARTS) + 1)
  source.label = labelOf(source.kind, part)
}

/** From the first element, 0, or from the last, -1, which is the default. */
function elementOf(element: JsonNode | null): i32 {
  return choiceOf(element, ELEMENTS, -1) == 0 ? 0 : integerOf(element, -1)
}

// Envoy's attributes of a connection; of several SANs of one type each is the first.
const PEER_PROPERTIES: Words = words(
  'uri_san_peer_certificate dns_san_peer_certificate subject_peer_certificate sha256_peer_certificate_digest',
)

function peerPath(field: u32): Slice {
  return joined(ascii('connection\0'), wordAt(PEER_PROPERTIES, field))
}

/** The kind's word, and behind a colon what tells sources of one kind apart. */
function labelOf(kind: SourceKind, name: Slice): Slice {
  const text = openText()
  text.bytes(wordAt(KINDS, kind))
  if (isPresent(name)) text.byte(COLON)
  text.bytes(name)
  return closeText()
}

/** The property that joins all entries of a header. */
function headerPath(name: Slice): Slice {
  return joined(ascii('request\0headers\0'), name)
}

function joined(start: Slice, end: Slice): Slice {
  const text = openText()
  text.bytes(start)
  text.bytes(end)
  return closeText()
}
