//! Peers with keys, over a link whose frames are recorded.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hypha_e2e::{Nonce, PublicKey, SecretKey};
use hypha_rpc_core::{
    EncryptionError, Peer, PeerConfig, RemoteService, SEAL_TAG, SealedCalls, Sealer, Service,
};

use super::relay::relayed;

/// A key, by which a peer seals.
#[derive(Clone, Debug)]
pub(super) struct Key(pub(super) SecretKey, SealedCalls, u8);

impl Key {
    pub(super) fn of(byte: u8) -> Self {
        let secret = SecretKey::from_bytes([byte; 32]);
        Self(secret, SealedCalls::of_new_key(), byte)
    }

    /// The same in a program that was started anew.
    pub(super) fn restarted(self) -> Self {
        Self(self.0, SealedCalls::from_now(), self.2)
    }

    pub(super) fn public(&self) -> PublicKey {
        self.0.public_key()
    }

    pub(super) fn config(byte: u8) -> PeerConfig {
        Self::of(byte).into_config()
    }

    pub(super) fn into_config(self) -> PeerConfig {
        let mut config = PeerConfig::default();
        config.sealer = Some(Arc::new(self));
        config
    }
}

impl Sealer for Key {
    fn public_key(&self) -> PublicKey {
        self.public()
    }

    fn seal(&self, to: &PublicKey, buffer: &mut [u8]) -> Result<Nonce, EncryptionError> {
        let nonce = Nonce::random().map_err(|_| EncryptionError::Random)?;
        let shared = self.0.shared_with(to);
        let shared = shared.map_err(|_| EncryptionError::BadKey)?;
        let sealed = shared.seal_in_place(&nonce, buffer);
        sealed.map_err(|_| EncryptionError::Malformed)?;
        Ok(nonce)
    }

    fn open(
        &self,
        from: &PublicKey,
        nonce: &Nonce,
        buffer: &mut [u8],
    ) -> Result<(), EncryptionError> {
        let shared = self.0.shared_with(from);
        let shared = shared.map_err(|_| EncryptionError::BadKey)?;
        let opened = shared.open_in_place(nonce, buffer);
        opened.map_err(|_| EncryptionError::Unopened)
    }

    fn anonymous(&self) -> Result<Arc<dyn Sealer>, EncryptionError> {
        Ok(Arc::new(Self::of(other(self.2))))
    }

    fn seen(&self) -> SealedCalls {
        self.1.clone()
    }
}

/// Seals a payload as a peer would.
pub(super) fn seal(from: &Key, to: &PublicKey, nonce: Nonce, payload: &[u8]) -> Vec<u8> {
    let mut buffer = [&[0; SEAL_TAG], payload].concat();
    let shared = from.0.shared_with(to).unwrap();
    shared.seal_in_place(&nonce, &mut buffer).unwrap();
    buffer
}

pub(super) const CALLER: u8 = 1;
pub(super) const PROVIDER: u8 = 2;

/// The second key of whoever has this one.
pub(super) const fn other(key: u8) -> u8 {
    key + 90
}

/// What went over a link, in both directions.
pub(super) type Frames = Arc<Mutex<Vec<Bytes>>>;

/// A caller (`ws/left`) and a provider (`ws/right`); the second end of each transport is the tests'.
pub(super) fn linked(caller: PeerConfig, provider: PeerConfig) -> (Peer, Peer, Frames) {
    let frames = Frames::default();
    let seen = Arc::clone(&frames);
    let record = move |_, frame: &Bytes| seen.lock().unwrap().push(frame.clone());
    let (caller, provider, _) = relayed(caller, provider, record);
    (caller, provider, frames)
}

/// A caller, and the service as it sees it with the key of its provider.
pub(super) async fn serve(service: Service) -> (RemoteService, (Peer, Peer), Frames) {
    let (caller, provider, frames) = linked(Key::config(CALLER), Key::config(PROVIDER));
    let id = service.id().to_owned();
    provider.register_service(service).await.unwrap();
    let remote = caller.get_remote_service(&id).await.unwrap();
    frames.lock().unwrap().clear();
    let remote = remote.encrypted_for(Key::of(PROVIDER).public());
    (remote, (caller, provider), frames)
}

/// Whether something stands in clear in one of the frames.
pub(super) fn is_seen(frames: &Frames, text: &str) -> bool {
    let frames = frames.lock().unwrap();
    frames.iter().any(|frame| {
        frame
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}
