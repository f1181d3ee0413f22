/**
 * What AssemblyScript calls when an assertion of its own fails. Envoy offers no `env.abort`, so a module that
 * imports it does not load. Nothing in the filter raises one; this is here for the debug build's sake.
 */
export function abort(message: string, fileName: string, line: u32, column: u32): void {
  unreachable()
}
