import { phrase } from '../../bytes/phrase'
import { Words } from '../../bytes/words'
import { equals, isPresent } from '../../bytes/slice'
import { JsonNode, after, firstItem, member, textOf } from '../../json/node'
import { error } from '../report'

/** No item before `item`, in a short list of objects, has its text in `field`. */
export function expectUnique(item: JsonNode, field: Words): void {
  const node = member(item, field)
  const text = textOf(node)
  if (node === null || !isPresent(text)) return
  for (let other = firstItem(item.parent); other !== null && other !== item; other = after(other)) {
    const earlier = textOf(member(other, field))
    if (!isPresent(earlier) || !equals(earlier, text)) continue
    error(phrase('duplicate_name'), node, phrase('an earlier one has this name'))
    return
  }
}
