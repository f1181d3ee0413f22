/** Transforms into the policy's block. Every one was checked. */
import { word, wordIndex } from '../../bytes/words'
import { JsonNode, after, firstItem, firstMember, itemCount, member, textOf } from '../../json/node'
import { TRANSFORMS } from '../check/transform'
import { Transform, TransformKind } from '../policy'
import { blockBytes, blockText } from './block'

/** Transform[] of a list, its length being the list's. */
export function writeTransforms(list: JsonNode): usize {
  const size = <u32>offsetof<Transform>()
  const transforms = blockBytes(itemCount(list) * size)
  let at = transforms
  for (let node = firstItem(list); node !== null; node = after(node)) {
    writeTransform(changetype<Transform>(at), node)
    at += size
  }
  return transforms
}

function writeTransform(transform: Transform, node: JsonNode): void {
  const value = firstMember(node)
  transform.kind = wordIndex(value === null ? textOf(node) : value.name, TRANSFORMS)
  if (value === null) return
  if (transform.kind == TransformKind.Split) {
    transform.text = blockText(textOf(member(value, word('by'))))
    transform.count = countOf(member(value, word('take')))
  } else if (transform.kind == TransformKind.Capture) {
    transform.text = blockText(value.text)
  } else {
    transform.count = countOf(value)
  }
}

function countOf(node: JsonNode | null): i32 {
  return node === null ? 0 : <i32>node.number
}
