/** A file that cannot be read as YAML, or holds nothing to work on. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError'
  readonly code: 'not_yaml' | 'nothing_to_check'
  readonly file: string

  constructor(code: UnreadableFileError['code'], file: string, message: string) {
    super(`${file}: ${message}`)
    this.code = code
    this.file = file
  }
}
