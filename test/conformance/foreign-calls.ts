/** Calls of Envoy's foreign functions whose answers have to be the same, byte by byte. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { deflateSync } from 'node:zlib'

import { writeFields } from '../../host/protobuf.ts'

type Value = string | Uint8Array

const TEXT = 'signed by the conformance test'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const privateDer = rsa.privateKey.export({ format: 'der', type: 'pkcs8' })
const privatePem = rsa.privateKey.export({ format: 'pem', type: 'pkcs8' })
const publicDer = createPublicKey(rsa.privateKey).export({ format: 'der', type: 'spki' })
const publicPem = createPublicKey(rsa.privateKey).export({ format: 'pem', type: 'spki' })
const ecDer = createPublicKey(ec.privateKey).export({ format: 'der', type: 'spki' })
const rsaSignature = sign('sha256', Buffer.from(TEXT), rsa.privateKey)
const ecSignature = sign('sha384', Buffer.from(TEXT), ec.privateKey)

function verification(hash: string, der: Value, signature: Value, pem: Value = '', text = TEXT): Uint8Array {
  return writeFields([
    [1, hash],
    [2, der],
    [3, signature],
    [4, text],
    [5, pem],
  ])
}

function signing(hash: string, der: Value, pem: Value = ''): Uint8Array {
  return writeFields([
    [1, hash],
    [2, der],
    [3, TEXT],
    [4, pem],
  ])
}

interface ForeignCall {
  readonly name: string
  readonly argument: Uint8Array
  /** Envoys that answer otherwise than the host, which follows the newest. */
  readonly differsIn: readonly string[]
}

const OLD = ['1.36.4'] as const
const ALL = ['1.36.4', '1.40.0'] as const

export const FOREIGN_CALLS: readonly ForeignCall[] = [
  call('verify_signature', verification('sha256', publicDer, rsaSignature)),
  // Keys as PEM came later.
  call('verify_signature', verification('SHA256', '', rsaSignature, publicPem), OLD),
  call('verify_signature', verification('sha384', ecDer, ecSignature)),
  call('verify_signature', verification('sha512', publicDer, rsaSignature)),
  call('verify_signature', verification('sha256', publicDer, rsaSignature, '', 'another text')),
  call('verify_signature', verification('sha256', publicDer, '')),
  call('verify_signature', verification('md5', publicDer, rsaSignature)),
  call('verify_signature', verification('sha256', 'no key', rsaSignature)),
  call('verify_signature', verification('sha256', '', rsaSignature, 'no key')),
  call('verify_signature', verification('sha256', '', rsaSignature), OLD),
  call('verify_signature', verification('sha256', publicDer, rsaSignature, publicPem), OLD),
  call('verify_signature', Buffer.from('\x0a\x7f', 'latin1')),
  // So did sign.
  call('sign', signing('sha256', privateDer), OLD),
  call('sign', signing('sha512', '', privatePem), OLD),
  call('sign', signing('sha1', privateDer), OLD),
  call('sign', signing('md5', privateDer), OLD),
  call('sign', signing('sha256', 'no key'), OLD),
  call('sign', signing('sha256', '', 'no key'), OLD),
  call('sign', signing('sha256', ''), OLD),
  call('sign', signing('sha256', privateDer, privatePem), OLD),
  call('uncompress', deflateSync(Buffer.alloc(3000, 'a'))),
  call('uncompress', Buffer.from('no zlib')),
  call('set_envoy_filter_state', state('envoy.hashable_string'), OLD),
  call('set_envoy_filter_state', state('envoy.string')),
  call('set_envoy_filter_state', state('envoy.tcp_proxy.cluster')),
  call('set_envoy_filter_state', state('no.such.factory')),
  call('set_envoy_filter_state', Buffer.from('\x0a\x7f', 'latin1')),
  // The host has no CEL.
  call('expr_create', Buffer.from('request.path =='), ALL),
]

function call(name: string, argument: Uint8Array, differsIn: readonly string[] = []): ForeignCall {
  return { name, argument, differsIn }
}

function state(path: string): Uint8Array {
  return writeFields([
    [1, path],
    [2, 'value'],
  ])
}
