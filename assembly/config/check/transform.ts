/**
 * Transforms: what is made of a source's text before it counts.
 *
 *     transform = "trim" | "lower" | "upper" | "unquote" | "percentDecode" | "base64Decode" | "mcpDecode"
 *               | {first: n} | {last: n} | {split: {by, take}} | {capture: pattern}
 */
import { Phrase, phrase, phraseAt, phrases } from '../../bytes/phrase'
import { Words, word, wordIndex, words } from '../../bytes/words'
import { captureCount } from '../../http/path-pattern'
import { JsonKind, JsonNode, after, firstItem, firstMember, member, textOf } from '../../json/node'
import { CapturePatternError, capturePatternError } from '../../bytes/capture'
import { expectFields, expectInteger, expectList, expectString, unknownField, unknownValue } from '../fields'
import { SourceKind, TransformKind } from '../policy'
import { error, unexpectedKind, unexpectedText } from '../report'
import { CLAIM_TYPES } from './claim'
import { kindOf, scalarOf, valueOf } from './source'

/** In the order of policy.ts's TransformKind; those from `first` on have a value. */
export const TRANSFORMS: Words = words(
  'trim lower upper unquote percentDecode base64Decode mcpDecode first last split capture',
)

const WITH_VALUE: Words = words('first last split capture')

// In the order of CapturePatternError, from SecondCapture on; the first is for NoCapture too.
const CAPTURE_ADVICE: Phrase = phrases(
  'one {} for the part that counts, as in user-{}@*\n' +
    'at most 4 *\n' +
    'some text between two of * and {}\n' +
    'no braces but in {}',
)

// @ts-ignore: decorator
@inline
const MOST_TRANSFORMS: u32 = 8

/** `transform`, a sibling of the kind that `source` has. */
export function checkTransforms(list: JsonNode, source: JsonNode): void {
  if (!expectList(list, MOST_TRANSFORMS, phrase('1 to 8 transforms'))) return
  for (let transform = firstItem(list); transform !== null; transform = after(transform)) {
    checkTransform(transform)
  }
  if (!list.broken) checkYieldsText(source, list)
}

function checkTransform(node: JsonNode): void {
  if (node.kind == JsonKind.String) {
    const kind = wordIndex(node.text, TRANSFORMS)
    if (kind < 0) unknownValue(node, TRANSFORMS)
    else if (kind >= TransformKind.First)
      error(phrase('missing_field'), node, phrase('this transform needs a value, as in {first: 8}'))
    return
  }
  const value = firstMember(node)
  if (value === null) {
    unexpectedKind(phrase('wrong_type'), node, phrase('a transform, such as lower or {first: 8}'))
    return
  }
  if (node.count > 1)
    error(phrase('ambiguous_transform'), node, phrase('one transform an item; list two items'))
  else checkValue(value)
}

function checkValue(value: JsonNode): void {
  switch (wordIndex(value.name, TRANSFORMS)) {
    case TransformKind.First:
    case TransformKind.Last:
      expectInteger(value, 1, 4096, phrase('1 to 4096 octets'))
      return
    case TransformKind.Split:
      checkSplit(value)
      return
    case TransformKind.Capture:
      checkCapture(value)
      return
    default:
      unknownField(value, WITH_VALUE)
  }
}

function checkSplit(value: JsonNode): void {
  if (!expectFields(value, words('by take'))) return
  const by = member(value, word('by'))
  const take = member(value, word('take'))
  if (by === null || take === null)
    error(phrase('missing_field'), value, phrase('expected by and take, as in {by: "-", take: 0}'))
  expectString(by, 16)
  expectInteger(take, -64, 63, phrase('a piece from the first, 0 to 63, or from the last, -1 to -64'))
}

function checkCapture(value: JsonNode): void {
  if (!expectString(value, 128)) return
  const wrong = capturePatternError(value.text)
  if (wrong != CapturePatternError.None)
    unexpectedText(
      phrase('invalid_capture'),
      value,
      phraseAt(
        CAPTURE_ADVICE,
        max(wrong, CapturePatternError.SecondCapture) - CapturePatternError.SecondCapture,
      ),
    )
}

/** A transform works on text, and on one at a time. */
function checkYieldsText(source: JsonNode, list: JsonNode): void {
  const kind = kindOf(source)
  const value = valueOf(source)
  if (kind >= SourceKind.All)
    error(phrase('not_text'), list, phrase('a transform works on one value; put it on a source within'))
  else if (kind == SourceKind.Session || kind == SourceKind.Address)
    error(
      phrase('not_text'),
      list,
      phrase('this source yields an id or an address, and no text to transform'),
    )
  else if (kind == SourceKind.Claim && wordIndex(textOf(member(value, word('type'))), CLAIM_TYPES) > 0)
    error(phrase('not_text'), list, phrase('only claims of type string are text to transform'))
  else if (kind == SourceKind.Path && captureCount(textOf(scalarOf(value, word('template')))) > 1)
    error(phrase('not_text'), list, phrase('several captures are a list, and no text to transform'))
}
