//! A small HTTP receiver: it takes what is posted, and answers as it is told, the last of its answers for ever.

use super::support::{PATIENCE, wait_until};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// One POST, as it came.
#[derive(Debug, Clone)]
pub struct Post {
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub answered: u16,
}

impl Post {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `raised disk` and so on.
    pub fn says(&self) -> String {
        let json = self.json();
        format!("{} {}", json["event"].as_str().unwrap(), json["alert"]["code"].as_str().unwrap())
    }

    pub fn is_signed_with(&self, secret: &[u8]) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(&self.body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        self.headers.get("x-jamey-signature") == Some(&format!("sha256={hex}"))
    }
}

pub struct Receiver {
    pub at: SocketAddr,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    /// Answers with these statuses, one after the other.
    pub fn new(answers: &[u16]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answers)
    }

    pub fn on(socket: TcpListener, answers: &[u16]) -> Self {
        let (at, posts) = (socket.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let (kept, answers) = (Arc::clone(&posts), answers.to_vec());
        thread::spawn(move || {
            // Each in a thread of its own: a connection may be kept open.
            for stream in socket.incoming().flatten() {
                let (kept, answers) = (Arc::clone(&kept), answers.clone());
                thread::spawn(move || while take(&stream, &kept, &answers).is_some() {});
            }
        });
        Self { at, posts }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook?key=very-secret", self.at)
    }

    pub fn all(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// What it took, in order.
    pub fn took(&self) -> Vec<String> {
        self.all().iter().filter(|post| post.answered < 300).map(Post::says).collect()
    }

    #[track_caller]
    pub fn wait_for(&self, took: &[&str]) {
        wait_until(&format!("the receiver has {took:?}"), PATIENCE, || self.took() == took);
    }
}

fn take(stream: &TcpStream, kept: &Mutex<Vec<Post>>, answers: &[u16]) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("POST /hook?key=very-secret HTTP/1.1"), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let answered = {
        let mut posts = kept.lock().unwrap();
        let answered = *answers.get(posts.len()).or(answers.last()).unwrap();
        posts.push(Post { headers, body, answered });
        answered
    };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {answered} Whatever\r\ncontent-length: 2\r\nlocation: http://127.0.0.1:1/\r\n\r\nok").ok()
}
