/** `session.adopt` into the policy's block. */
import { ascii } from '../../bytes/literal'
import { word } from '../../bytes/words'
import { Slice, isPresent } from '../../bytes/slice'
import { JsonNode, after, firstItem, isTrue, itemCount, member, textOf } from '../../json/node'
import { HOST_PREFIX, SECURE_PREFIX, hasPrefix } from '../check/cookie'
import { Adopted } from '../policy'
import { blockBytes, blockText, closeText, openText } from './block'

/** Adopted[] of a list; rules that inherit it share it. */
export function writeAdopted(list: JsonNode | null): usize {
  if (list === null) return 0
  if (list.compiled != 0) return list.compiled
  const size = <u32>offsetof<Adopted>()
  let at = blockBytes(itemCount(list) * size)
  list.compiled = at
  for (let cookie = firstItem(list); cookie !== null; cookie = after(cookie)) {
    const adopted = changetype<Adopted>(at)
    const name = textOf(member(cookie, word('cookie')))
    adopted.name = blockText(name)
    if (isTrue(member(cookie, word('delete')))) adopted.deletion = deletionOf(name, cookie)
    at += size
  }
  return list.compiled
}

function deletionOf(name: Slice, cookie: JsonNode): Slice {
  const text = openText()
  text.bytes(name)
  text.bytes(ascii('=; Max-Age=0; Path='))
  const path = textOf(member(cookie, word('path')))
  text.bytes(isPresent(path) ? path : ascii('/'))
  const domain = textOf(member(cookie, word('domain')))
  if (isPresent(domain)) {
    text.bytes(ascii('; Domain='))
    text.bytes(domain)
  }
  // Browsers take a Set-Cookie of such a name only so.
  if (hasPrefix(name, HOST_PREFIX) || hasPrefix(name, SECURE_PREFIX)) text.bytes(ascii('; Secure'))
  return closeText()
}
