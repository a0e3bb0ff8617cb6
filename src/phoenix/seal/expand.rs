//! HKDF-Expand on SHA-512 (RFC 5869, section 2.3): many keys from one that is random already. It cannot fail, so no key is ever made up.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

/// Of one HMAC, in bytes.
const BLOCK: usize = 64;

/// `N` bytes, at most 16,320, of `key`, for the purpose that the parts of `info` say, one after the other.
pub fn expand<const N: usize>(key: &[u8; 32], info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * BLOCK, "HKDF counts its blocks in one byte") };
    // HMAC fills a key up with zeros to the block of its hash (RFC 2104).
    let mut padded = Zeroizing::new([0; 128]);
    padded.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let start = Hmac::<Sha512>::new((&*padded).into());
    let mut out = Zeroizing::new([0; N]);
    let mut before = Zeroizing::new([0; BLOCK]);
    for (number, block) in (1..=u8::MAX).zip(out.chunks_mut(BLOCK)) {
        let mut hmac = start.clone();
        if number > 1 {
            hmac.update(before.as_slice());
        }
        info.iter().for_each(|part| hmac.update(part));
        hmac.update(&[number]);
        before = Zeroizing::new(hmac.finalize().into_bytes().into());
        block.iter_mut().zip(before.iter()).for_each(|(to, from)| *to = *from);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use hkdf::Hkdf;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_hkdf_of_others(key: [u8; 32], info: Vec<Vec<u8>>) {
            let mut padded = [0; BLOCK];
            padded[..32].copy_from_slice(&key);
            let info: Vec<&[u8]> = info.iter().map(Vec::as_slice).collect();
            let mut theirs = [0; 200];
            Hkdf::<Sha512>::from_prk(&padded).unwrap().expand_multi_info(&info, &mut theirs).unwrap();
            prop_assert_eq!(*expand::<200>(&key, &info), theirs);
            prop_assert_eq!(&expand::<64>(&key, &info)[..], &theirs[..64]);
            prop_assert_eq!(&expand::<1>(&key, &info)[..], &theirs[..1]);
        }
    }
}
