/** Stable reasons of an {@link EnvoyModelError}; a new one may be added, none is ever renamed. */
export type EnvoyModelErrorCode =
  | 'not_a_byte_string'
  | 'ring_sizes_crossed'
  | 'ring_size_too_large'
  | 'table_size_not_prime'
  | 'table_size_too_large'
  | 'balance_factor_too_small'
  | 'bad_regex'
  | 'bad_substitution'

/** A value that Envoy would refuse in its configuration, or that cannot be bytes on the wire. */
export class EnvoyModelError extends Error {
  override readonly name = 'EnvoyModelError'
  readonly code: EnvoyModelErrorCode

  constructor(code: EnvoyModelErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
