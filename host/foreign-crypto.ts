/**
 * `sign` and `verify_signature` (foreign.cc, source/common/crypto/utility_impl.cc): asymmetric keys only, with the
 * padding that a key of its kind has in OpenSSL by default.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

import { Status } from '../assembly/proxy/abi.ts'
import { type ProtobufFields, readFields, writeFields } from './protobuf.ts'

interface Result {
  readonly status: Status
  readonly result?: Uint8Array
}

const BAD_ARGUMENT: Result = { status: Status.BadArgument }
const HASHES: ReadonlySet<string> = new Set(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
const NO_BYTES = Buffer.alloc(0)

/**
 *     VerifySignatureArguments { string hash_function = 1; bytes public_key = 2; bytes signature = 3; bytes text = 4;
 *                                string public_key_pem = 5; }
 *     VerifySignatureResult { bool result = 1; string error = 2; }
 */
export function verifySignature(argument: Uint8Array): Result {
  const fields = readFields(argument)
  if (fields === undefined) return BAD_ARGUMENT
  const der = bytesOf(fields, 2)
  const pem = bytesOf(fields, 5)
  if (der.length > 0 === pem.length > 0) return BAD_ARGUMENT
  const answer = (error: string): Result => ({
    status: Status.Ok,
    result: writeFields(error === '' ? [[1, true]] : [[2, error]]),
  })
  const hash = bytesOf(fields, 1).toString('latin1')
  if (!HASHES.has(hash.toLowerCase())) return answer(`${hash} is not supported.`)
  const key = keyOf(() =>
    createPublicKey(der.length > 0 ? { key: der, format: 'der', type: 'spki' } : { key: pem, format: 'pem' }),
  )
  if (key === undefined) return answer('Failed to initialize digest verify.')
  return verify(hash.toLowerCase(), bytesOf(fields, 4), key, bytesOf(fields, 3))
    ? answer('')
    : answer('Failed to verify digest. Error code: 0')
}

/**
 *     SignArguments { string hash_function = 1; bytes private_key = 2; bytes text = 3; string private_key_pem = 4; }
 *     SignResult { bool result = 1; bytes signature = 2; string error = 3; }
 */
export function signText(argument: Uint8Array): Result {
  const fields = readFields(argument)
  if (fields === undefined) return BAD_ARGUMENT
  const der = bytesOf(fields, 2)
  const pem = bytesOf(fields, 4)
  if (der.length > 0 === pem.length > 0) return BAD_ARGUMENT
  const refused = (error: string): Result => ({ status: Status.Ok, result: writeFields([[3, error]]) })
  const hash = bytesOf(fields, 1).toString('latin1')
  if (!HASHES.has(hash.toLowerCase())) return refused(`${hash} is not supported.`)
  const key = keyOf(() =>
    createPrivateKey(
      der.length > 0 ? { key: der, format: 'der', type: 'pkcs8' } : { key: pem, format: 'pem' },
    ),
  )
  if (key === undefined) return refused('Invalid key type: private key required for signing operation.')
  return {
    status: Status.Ok,
    result: writeFields([
      [1, true],
      [2, sign(hash.toLowerCase(), bytesOf(fields, 3), key)],
    ]),
  }
}

function bytesOf(fields: ProtobufFields, number: number): Buffer {
  return fields.bytes.get(number) ?? NO_BYTES
}

/** A key that cannot be parsed is no key: Envoy finds out when it is used. */
function keyOf(make: () => KeyObject): KeyObject | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
