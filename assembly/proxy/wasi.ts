/** The only WASI calls that the filter makes. Source: WASI preview 1, as proxy-wasm-cpp-host src/exports.cc offers it. */

/** Fills `len` bytes, at most 65,536, from the host's cryptographic generator. 0 is success. */
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function random_get(ptr: usize, len: u32): u32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_sizes_get")
export declare function environ_sizes_get(countPtr: usize, bytesPtr: usize): u32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_get")
export declare function environ_get(pointersPtr: usize, bytesPtr: usize): u32
