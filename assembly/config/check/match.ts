/** A rule's `match`: fields are joined by and, values of one field by or. */
import { HOST_MAX, HostPatternError, hostPatternError } from '../../http/authority'
import { expectFields, expectList, expectString } from '../fields'
import { JsonNode, after, firstItem, member } from '../json/node'
import { error, unexpectedText } from '../report'
import { expectPath } from './path'
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
  for (let path = firstItem(list); path !== null; path = after(path)) expectPath(path)
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
