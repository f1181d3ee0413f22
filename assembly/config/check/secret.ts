/**
 * Secrets: `{env: NAME}`, never a value. A variable holds base64 or base64url of 32 to 64 bytes that are not all
 * the same. No error shows any of it.
 */
import { phrase } from '../../bytes/phrase'
import { decodeSecret } from '../../bytes/base64url'
import { ABSENT, Slice, endOf, isPresent, ptrOf, slice } from '../../bytes/slice'
import { equalsInConstantTime } from '../../crypto/constant-time'
import { environmentVariable } from '../environment'
import { expectObject } from '../fields'
import { JsonKind, JsonNode, after, member, textOf } from '../../json/node'
import { put, putShown } from '../line'
import { begin, endError, error } from '../report'
import { isWord, word } from '../../bytes/words'
import { expectVariable } from './name'

/** Bytes of the longest secret. */
// @ts-ignore: decorator
@inline
export const SECRET_MOST: u32 = 64

// @ts-ignore: decorator
@inline
const SECRET_LEAST: i32 = 32

const decoded: usize = memory.data(64)
const other: usize = memory.data(64)
let environment: Slice = ABSENT

/** The VM's environment until the next call: `NAME=value`, each ended by NUL. */
export function setEnvironment(block: Slice): void {
  environment = block
}

export function checkSecret(node: JsonNode | null): void {
  if (node === null) return
  if (node.kind == JsonKind.String) {
    error(
      phrase('inline_secret'),
      node,
      phrase(
        'a secret must not stand here: write {env: NAME}; the one that stood here is in etcd by now, rotate it',
      ),
    )
    return
  }
  if (!expectObject(node)) return
  for (let child: JsonNode | null = node.child; child !== null; child = after(child)) {
    if (isWord(child.name, word('env'))) continue
    error(phrase('unknown_field'), node, phrase('only env is known here'))
    return
  }
  const name = member(node, word('env'))
  if (name === null)
    error(phrase('missing_field'), node, phrase('expected env, the name of an environment variable'))
  expectSecretVariable(name)
}

/** `name` is the name of an environment variable that holds a secret. */
export function expectSecretVariable(name: JsonNode | null): void {
  if (name === null || !expectVariable(name)) return
  const value = environmentVariable(environment, name.text)
  if (!isPresent(value)) {
    begin(phrase('secret_missing'), name)
    putShown(name.text)
    put(
      phrase(
        ' is not set; set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables); ',
      ),
    )
    put(phrase('up to Envoy 1.38 plugins of one image share the environment of the first'))
    endError(name)
    return
  }
  const length = decodeSecret(value, decoded, SECRET_MOST)
  const sound = length >= SECRET_LEAST && !isUniform(slice(decoded, <u32>length))
  memory.fill(decoded, 0, SECRET_MOST)
  if (sound) return
  begin(phrase('secret_invalid'), name)
  putShown(name.text)
  put(phrase(' must be base64 of 32 to 64 bytes, not all the same; make one with: openssl rand -base64 32'))
  endError(name)
}

/** Writes the secret that `node` names to `out`, room for SECRET_MOST bytes. ABSENT if there is none. */
export function readSecret(node: JsonNode | null, out: usize): Slice {
  const value = environmentVariable(environment, textOf(member(node, word('env'))))
  if (!isPresent(value)) return ABSENT
  const length = decodeSecret(value, out, SECRET_MOST)
  return length < SECRET_LEAST ? ABSENT : slice(out, <u32>length)
}

/** True if the variables that `a` and `b` name hold the same secret. */
export function isSameSecret(a: JsonNode, b: JsonNode): bool {
  const first = readSecret(a, decoded)
  const second = readSecret(b, other)
  const same = isPresent(first) && equalsInConstantTime(first, second)
  memory.fill(decoded, 0, SECRET_MOST)
  memory.fill(other, 0, SECRET_MOST)
  return same
}

function isUniform(bytes: Slice): bool {
  const first = load<u8>(ptrOf(bytes))
  for (let at = ptrOf(bytes); at < endOf(bytes); at++) {
    if (load<u8>(at) != first) return false
  }
  return true
}
