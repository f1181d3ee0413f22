//! Keys as docs/keys.md derives them.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::token::{derive, encode, prefixed};

/// Keys that are hashed with a secret.
pub struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub fn new(secret: &str) -> Option<Self> {
        Some(Self(derive(&STANDARD.decode(secret).ok()?, b"key")?))
    }

    pub fn key_of_claim(&self, claim: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(&leaf(b"claim:/sub", b's', claim));
        encode(&mac.finalize().into_bytes()[..16])
    }
}

pub fn of_session(id: &[u8; 16]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"mooring/v1/key\0");
    hash.update(leaf(b"session", b'b', id));
    encode(&hash.finalize()[..16])
}

pub fn of_cart(claim: &[u8], tenant: &str, cart: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"mooring/v1/key\0A\0\0\0\x03");
    hash.update(leaf(b"claim:/sub", b's', claim));
    hash.update(leaf(b"header:x-tenant", b's', tenant.as_bytes()));
    hash.update(leaf(b"path:/carts/{cart}/**", b's', cart.as_bytes()));
    encode(&hash.finalize()[..16])
}

fn leaf(label: &[u8], kind: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'L'];
    prefixed(&mut bytes, label);
    bytes.push(kind);
    prefixed(&mut bytes, value);
    bytes
}
