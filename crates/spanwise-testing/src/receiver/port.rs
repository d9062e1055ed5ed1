//! A port that stays ours while nobody listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A port on loopback. A socket that is bound to it and never listens keeps others from being given it, and
/// lets connections be refused.
pub(super) struct Port {
    _reserved: TcpSocket,
    pub(super) address: SocketAddr,
}

impl Port {
    /// One that is free.
    pub(super) fn free() -> io::Result<Self> {
        let reserved = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = reserved.local_addr()?;
        Ok(Self { _reserved: reserved, address })
    }

    /// Listens on it, until what is returned is dropped. Must be called in a runtime.
    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        bound(self.address)?.listen(BACKLOG)
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
