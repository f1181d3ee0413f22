/**
 * The part of the AssemblyScript compiler's interface that tests use. Its own declarations put AssemblyScript's
 * globals (console, Array and others) over those of Node for the whole project; tsconfig.json maps the import here.
 */
interface Result {
  readonly error: Error | null
  readonly stdout: { toString(): string }
  readonly stderr: { toString(): string }
}

interface Files {
  readonly readFile?: (name: string, base: string) => string | null | Promise<string | null>
  readonly writeFile?: (name: string, contents: Uint8Array | string, base: string) => void | Promise<void>
  readonly listFiles?: (directory: string, base: string) => string[] | null | Promise<string[] | null>
}

/** Runs the compiler as its command line does. */
export function main(args: readonly string[], files?: Files): Promise<Result>

declare const asc: { readonly main: typeof main }
export default asc
