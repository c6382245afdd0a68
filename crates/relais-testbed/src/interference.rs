//! A way to a server that passes everything on, breaks off, or garbles what comes back.

use anyhow::Result;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Passing,
    /// The connection ends after so many bytes of the server.
    Cutting { after_bytes: usize },
    /// Behind each of these texts of the server, all that is the first byte becomes the second, for so many bytes.
    Garbling { behind: Vec<u8>, from: u8, to: u8, bytes: usize },
}

/// Ends with the process that started it.
pub struct Interference {
    pub port: u16,
    mood: Arc<Mutex<Mood>>,
}

impl Interference {
    /// # Errors
    /// When it cannot listen.
    pub fn before(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let mood = Arc::<Mutex<Mood>>::default();
        let shared = mood.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mood = shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // Whoever goes away ends their own conversation.
                thread::spawn(move || pass(client, server, &mood).ok());
            }
        });
        Ok(Self { port, mood })
    }

    /// For connections from now on.
    pub fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }
}

fn pass(client: TcpStream, server: SocketAddr, mood: &Mood) -> Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        // The end of either side is the end of both.
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let (mut from_server, mut to_client) = (server, client);
    let mut buffer = vec![0; 64 << 10];
    let mut passed = 0;
    loop {
        let count = from_server.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let bytes = &mut buffer[..count];
        match mood {
            Mood::Passing => to_client.write_all(bytes)?,
            Mood::Cutting { after_bytes } => {
                let left = after_bytes.saturating_sub(passed).min(count);
                to_client.write_all(&bytes[..left])?;
                passed += count;
                if passed >= *after_bytes {
                    break;
                }
            }
            Mood::Garbling { behind, from, to, bytes: reach } => {
                let places: Vec<usize> = bytes
                    .windows(behind.len())
                    .enumerate()
                    .filter(|(_, window)| *window == behind.as_slice())
                    .map(|(place, _)| place + behind.len())
                    .collect();
                for place in places {
                    let end = (place + reach).min(count);
                    for byte in bytes[place..end].iter_mut().filter(|byte| **byte == *from) {
                        *byte = *to;
                    }
                }
                to_client.write_all(bytes)?;
            }
        }
    }
    to_client.shutdown(Shutdown::Both)?;
    from_server.shutdown(Shutdown::Both)?;
    Ok(())
}
