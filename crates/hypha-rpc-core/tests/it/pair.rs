//! Two peers on one in-memory link.

use hypha_rpc_core::{Address, Peer, PeerConfig, PeerIdentity, RemoteService, Service};
use hypha_transport::memory::{self, MemoryConfig};

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// `ws/left` and `ws/right`.
pub(crate) fn peers() -> (Peer, Peer) {
    peers_with(PeerConfig::default(), PeerConfig::default())
}

pub(crate) fn peers_with(left_config: PeerConfig, right_config: PeerConfig) -> (Peer, Peer) {
    let (left, right) = memory::pair(MemoryConfig::default());
    let (left_address, right_address) = (address("ws/left"), address("ws/right"));
    let left_identity = PeerIdentity::new(left_address.clone(), right_address.clone());
    let right_identity = PeerIdentity::new(right_address, left_address);
    (
        Peer::direct(left, left_identity, left_config).unwrap(),
        Peer::direct(right, right_identity, right_config).unwrap(),
    )
}

/// A caller, and the service as it sees it. The provider is the second.
pub(crate) async fn serve(service: Service) -> (RemoteService, Peer, Peer) {
    let (caller, provider) = peers();
    let id = service.id().to_owned();
    provider.register_service(service).await.unwrap();
    let remote = caller.get_remote_service(&id).await.unwrap();
    (remote, caller, provider)
}
