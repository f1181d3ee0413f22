/** Claims into the policy's block. Every one was checked. */
import { ascii } from '../../bytes/literal'
import { Slice, endOf, equals, ptrOf } from '../../bytes/slice'
import { Writer } from '../../bytes/writer'
import { word } from '../../bytes/words'
import { JsonKind, JsonNode, after, member } from '../../json/node'
import { CLAIM_TYPES, isUnverified } from '../check/claim'
import { choiceOf } from '../fields'
import { Source } from '../policy'
import { closeText, openText } from './block'

const METADATA: Slice = ascii('metadata\0filter_metadata')

// Where Envoy's jwt_authn leaves verified claims (Istio sets payload_in_metadata to `payload`).
const VERIFIED: Slice = ascii('metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0payload')

/** `name` is the claim's name: one, or a list of them. */
export function writeClaim(source: Source, value: JsonNode | null, name: JsonNode | null): void {
  source.claimType = choiceOf(member(value, word('type')), CLAIM_TYPES, 0)
  const isToken = isUnverified(value)
  let metadata = member(value, word('metadata'))
  const path = openText()
  if (metadata !== null) {
    path.bytes(METADATA)
    putNames(path, metadata)
    if (equals(path.result, VERIFIED)) metadata = null
  } else if (!isToken) {
    path.bytes(VERIFIED)
  }
  putNames(path, name)
  source.name = closeText()

  const label = openText()
  if (metadata !== null) label.bytes(ascii('metadata:'))
  else label.bytes(isToken ? ascii('unverified-claim:') : ascii('claim:'))
  putPointer(label, metadata)
  putPointer(label, name)
  source.label = closeText()
}

function putNames(text: Writer, list: JsonNode | null): void {
  for (let name = firstName(list); name !== null; name = nextName(list, name)) {
    text.byte(0)
    text.bytes(name.text)
  }
}

/** The names as a JSON pointer (RFC 6901): `/sub`, `/realm/tenant`. */
function putPointer(text: Writer, list: JsonNode | null): void {
  for (let name = firstName(list); name !== null; name = nextName(list, name)) {
    text.byte(0x2f)
    putEscaped(text, name.text)
  }
}

// Section 3 of RFC 6901: ~ is ~0 and / is ~1.
function putEscaped(text: Writer, name: Slice): void {
  for (let at = ptrOf(name); at < endOf(name); at++) {
    const byte = load<u8>(at)
    if (byte == 0x7e) text.bytes(ascii('~0'))
    else if (byte == 0x2f) text.bytes(ascii('~1'))
    else text.byte(byte)
  }
}

/** A name is one name, or a list of them. */
function firstName(list: JsonNode | null): JsonNode | null {
  return list !== null && list.kind == JsonKind.Array ? list.child : list
}

function nextName(list: JsonNode | null, name: JsonNode | null): JsonNode | null {
  return list !== null && list.kind == JsonKind.Array ? after(name) : null
}
