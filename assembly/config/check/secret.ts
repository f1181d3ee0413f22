/**
 * Secrets: `{env: NAME}`, never a value. A variable holds base64 or base64url of 32 to 64 bytes that are not all
 * the same. No error shows any of it.
 */
import { phrase } from '../../bytes/phrase'
import { word, wordIndex, Words, words } from '../../bytes/words'
import { decodeSecret } from '../../bytes/base64url'
import { ABSENT, Slice, endOf, isPresent, lenOf, ptrOf, slice } from '../../bytes/slice'
import { SHA256_BYTES, sha256Finish, sha256Start, sha256Update, sha256Wipe } from '../../crypto/sha256'
import { environmentVariable } from '../environment'
import { expectObject, requiredMember } from '../fields'
import { JsonKind, JsonNode, after, firstMember, member, textOf } from '../../json/node'
import { put, putShown } from '../line'
import { begin, endError, endWarning, error, putList } from '../report'
import { expectVariable } from './name'

/** Bytes of the longest secret. */
// @ts-ignore: decorator
@inline
export const SECRET_MOST: u32 = 64

// @ts-ignore: decorator
@inline
const SECRET_LEAST: i32 = 32

const decoded: usize = memory.data(64)
const digest: usize = memory.data(SHA256_BYTES, 8)
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
  if (!expectOnly(node, words('env'))) return
  expectSecretVariable(
    requiredMember(node, word('env'), phrase('expected env, the name of an environment variable')),
  )
}

/** `node` is an object of no members but `known`. The others are not named: somebody may have written the secret there. */
export function expectOnly(node: JsonNode | null, known: Words): bool {
  if (!expectObject(node)) return false
  for (let child = firstMember(node); child !== null; child = after(child)) {
    if (wordIndex(child.name, known) >= 0) continue
    begin(phrase('unknown_field'), node)
    put(phrase('only these are known here: '))
    putList(known)
    endError(node)
    return false
  }
  return true
}

/**
 * `name` is the name of an environment variable that holds a secret. One that is not set is an error, or a warning if
 * others are there to `spare` it.
 *
 * @returns true if that warning was given
 */
export function expectSecretVariable(name: JsonNode | null, spare: bool = false): bool {
  if (!expectVariable(name)) return false
  const text = textOf(name)
  const value = environmentVariable(environment, text)
  if (!isPresent(value)) {
    begin(phrase('secret_missing'), name)
    putShown(text)
    put(phrase(' is not set; '))
    if (spare) put(phrase('what this key signed is no session; '))
    put(phrase('set it in the WasmPlugin, vmConfig.env (Envoy: vm_config.environment_variables)'))
    if (spare) {
      endWarning()
      return true
    }
    put(phrase('; up to Envoy 1.38 plugins of one image share the environment of the first'))
    endError(name)
    return false
  }
  const length = decodeSecret(value, decoded, SECRET_MOST)
  const sound = length >= SECRET_LEAST && !isUniform(slice(decoded, <u32>length))
  memory.fill(decoded, 0, SECRET_MOST)
  if (sound) return false
  begin(phrase('secret_invalid'), name)
  putShown(text)
  put(phrase(' must be base64 of 32 to 64 bytes, not all the same; make one with: openssl rand -base64 32'))
  endError(name)
  return false
}

/** Writes the secret that `node` names to `out`, room for SECRET_MOST bytes. ABSENT if there is none. */
export function readSecret(node: JsonNode | null, out: usize): Slice {
  const value = environmentVariable(environment, textOf(member(node, word('env'))))
  if (!isPresent(value)) return ABSENT
  const length = decodeSecret(value, out, SECRET_MOST)
  return length < SECRET_LEAST ? ABSENT : slice(out, <u32>length)
}

/** A number that equal secrets have in common and no others; 0 if `node` names no secret. */
export function fingerprintOf(node: JsonNode): u64 {
  const secret = readSecret(node, decoded)
  if (!isPresent(secret)) return 0
  sha256Start()
  sha256Update(ptrOf(secret), lenOf(secret))
  sha256Finish(digest)
  sha256Wipe()
  memory.fill(decoded, 0, SECRET_MOST)
  return load<u64>(digest)
}

function isUniform(bytes: Slice): bool {
  const first = load<u8>(ptrOf(bytes))
  for (let at = ptrOf(bytes); at < endOf(bytes); at++) {
    if (load<u8>(at) != first) return false
  }
  return true
}
