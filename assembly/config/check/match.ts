/** A rule's `match`: fields are joined by and, values of one field by or. */
import { Phrase, phrase, phraseAt, phrases } from '../../bytes/phrase'
import { Words, word, words } from '../../bytes/words'
import { HOST_MAX, HostPatternError, hostPatternError } from '../../http/authority'
import { expectFields, expectList, expectString } from '../fields'
import { JsonNode, after, firstItem, firstMember, member } from '../../json/node'
import { error, unexpectedText } from '../report'
import { checkHeaders } from './match-header'
import { checkNamespaces } from './namespace'
import { expectPath } from './path'
import { checkMethods } from './session'

const FIELDS: Words = words('hosts paths methods headers services namespaces')

// In the order of HostPatternError, from PartialStar on; the last is for those before too.
const HOST_ADVICE: Phrase = phrases(
  '* alone or as the whole first label, as in *.example.com\n' +
    'a host without a port\n' +
    'lower case\n' +
    'something between the dots\n' +
    'at most 63 characters between dots\n' +
    'a host name in ASCII, such as shop.example.com',
)

// @ts-ignore: decorator
@inline
const MOST_PATTERNS: u32 = 64

export function checkMatch(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS)) return
  if (firstMember(node) === null)
    error(
      phrase('missing_field'),
      node,
      phrase('expected hosts, paths, methods, headers, services or namespaces'),
    )
  checkHosts(member(node, word('hosts')), phrase('1 to 64 hosts'))
  checkHosts(member(node, word('services')), phrase('1 to 64 services'))
  checkPaths(member(node, word('paths')))
  checkMethods(member(node, word('methods')))
  checkHeaders(member(node, word('headers')))
  checkNamespaces(member(node, word('namespaces')))
}

function checkHosts(list: JsonNode | null, expected: Phrase): void {
  if (!expectList(list, MOST_PATTERNS, expected)) return
  for (let host = firstItem(list); host !== null; host = after(host)) {
    if (!expectString(host, HOST_MAX)) continue
    const wrong = hostPatternError(host.text)
    if (wrong != HostPatternError.None) unexpectedText(phrase('invalid_host'), host, hostAdvice(wrong))
  }
}

function checkPaths(list: JsonNode | null): void {
  if (!expectList(list, MOST_PATTERNS, phrase('1 to 64 paths'))) return
  for (let path = firstItem(list); path !== null; path = after(path)) expectPath(path)
}

function hostAdvice(wrong: HostPatternError): Phrase {
  const subject = wrong < HostPatternError.PartialStar ? HostPatternError.Octet : wrong
  return phraseAt(HOST_ADVICE, subject - HostPatternError.PartialStar)
}
