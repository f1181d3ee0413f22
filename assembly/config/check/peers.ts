/** `key.trustInbound`: whose key header is believed. */
import { phrase } from '../../bytes/phrase'
import { word, words } from '../../bytes/words'
import { isPeerPattern } from '../../http/peer-pattern'
import { JsonNode, after, firstItem } from '../../json/node'
import { expectFields, expectList, expectString, requiredMember } from '../fields'
import { unexpectedText } from '../report'

// @ts-ignore: decorator
@inline
const MOST_PEERS: u32 = 16

export function checkTrustInbound(node: JsonNode | null): void {
  if (!expectFields(node, words('peers'))) return
  const peers = requiredMember(
    node,
    word('peers'),
    phrase('expected peers, the SPIFFE ids whose key header is believed'),
  )
  if (!expectList(peers, MOST_PEERS, phrase('1 to 16 peers'))) return
  for (let peer = firstItem(peers); peer !== null; peer = after(peer)) {
    if (expectString(peer, 512) && !isPeerPattern(peer.text))
      unexpectedText(
        phrase('invalid_peer'),
        peer,
        phrase('a SPIFFE id; * is one whole segment: spiffe://cluster.local/ns/istio-ingress/sa/*'),
      )
  }
}
