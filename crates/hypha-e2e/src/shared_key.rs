//! Sealing and opening between two keys.

use std::fmt;

use crypto_box::SalsaBox;
use crypto_box::aead::AeadInPlace as _;
use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::traits::IsIdentity as _;
use zeroize::Zeroizing;

use crate::nonce::Nonce;
use crate::public_key::PublicKey;

/// Bytes that a box is longer than its content: the tag, which comes first.
pub const TAG_LEN: usize = 16;

/// What two keys have in common: seals and opens between their owners. Wiped from memory when it is dropped, and never
/// shown by `Debug`.
pub struct SharedKey(SalsaBox);

impl SharedKey {
    pub(crate) fn new(public: &PublicKey, secret: &[u8; 32]) -> Result<Self, WeakKey> {
        let public = MontgomeryPoint(*public.as_bytes());
        // Every secret is a multiple of 8. So a key with a part of small order has the same in common with it as the key
        // without: whoever knows one of the eight knows all, and would be as many senders.
        let point = public.to_edwards(0).filter(EdwardsPoint::is_torsion_free);
        if point.is_none_or(|point| point.is_identity()) {
            return Err(WeakKey(()));
        }
        let common = Zeroizing::new(public.mul_clamped(*secret));
        // This library wipes neither its secret keys in full nor its public ones: it multiplies what there is in common by
        // one, which is then overwritten.
        let one = crypto_box::SecretKey::from(Scalar::ONE);
        let mut point = crypto_box::PublicKey::from(*common.as_bytes());
        let shared = SalsaBox::new(&point, &one);
        point = crypto_box::PublicKey::from([0; 32]);
        std::hint::black_box(&point);
        Ok(Self(shared))
    }

    /// The box with this content.
    #[must_use]
    pub fn seal(&self, nonce: &Nonce, content: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(TAG_LEN + content.len());
        sealed.resize(TAG_LEN, 0);
        sealed.extend_from_slice(content);
        match self.seal_in_place(nonce, &mut sealed) {
            Ok(()) => sealed,
            // There is room for the tag. Nothing in clear leaves here in any case.
            Err(TooShort(())) => Vec::new(),
        }
    }

    /// Makes a box of a buffer that holds [`TAG_LEN`] bytes of room and then the content.
    ///
    /// # Errors
    /// If there is no room for the tag.
    pub fn seal_in_place(&self, nonce: &Nonce, buffer: &mut [u8]) -> Result<(), TooShort> {
        let (room, content) = buffer.split_at_mut_checked(TAG_LEN).ok_or(TooShort(()))?;
        let nonce = (*nonce.as_bytes()).into();
        // Fails only for contents beyond what any memory holds.
        let tag = self.0.encrypt_in_place_detached(&nonce, b"", content);
        room.copy_from_slice(&tag.map_err(|_| TooShort(()))?);
        Ok(())
    }

    /// The content of a box.
    ///
    /// # Errors
    /// If it was not sealed so: with other keys, under another nonce, or it was changed since.
    pub fn open(&self, nonce: &Nonce, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut buffer = sealed.to_vec();
        self.open_in_place(nonce, &mut buffer)?;
        Ok(buffer.split_off(TAG_LEN))
    }

    /// Opens a box in its place: the content stands behind its first [`TAG_LEN`] bytes then. What cannot be opened stays
    /// as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in_place(&self, nonce: &Nonce, buffer: &mut [u8]) -> Result<(), OpenError> {
        let (tag, content) = buffer.split_at_mut_checked(TAG_LEN).ok_or(OpenError(()))?;
        let tag: [u8; TAG_LEN] = (&*tag).try_into().map_err(|_| OpenError(()))?;
        let nonce = (*nonce.as_bytes()).into();
        self.0
            .decrypt_in_place_detached(&nonce, b"", content, &tag.into())
            .map_err(|_| OpenError(()))
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(..)")
    }
}

/// A public key that belongs to no secret key: of small order, for which everybody could open, or with a part of it, which
/// would make one key many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this public key belongs to no secret key")]
pub struct WeakKey(());

/// The buffer has no room for the tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the buffer has no room for the 16 bytes of the tag")]
pub struct TooShort(());

/// The box cannot be opened. Why is not known, and must not be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the box cannot be opened: other keys, another nonce, or it was changed")]
pub struct OpenError(());
