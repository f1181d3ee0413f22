/** What is hashed: the key of one request. */
import { ABSENT, Slice, isPresent } from '../bytes/slice'
import { KeyFormat, KeyPolicy, SourceKind } from '../config/policy'
import { Counter } from '../proxy/counter'
import { count } from '../proxy/metrics'
import { evaluate, winner } from './evaluate'
import { hashNode } from './hash'

/** The value of the key header, counted by its source; ABSENT if nothing yields one. Reads only, writes nothing. */
export function deriveKey(policy: KeyPolicy): Slice {
  const result = evaluate(policy)
  const source = winner
  if (!isPresent(result) || source === null) {
    count(Counter.KeyNone)
    return ABSENT
  }
  count(counterOf(source.kind))
  return policy.format == KeyFormat.Raw ? result : hashNode(result, policy.hmac)
}

function counterOf(kind: SourceKind): Counter {
  switch (kind) {
    case SourceKind.Session:
      return Counter.KeySession
    case SourceKind.Cookie:
      return Counter.KeyCookie
    case SourceKind.Header:
      return Counter.KeyHeader
    case SourceKind.Query:
      return Counter.KeyQuery
    case SourceKind.Claim:
      return Counter.KeyClaim
    case SourceKind.Address:
      return Counter.KeyAddress
    case SourceKind.Constant:
      return Counter.KeyConstant
    case SourceKind.Path:
      return Counter.KeyPath
    case SourceKind.Authority:
      return Counter.KeyAuthority
    case SourceKind.Method:
      return Counter.KeyMethod
    case SourceKind.Grpc:
      return Counter.KeyGrpc
    default:
      return Counter.KeyAll
  }
}
