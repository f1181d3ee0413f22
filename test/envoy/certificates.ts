/** Certificates made on the spot, and the TLS of a listener that asks for them. */
import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

/** What names a certificate has; each is optional. */
export interface Names {
  readonly commonName?: string
  readonly organization?: string
  readonly uris?: readonly string[]
  readonly dns?: readonly string[]
}

/** A certificate with its key, PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** Signs certificates that whoever trusts `cert` accepts. */
export class Authority {
  readonly cert: string
  readonly #key: forge.pki.rsa.PrivateKey
  readonly #name: readonly forge.pki.CertificateField[]
  #issued = 1

  constructor(commonName: string) {
    const pair = keyPair()
    this.#name = distinguishedName({ commonName })
    this.#key = pair.privateKey
    this.cert = this.#certify(pair.publicKey, this.#name, [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ])
  }

  issue(names: Names): Identity {
    const pair = keyPair()
    const altNames = [
      ...(names.uris ?? []).map((value) => ({ type: 6, value })),
      ...(names.dns ?? []).map((value) => ({ type: 2, value })),
    ]
    return {
      cert: this.#certify(pair.publicKey, distinguishedName(names), [
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
      ]),
      key: forge.pki.privateKeyToPem(pair.privateKey),
    }
  }

  #certify(
    publicKey: forge.pki.rsa.PublicKey,
    subject: readonly forge.pki.CertificateField[],
    extensions: object[],
  ): string {
    const certificate = forge.pki.createCertificate()
    certificate.publicKey = publicKey
    certificate.serialNumber = (this.#issued++).toString(16).padStart(2, '0')
    const hour = 3_600_000
    certificate.validity.notBefore = new Date(Date.now() - hour)
    certificate.validity.notAfter = new Date(Date.now() + hour)
    certificate.setSubject([...subject])
    certificate.setIssuer([...this.#name])
    certificate.setExtensions(extensions)
    certificate.sign(this.#key, forge.md.sha256.create())
    return forge.pki.certificateToPem(certificate)
  }
}

// node:crypto makes a key in a moment, the library in seconds.
function keyPair(): forge.pki.rsa.KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const key = forge.pki.privateKeyFromPem(privateKey)
  return { privateKey: key, publicKey: forge.pki.setRsaPublicKey(key.n, key.e) }
}

function distinguishedName({ organization, commonName }: Names): forge.pki.CertificateField[] {
  const field = (name: string, value: string | undefined) =>
    value === undefined ? [] : [{ name, value, valueTagClass: forge.asn1.Type.UTF8 as never }]
  return [...field('organizationName', organization), ...field('commonName', commonName)]
}

interface DownstreamOptions {
  /** The CA that clients' certificates are verified against. Default: none, and Envoy then shows no peer. */
  readonly trusted?: string
  /** Lets in what does not verify. Default: no. */
  readonly acceptUntrusted?: boolean
}

/** A listener's TLS with `server` as its certificate; a client may show one of its own. */
export function downstreamTls(
  server: Identity,
  { trusted, acceptUntrusted = false }: DownstreamOptions = {},
): Record<string, unknown> {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificates: [
          { certificate_chain: { inline_string: server.cert }, private_key: { inline_string: server.key } },
        ],
        ...(trusted === undefined
          ? {}
          : {
              validation_context: {
                trusted_ca: { inline_string: trusted },
                trust_chain_verification: acceptUntrusted ? 'ACCEPT_UNTRUSTED' : 'VERIFY_TRUST_CHAIN',
              },
            }),
      },
    },
  }
}
