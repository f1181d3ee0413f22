/** Bytes of one WebAssembly page. */
// @ts-ignore: decorator
@inline
export const PAGE_BYTES: u32 = 65536
