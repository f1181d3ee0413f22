/** `session.application`: what each field may be by itself. */
import { phrase } from '../../bytes/phrase'
import { Words, word, wordIndex, words } from '../../bytes/words'
import { JsonNode, member } from '../../json/node'
import { expectChoice, expectFields } from '../fields'
import { error } from '../report'
import { expectKeyHeader } from './header'
import { expectToken } from './name'

// Scripts read these to send them back in a header: a suffix would be taken for part of it.
const READ_BY_SCRIPTS: Words = words('XSRF-TOKEN csrftoken')

export function checkApplication(node: JsonNode | null): void {
  if (!expectFields(node, words('cookie header strategy onInvalid'))) return
  const cookie = member(node, word('cookie'))
  if (cookie !== null && expectToken(cookie) && wordIndex(cookie.text, READ_BY_SCRIPTS) >= 0)
    error(phrase('script_cookie'), cookie, phrase('scripts read this cookie; name the one of the session'))
  expectKeyHeader(member(node, word('header')))
  expectChoice(member(node, word('strategy')), words('wrap follow'))
  expectChoice(member(node, word('onInvalid')), words('strip 404'))
}
