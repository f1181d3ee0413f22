/** `session.adopt`: cookies of others whose value becomes the session's id. */
import { phrase } from '../../bytes/phrase'
import { word, words } from '../../bytes/words'
import { JsonNode, after, firstItem, isTrue, member, textOf } from '../../json/node'
import { expectBoolean, expectFields, expectList, requiredMember } from '../fields'
import { error, warning } from '../report'
import { HOST_PREFIX, checkDomain, checkPath, hasPrefix, isRootPath } from './cookie'
import { expectToken } from './name'
import { expectUnique } from './unique'

export function checkAdopt(list: JsonNode | null): void {
  if (!expectList(list, 8, phrase('1 to 8 cookies'))) return
  for (let cookie = firstItem(list); cookie !== null; cookie = after(cookie)) {
    if (!expectFields(cookie, words('cookie path domain delete'))) continue
    const name = requiredMember(cookie, word('cookie'), phrase('expected cookie, the name to look for'))
    const path = member(cookie, word('path'))
    const domain = member(cookie, word('domain'))
    const deletes = member(cookie, word('delete'))
    if (expectToken(name)) expectUnique(cookie, word('cookie'))
    checkPath(path)
    checkDomain(domain)
    expectBoolean(deletes)
    if ((path !== null || domain !== null) && !isTrue(deletes))
      warning(
        phrase('no_effect'),
        cookie,
        phrase('path and domain say where to delete it; write delete: true'),
      )
    else if (hasPrefix(textOf(name), HOST_PREFIX) && (domain !== null || !isRootPath(textOf(path))))
      error(phrase('cookie_prefix'), cookie, phrase('a __Host- cookie has path / and no domain'))
  }
}
