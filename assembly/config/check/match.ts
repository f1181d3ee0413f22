/** A rule's `match`: fields are joined by and, values of one field by or. */
import { HOST_MAX, HostPatternError, hostPatternError } from '../../http/authority'
import { PathPatternError, pathPatternError } from '../../http/path-pattern'
import { expectFields, expectList, expectString } from '../fields'
import { JsonNode, after, firstItem, member } from '../json/node'
import { error, unexpectedText } from '../report'
import { checkMethods } from './session'

const FIELDS: string = 'hosts paths methods'
const LATER: string = 'headers services namespaces'

// @ts-ignore: decorator
@inline
const MOST_PATTERNS: u32 = 64

export function checkMatch(node: JsonNode): void {
  if (!expectFields(node, FIELDS, LATER)) return
  if (node.count == 0) error('missing_field', node, 'expected hosts, paths or methods')
  checkHosts(member(node, 'hosts'))
  checkPaths(member(node, 'paths'))
  checkMethods(member(node, 'methods'))
}

function checkHosts(list: JsonNode | null): void {
  if (!expectList(list, MOST_PATTERNS, '1 to 64 hosts')) return
  for (let host = firstItem(list); host !== null; host = after(host)) {
    if (!expectString(host, HOST_MAX)) continue
    const wrong = hostPatternError(host.text)
    if (wrong != HostPatternError.None) unexpectedText('invalid_host', host, hostAdvice(wrong))
  }
}

function checkPaths(list: JsonNode | null): void {
  if (!expectList(list, MOST_PATTERNS, '1 to 64 paths')) return
  for (let path = firstItem(list); path !== null; path = after(path)) {
    if (!expectString(path, 1024)) continue
    const wrong = pathPatternError(path.text)
    if (wrong == PathPatternError.None) continue
    const code = wrong == PathPatternError.RepeatedCapture ? 'repeated_capture' : 'invalid_path'
    unexpectedText(code, path, pathAdvice(wrong))
  }
}

function hostAdvice(wrong: HostPatternError): string {
  switch (wrong) {
    case HostPatternError.PartialStar:
      return '* alone or as the whole first label, as in *.example.com'
    case HostPatternError.Port:
      return 'a host without a port'
    case HostPatternError.UpperCase:
      return 'lower case'
    case HostPatternError.EmptyLabel:
      return 'something between the dots'
    case HostPatternError.LabelTooLong:
      return 'at most 63 characters between dots'
    default:
      return 'a host name in ASCII, such as shop.example.com'
  }
}

function pathAdvice(wrong: PathPatternError): string {
  switch (wrong) {
    case PathPatternError.NoLeadingSlash:
      return 'a / first'
    case PathPatternError.EmptySegment:
      return 'no // : paths are matched with slashes collapsed'
    case PathPatternError.DotSegment:
      return 'no . or .. : paths are matched with these resolved'
    case PathPatternError.PartialStar:
      return 'a whole segment: * for one, or ** at the end for any number'
    case PathPatternError.DoubleStarNotLast:
      return '** only at the end; for one segment write *'
    case PathPatternError.PartialCapture:
      return 'a capture to be a whole segment, as in /users/{id}'
    case PathPatternError.CaptureName:
      return 'a name such as {tenantId} in braces'
    case PathPatternError.RepeatedCapture:
      return 'each capture to have a name of its own'
    case PathPatternError.QueryOrFragment:
      return 'no query and no fragment: they are not matched'
    case PathPatternError.Semicolon:
      return 'no ; : a path with parameters matches no rule'
    case PathPatternError.Escape:
      return 'only escapes that normalising leaves, in upper case, as in %20'
    case PathPatternError.TooManySegments:
      return 'at most 64 segments'
    default:
      return 'other characters escaped, as in %20'
  }
}
