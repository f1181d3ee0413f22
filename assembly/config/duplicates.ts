/** Members of one name: JSON leaves open which one counts (RFC 8259 section 4), so neither does. */
import { phrase } from '../bytes/phrase'
import { equals } from '../bytes/slice'
import { error } from './report'
import { JsonKind, JsonNode, after } from '../json/node'

/** Reports every member whose name an earlier member of the same object has. */
export function reportDuplicates(root: JsonNode): void {
  let node: JsonNode | null = root
  while (node !== null) {
    if (node.kind == JsonKind.Object) reportDuplicateMembers(node)
    node = following(node)
  }
}

/** The node after `node` in the document's order. */
function following(node: JsonNode): JsonNode | null {
  const child = node.child
  if (child !== null) return child
  let at: JsonNode | null = node
  while (at !== null) {
    const next = at.next
    if (next !== null) return next
    at = at.parent
  }
  return null
}

function reportDuplicateMembers(object: JsonNode): void {
  for (let member: JsonNode | null = object.child; member !== null; member = after(member)) {
    for (
      let earlier: JsonNode | null = object.child;
      earlier !== null && earlier !== member;
      earlier = after(earlier)
    ) {
      if (!equals(earlier.name, member.name)) continue
      error(phrase('duplicate_field'), member, phrase('the object has this field already'))
      break
    }
  }
}
