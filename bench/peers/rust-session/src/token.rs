//! Tokens as docs/token.md makes and verifies them, of one key.

use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const KEY_ID: &str = "k1";
const COOKIE: &[u8] = b"ISTIOID";
/// Seconds.
const IDLE: u64 = 8 * 3600;
const ABSOLUTE: u64 = 48 * 3600;
const SKEW: u64 = 60;

pub struct Signer(Hmac<Sha256>);

pub struct Verified {
    pub id: [u8; 16],
    pub birth: u64,
    issued: u64,
}

impl Verified {
    pub fn is_old(&self, now: u64) -> bool {
        now.saturating_sub(self.issued) > IDLE / 2
    }
}

impl Signer {
    pub fn new(secret: &str) -> Option<Self> {
        Some(Self(derive(&STANDARD.decode(secret).ok()?, b"token")?))
    }

    pub fn verify(&self, text: &str, now: u64) -> Option<Verified> {
        let mut fields = text.split('.');
        if fields.next()? != "1" || fields.next()? != KEY_ID {
            return None;
        }
        let id = decode::<16>(fields.next()?)?;
        let times = decode::<12>(fields.next()?)?;
        let tag = decode::<16>(fields.next()?)?;
        if fields.next().is_some() {
            return None;
        }
        self.mac(&id, &times).verify_truncated_left(&tag).ok()?;
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let (birth, issued) = (number(&times[1..6]), number(&times[6..]));
        let sound = times[0] <= 1 && issued <= now + SKEW && birth <= issued;
        let alive = now.saturating_sub(issued) <= IDLE + SKEW
            && now.saturating_sub(birth) <= ABSOLUTE + SKEW;
        (sound && alive).then_some(Verified { id, birth, issued })
    }

    pub fn sign(&self, id: &[u8; 16], birth: u64, issued: u64) -> String {
        let mut times = [0; 12];
        times[1..6].copy_from_slice(&birth.to_be_bytes()[3..]);
        times[6..].copy_from_slice(&issued.to_be_bytes()[2..]);
        let tag = self.mac(id, &times).finalize().into_bytes();
        format!(
            "1.{KEY_ID}.{}.{}.{}",
            encode(id),
            encode(&times),
            encode(&tag[..16])
        )
    }

    fn mac(&self, id: &[u8; 16], times: &[u8; 12]) -> Hmac<Sha256> {
        let mut signed = Vec::with_capacity(80);
        for part in [b"1".as_slice(), KEY_ID.as_bytes(), COOKIE, b"", id, times] {
            prefixed(&mut signed, part);
        }
        let mut mac = self.0.clone();
        mac.update(&signed);
        mac
    }
}

/// The key of a purpose (HKDF-SHA256, RFC 5869), ready to be used many times.
pub fn derive(secret: &[u8], purpose: &[u8]) -> Option<Hmac<Sha256>> {
    let mut extract = Hmac::<Sha256>::new_from_slice(b"mooring/v1").ok()?;
    extract.update(secret);
    let mut expand = Hmac::<Sha256>::new_from_slice(&extract.finalize().into_bytes()).ok()?;
    expand.update(purpose);
    expand.update(&[1]);
    Hmac::new_from_slice(&expand.finalize().into_bytes()).ok()
}

pub fn prefixed(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
    bytes.extend_from_slice(part);
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
