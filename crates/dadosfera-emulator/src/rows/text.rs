//! Text in the encodings that files come in, as UTF-8.
//!
//! A byte order mark decides; without one, zeros in every other byte mean UTF-16, what is valid UTF-8 (and so US-ASCII) is
//! that, and everything else is ISO-8859-1, read as its superset Windows-1252.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

const CHUNK: usize = 64 * 1024;

/// A file as UTF-8, without its byte order mark; bytes that are no text of the encoding are an error.
pub(crate) struct Text {
    file: File,
    decoder: Decoder,
    input: Window,
    output: Window,
    at_end: bool,
    done: bool,
}

/// The part of a buffer that is still to be read.
struct Window {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

/// Finds the encoding, and reads from the start.
pub(crate) fn open(mut file: File) -> io::Result<Text> {
    let encoding = detect(&mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Text {
        file,
        decoder: encoding.new_decoder_with_bom_removal(),
        input: Window::new(),
        output: Window::new(),
        at_end: false,
        done: false,
    })
}

fn detect(file: &mut File) -> io::Result<&'static Encoding> {
    let mut bytes = vec![0; CHUNK];
    let mut kept = 0;
    let mut first = true;
    loop {
        let read = file.read(&mut bytes[kept..])?;
        let there = &bytes[..kept + read];
        if first && let Some(encoding) = marked(there) {
            return Ok(encoding);
        }
        first = false;
        match std::str::from_utf8(there) {
            Ok(_) => kept = 0,
            // A character is cut in two: its first bytes wait for the rest.
            Err(error) if error.error_len().is_none() && read > 0 => {
                let from = error.valid_up_to();
                let length = there.len();
                bytes.copy_within(from..length, 0);
                kept = length - from;
            }
            Err(_) => return Ok(WINDOWS_1252),
        }
        if read == 0 {
            return Ok(UTF_8);
        }
    }
}

fn marked(bytes: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    let sample = bytes.get(..bytes.len().min(512))?;
    let zeros = |from: usize| {
        sample
            .iter()
            .skip(from)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let most = sample.len() / 4;
    match (zeros(0), zeros(1)) {
        (even, odd) if odd > most && even == 0 => Some(UTF_16LE),
        (even, odd) if even > most && odd == 0 => Some(UTF_16BE),
        _ => None,
    }
}

impl Window {
    fn new() -> Self {
        Self {
            bytes: vec![0; CHUNK].into(),
            start: 0,
            end: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.output.rest().is_empty() && !self.done {
            if self.input.rest().is_empty() && !self.at_end {
                self.input.start = 0;
                self.input.end = self.file.read(&mut self.input.bytes)?;
                self.at_end = self.input.end == 0;
            }
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input.bytes[self.input.start..self.input.end],
                &mut self.output.bytes,
                self.at_end,
            );
            self.input.start += read;
            self.output.start = 0;
            self.output.end = written;
            match result {
                DecoderResult::Malformed(..) => {
                    let name = self.decoder.encoding().name();
                    return Err(invalid(format!("has bytes that are no {name}")));
                }
                DecoderResult::InputEmpty => self.done = self.at_end,
                DecoderResult::OutputFull => {}
            }
            if self.output.rest().contains(&0) {
                return Err(invalid("has a zero character, so it is no text".into()));
            }
        }
        Ok(self.output.rest())
    }

    fn consume(&mut self, amount: usize) {
        self.output.start = self.output.end.min(self.output.start + amount);
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decoded(bytes: &[u8]) -> io::Result<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut text = String::new();
        open(file)?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn each_encoding_is_found_with_and_without_a_mark() {
        let text = "id,name\n1,ação\n2,Zoë\n";
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            text.chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect(),
        ] {
            assert_eq!(decoded(&bytes).unwrap(), text, "{bytes:?}");
        }
        assert_eq!(decoded(b"").unwrap(), "");
    }

    #[test]
    fn a_character_across_two_chunks_is_one() {
        let text = format!("{}ção", "x".repeat(CHUNK - 1));
        assert_eq!(decoded(text.as_bytes()).unwrap(), text);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(decoded(b"a,b\n\x00\x01\xff\xfe\n").is_err());
        assert!(decoded(b"\xef\xbb\xbfa\xff").is_err());
        // Half of a pair of surrogates.
        assert!(decoded(b"\xff\xfea\x00\x00\xd8b\x00").is_err());
    }
}
