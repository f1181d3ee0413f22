;; The least that a Wasm filter of this kind can do: one read of the Cookie header, one write of the key header, and no
;; callback but the one. It looks for no cookie: the key is the first 22 bytes of the header.
(module
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "cookie")
  (data (i32.const 32) "x-mooring-key")
  (func (export "proxy_abi_version_0_2_1"))
  ;; The host asks for room for one value at a time.
  (func (export "malloc") (param $size i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $size) (i32.const 61440))
      (then (i32.const 0))
      (else (i32.const 1024))))
  ;; At 0 the host writes where the value is, at 4 its length. Map 0 has the request's headers.
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (i32.eqz (call $get (i32.const 0) (i32.const 16) (i32.const 6) (i32.const 0) (i32.const 4)))
      (then
        (drop (call $replace (i32.const 0) (i32.const 32) (i32.const 13) (i32.load (i32.const 0))
          (select (i32.load (i32.const 4)) (i32.const 22)
            (i32.lt_u (i32.load (i32.const 4)) (i32.const 22)))))))
    (i32.const 0)))
