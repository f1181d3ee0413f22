/** Why a source yielded nothing, for whoever reads its configuration: assembly/key/source.ts in words. */
import { type Mapping, textAt } from '../manifests/value.ts'

/** What was given, without which a source cannot yield. */
export interface SourceReasons {
  /** Why no source was asked at all, should that be so. */
  readonly none: string
  readonly claims: boolean
  readonly sourceAddress: boolean
  readonly peer: boolean
}

interface Asked {
  readonly kind: string
  readonly fields: Mapping
  readonly transformed: boolean
}

/** @param outcome the filter's, `absent` or another */
export function reasonOf(asked: Asked, outcome: string, given: SourceReasons): string {
  switch (outcome) {
    case 'absent':
      return absent(asked, given) + (asked.transformed ? ', or its transforms leave nothing' : '')
    case 'malformed':
      return malformed(asked) + (asked.transformed ? ', or its transforms do not fit' : '')
    case 'too_large':
      return 'longer than is read'
    case 'unreadable':
      return asked.kind === 'claim' ? 'the claim is null' : 'the proxy does not show it'
    default:
      return outcome
  }
}

function absent({ kind, fields }: Asked, given: SourceReasons): string {
  switch (kind) {
    case 'session':
      return 'the request has no session'
    case 'claim':
      if (textAt(fields, 'token') === 'unverified') return 'no token with that claim'
      return given.claims
        ? 'no such claim, or an empty one'
        : 'no claims: neither --claims nor a bearer token'
    case 'address':
      return given.sourceAddress ? 'no address' : 'not known: --source-address was not given'
    case 'peer':
      return given.peer ? "not in the peer's certificate" : 'not known: --peer was not given'
    case 'path':
      return 'the path does not fit the template'
    case 'grpc':
      return 'not a request of gRPC'
    case 'forwardedClientCert':
      return 'no such element or field in x-forwarded-client-cert'
    default:
      return 'not in the request, or empty'
  }
}

function malformed({ kind, fields }: Asked): string {
  switch (kind) {
    case 'claim':
      if (textAt(fields, 'token') === 'unverified')
        return 'a token of another form, or a claim of another type'
      return `not of type ${textAt(fields, 'type') || 'string'}`
    case 'header':
      return 'several entries of one name'
    case 'query':
      return 'its escapes cannot be decoded'
    case 'forwardedClientCert':
      return 'x-forwarded-client-cert is damaged, or has another number of elements'
    default:
      return 'not of the form that is expected'
  }
}
