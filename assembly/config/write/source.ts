/** Sources into the policy's block. Every one was checked: kinds are known, names are there, levels are few. */
import { ascii } from '../../bytes/literal'
import { ABSENT, Slice, isPresent } from '../../bytes/slice'
import { wordAt, wordIndex } from '../../bytes/words'
import { ELEMENTS, PEER_FIELDS, SPIFFE_PARTS } from '../check/certificate'
import { isUnverified } from '../check/claim'
import { GRPC_PARTS, REPEATED, SOURCE_LEVELS, kindOf, scalarOf, valueOf } from '../check/source'
import { choiceOf } from '../fields'
import {
  JsonKind,
  JsonNode,
  after,
  firstItem,
  flagOf,
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
  source.label = labelOf(ascii('session'), ABSENT)
  return at
}

function writeSource(source: Source, node: JsonNode, level: u32): void {
  writeKind(source, node, level)
  source.required = flagOf(member(node, ascii('required')), false)
  const transforms = member(node, ascii('transform'))
  if (transforms !== null) {
    source.transforms = writeTransforms(transforms)
    source.transformCount = itemCount(transforms)
  }
  const name = textOf(member(node, ascii('as')))
  if (isPresent(name)) source.label = labelOf(ascii('as:'), name)
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
  const scalar = scalarOf(value, firstField(kind))
  switch (kind) {
    case SourceKind.Session:
      source.label = labelOf(ascii('session'), ABSENT)
      return
    case SourceKind.Cookie:
      source.name = blockText(textOf(scalar))
      source.label = labelOf(ascii('cookie:'), source.name)
      return
    case SourceKind.Header:
      source.name = blockLowerText(textOf(scalar))
      source.label = labelOf(ascii('header:'), source.name)
      source.path = headerPath(source.name)
      source.join = choiceOf(member(value, ascii('repeated')), REPEATED, 0) == 1
      return
    case SourceKind.Query:
      source.name = blockText(textOf(scalar))
      source.label = labelOf(ascii('query:'), source.name)
      source.decode = flagOf(member(value, ascii('decode')), false)
      return
    case SourceKind.Claim:
      writeClaim(source, value, scalar)
      if (isUnverified(value)) source.token = carrierOf(member(value, ascii('in')))
      return
    case SourceKind.Address:
      writeAddress(source, value)
      return
    case SourceKind.Path:
      source.name = blockText(textOf(scalar))
      source.label = labelOf(ascii('path:'), source.name)
      return
    case SourceKind.Authority:
      source.label = labelOf(ascii('authority'), ABSENT)
      return
    case SourceKind.Method:
      source.label = labelOf(ascii('method'), ABSENT)
      return
    case SourceKind.Grpc:
      source.part = <u8>choiceOf(scalar, GRPC_PARTS, 0)
      source.label = labelOf(ascii('grpc:'), textOf(scalar))
      return
    case SourceKind.Peer:
      source.name = peerPath(wordIndex(textOf(scalar), PEER_FIELDS))
      writePart(source, ascii('peer:'), scalar, value)
      return
    case SourceKind.ForwardedClientCert:
      source.name = blockText(textOf(scalar))
      source.path = headerPath(ascii('x-forwarded-client-cert'))
      source.hops = <u8>integerOf(member(value, ascii('hops')), 0)
      source.element = elementOf(member(value, ascii('element')))
      writePart(source, ascii('forwardedClientCert:'), scalar, value)
      return
    default:
      source.name = blockText(textOf(scalar))
      source.label = labelOf(ascii('constant'), ABSENT)
  }
}

/** The field that a scalar stands for. */
function firstField(kind: SourceKind): Slice {
  if (kind == SourceKind.Constant) return ascii('value')
  if (kind == SourceKind.Path) return ascii('template')
  if (kind == SourceKind.Peer || kind == SourceKind.ForwardedClientCert) return ascii('field')
  return kind == SourceKind.Grpc ? ascii('part') : ascii('name')
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
    value !== null && value.kind == JsonKind.Number ? value : member(value, ascii('ipv4Prefix'))
  source.ipv4Prefix = <u8>integerOf(ipv4Prefix, 32)
  source.ipv6Prefix = <u8>integerOf(member(value, ascii('ipv6Prefix')), 128)
  source.label = labelOf(ascii('address'), ABSENT)
}

/** The label names the part of a SPIFFE id if there is one, else the field. */
function writePart(source: Source, kind: Slice, field: JsonNode | null, value: JsonNode | null): void {
  const part = member(value, ascii('part'))
  source.part = <u8>(wordIndex(textOf(part), SPIFFE_PARTS) + 1)
  source.label = labelOf(kind, textOf(part === null ? field : part))
}

/** From the first element, 0, or from the last, -1, which is the default. */
function elementOf(element: JsonNode | null): i32 {
  return choiceOf(element, ELEMENTS, -1) == 0 ? 0 : integerOf(element, -1)
}

// Envoy's attributes of a connection; of several SANs of one type each is the first.
const PEER_PROPERTIES: Slice = ascii(
  'uri_san_peer_certificate dns_san_peer_certificate subject_peer_certificate sha256_peer_certificate_digest',
)

function peerPath(field: u32): Slice {
  return labelOf(ascii('connection\0'), wordAt(PEER_PROPERTIES, field))
}

function labelOf(kind: Slice, name: Slice): Slice {
  const text = openText()
  text.bytes(kind)
  if (isPresent(name)) text.bytes(name)
  return closeText()
}

/** The property that joins all entries of a header. */
export function headerPath(name: Slice): Slice {
  const text = openText()
  text.bytes(ascii('request\0headers\0'))
  text.bytes(name)
  return closeText()
}
