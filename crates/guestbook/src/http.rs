//! As much of HTTP/1.1 as the guest book needs: one request a connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// Method, path and body of a request.
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: String,
}

/// Reads one request.
pub fn read_request(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not an HTTP request"));
    };
    let body = read_body(&mut reader)?;
    Ok(Request { method, path, body })
}

/// Answers and closes.
pub fn respond(mut stream: &TcpStream, status: &str, body: &str) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request and gives back the body of a 200 answer.
pub fn request(address: &str, method: &str, path: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let body = read_body(&mut reader)?;
    if status.split_whitespace().nth(1) == Some("200") {
        Ok(body)
    } else {
        Err(io::Error::other(format!("{method} {path}: {} {body}", status.trim())))
    }
}

/// Reads the headers and then as many bytes as they promise.
fn read_body(reader: &mut impl BufRead) -> io::Result<String> {
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = String::new();
    reader.take(length.min(LARGEST_BODY) as u64).read_to_string(&mut body)?;
    Ok(body)
}
