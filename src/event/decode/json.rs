//! A JSON reader that passes over the bytes once and borrows its texts.
//!
//! Values that are read and values that are skipped get the same checks as in `serde_json`: brackets, commas and colons, the
//! shape of numbers and literals, escapes, and no control character in a string. Wrong syntax is a [`SyntaxError`] and ends
//! the parse. A well-formed value that has no meaning as text (half a surrogate pair, a number beyond all floats) or another
//! type than the caller asks for is a fault of the value around it alone: the reader notes it ([`JsonReader::recover`]), and
//! the parse continues after it.
#![expect(clippy::inline_always, reason = "an event has forty strings")]

use bumpalo::Bump;

use super::known_key::{KnownKey, ahead};
use super::structurals::Structurals;
use crate::event::page_text::ByteRange;

/// The text is not valid JSON, or not of the required shape.
#[derive(Debug)]
pub(super) struct SyntaxError(pub(super) &'static str);

const SYNTAX: SyntaxError = SyntaxError("this is not JSON");

/// The most known keys of similar objects.
const MOST_KNOWN: usize = 64;

/// The bytes of a value in the text.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    pub(super) text: &'a [u8],
    start: usize,
}

impl Raw<'_> {
    /// The value's range in the page of number `page`. Pages are far shorter than 4 GiB.
    pub(super) fn range_in(&self, page: usize) -> ByteRange {
        let [page, start, length] =
            [page, self.start, self.text.len()].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        ByteRange { page, start, length }
    }
}

/// A position in a JSON text.
pub(super) struct JsonReader<'a> {
    text: &'a [u8],
    structurals: &'a Structurals,
    at: usize,
    /// The memory of texts whose escapes are resolved.
    arena: &'a Bump,
    fault: Option<&'static str>,
    /// The closing brackets that the skipped value still needs.
    open: Vec<u8>,
}

impl<'a> JsonReader<'a> {
    /// A reader of a text and its structural characters.
    pub(super) fn new(text: &'a [u8], structurals: &'a Structurals, arena: &'a Bump) -> Self {
        Self { text, structurals, at: 0, arena, fault: None, open: Vec::new() }
    }

    /// A second reader, of a value that this one has passed.
    pub(super) fn again(&self, raw: Raw<'a>) -> Self {
        Self { at: raw.start, fault: None, open: Vec::new(), ..*self }
    }

    /// The fault noted so far outside of [`recover`](Self::recover).
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Reads a value; the inner error is the value's fault.
    pub(super) fn recover<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<Result<T, &'static str>, SyntaxError> {
        let around = self.fault.take();
        let value = read(self)?;
        Ok(std::mem::replace(&mut self.fault, around).map_or(Ok(value), Err))
    }

    /// Checks that the text ends here.
    pub(super) fn end(&mut self) -> Result<(), SyntaxError> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(SYNTAX) }
    }

    /// The byte here; zero at the end, which JSON never has outside of strings.
    #[inline]
    fn byte(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// The next byte other than white space.
    #[inline]
    fn peek(&mut self) -> u8 {
        loop {
            let byte = self.byte();
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return byte;
            }
            self.at += 1;
        }
    }

    /// The next byte other than white space, consumed.
    #[inline]
    fn next(&mut self) -> u8 {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.next() == byte { Ok(()) } else { Err(SYNTAX) }
    }

    /// Enters brackets; false if they are empty. A value without these brackets is skipped and noted as `fault`.
    #[inline]
    fn open(&mut self, brackets: [u8; 2], fault: &'static str) -> Result<bool, SyntaxError> {
        if self.peek() != brackets[0] {
            self.fault = Some(fault);
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        let empty = self.peek() == brackets[1];
        self.at += usize::from(empty);
        Ok(!empty)
    }

    /// Whether a comma follows and not the closing bracket.
    #[inline]
    fn more(&mut self, close: u8) -> Result<bool, SyntaxError> {
        match self.next() {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(SYNTAX),
        }
    }

    /// Reads an object: `member` gets each key and reads its value. A value of another type is a fault.
    #[inline]
    pub(super) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a [u8]) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let mut more = self.open(*b"{}", "it is no object")?;
        while more {
            let key = self.quoted()?;
            self.take(b':')?;
            member(self, key)?;
            more = self.more(b'}')?;
        }
        Ok(())
    }

    /// Reads one of many similar objects as [`members`](Self::members) does: the bytes between two values are known from
    /// the objects before, and need not be parsed again. `name` makes a `K` of a key.
    #[inline]
    pub(super) fn members_alike<K: Copy>(
        &mut self,
        known: &mut Vec<KnownKey<K>>,
        name: impl Fn(&'a [u8]) -> K,
        mut member: impl FnMut(&mut Self, K) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        if !self.open(*b"{}", "it is no object")? {
            return Ok(());
        }
        let key = self.quoted()?;
        self.take(b':')?;
        member(self, name(key))?;
        let mut index = 0;
        loop {
            let here = self.text.get(self.at..).and_then(<[u8]>::first_chunk);
            let ahead = here.and_then(|here| ahead(known.get(index..).unwrap_or_default(), here));
            let key = if let Some(ahead) = ahead {
                let found = &known[index + ahead];
                index += ahead + 1;
                self.at += found.length;
                found.key
            } else {
                let start = self.at;
                if !self.more(b'}')? {
                    return Ok(());
                }
                let key = name(self.quoted()?);
                self.take(b':')?;
                // Bytes that are too long, or have escapes, which may be invalid, are parsed each time.
                let between = self.text.get(start..self.at).filter(|between| !between.contains(&b'\\'));
                if known.len() < MOST_KNOWN
                    && let Some(new) = between.and_then(|between| KnownKey::new(between, key))
                {
                    known.insert(index, new);
                    index += 1;
                }
                key
            };
            member(self, key)?;
        }
    }

    /// Reads a list: `element` reads each value. A value of another type is a fault.
    #[inline]
    pub(super) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        let mut more = self.open(*b"[]", "it is no list")?;
        while more {
            element(self)?;
            more = self.more(b']')?;
        }
        Ok(())
    }

    /// Reads null; false, and nothing read, for any other value.
    #[inline]
    pub(super) fn null(&mut self) -> Result<bool, SyntaxError> {
        if self.peek() != b'n' {
            return Ok(false);
        }
        self.literal(b"null").map(|_| true)
    }

    /// A string, number or boolean as text; `None` for null, the empty string, lists and objects.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Result<Option<&'a [u8]>, SyntaxError> {
        if self.peek() != b'"' {
            return self.other_text();
        }
        let text = self.quoted()?;
        Ok(if text.is_empty() { None } else { Some(text) })
    }

    #[inline(never)]
    fn other_text(&mut self) -> Result<Option<&'a [u8]>, SyntaxError> {
        match self.byte() {
            b'-' | b'0'..=b'9' => self.number().map(Some),
            b't' => self.literal(b"true").map(Some),
            b'f' => self.literal(b"false").map(Some),
            b'{' => self.members(|reader, _| reader.skip()).map(|()| None),
            _ => self.skip().map(|()| None),
        }
    }

    /// Calls `see` with an id, each id of a list, or the `id` of an object.
    pub(super) fn ids(&mut self, mut see: impl FnMut(&'a [u8])) -> Result<(), SyntaxError> {
        match self.peek() {
            b'[' => self.elements(|reader| {
                reader.text()?.into_iter().for_each(&mut see);
                Ok(())
            }),
            b'{' => self.members(|reader, key| {
                reader.text()?.into_iter().filter(|_| key == b"id").for_each(&mut see);
                Ok(())
            }),
            _ => {
                self.text()?.into_iter().for_each(see);
                Ok(())
            }
        }
    }

    /// A number of three digits; `None`, and nothing read, for any other value.
    #[inline]
    pub(super) fn three_digits(&mut self) -> Option<u16> {
        self.peek();
        let &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b',' | b'}'] =
            self.text.get(self.at..)?.first_chunk()?
        else {
            return None;
        };
        self.at += 3;
        Some([a, b, c].iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    }

    /// A string; a value of another type is a fault.
    pub(super) fn string(&mut self) -> Result<&'a [u8], SyntaxError> {
        if self.peek() == b'"' {
            return self.quoted();
        }
        self.fault = Some("it is no string");
        self.skip().map(|()| &[][..])
    }

    /// The bytes of the value that `read` reads; `None` for null.
    #[inline]
    pub(super) fn raw(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<Option<Raw<'a>>, SyntaxError> {
        if self.null()? {
            return Ok(None);
        }
        let start = self.at;
        read(self)?;
        Ok(self.text.get(start..self.at).map(|text| Raw { text, start }))
    }

    /// Skips any value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), SyntaxError> {
        if self.peek() == b'"' {
            return self.span().map(|_| ());
        }
        self.skip_deep()
    }

    /// Skips any value, however deep, without recursion.
    #[inline(never)]
    fn skip_deep(&mut self) -> Result<(), SyntaxError> {
        self.open.clear();
        loop {
            match self.peek() {
                b'"' => _ = self.span()?,
                b'-' | b'0'..=b'9' => _ = self.digits()?,
                b'n' => _ = self.literal(b"null")?,
                b't' => _ = self.literal(b"true")?,
                b'f' => _ = self.literal(b"false")?,
                b'[' => {
                    if self.open(*b"[]", "")? {
                        self.open.push(b']');
                        continue;
                    }
                }
                b'{' => {
                    if self.open(*b"{}", "")? {
                        self.open.push(b'}');
                        self.skip_key()?;
                        continue;
                    }
                }
                _ => return Err(SYNTAX),
            }
            // After a value, brackets close until another value follows.
            loop {
                let Some(&close) = self.open.last() else { return Ok(()) };
                if self.more(close)? {
                    break;
                }
                self.open.pop();
            }
            if self.open.last() == Some(&b'}') {
                self.skip_key()?;
            }
        }
    }

    #[inline]
    fn skip_key(&mut self) -> Result<(), SyntaxError> {
        self.span()?;
        self.take(b':')
    }

    /// Reads a string and resolves its escapes.
    #[inline(always)]
    fn quoted(&mut self) -> Result<&'a [u8], SyntaxError> {
        let (text, escaped) = self.span()?;
        if escaped { Ok(self.unescaped(text)) } else { Ok(text) }
    }

    #[cold]
    fn unescaped(&mut self, text: &[u8]) -> &'a [u8] {
        let Ok(text) = serde_json::from_slice::<String>(&[b"\"", text, b"\""].concat()) else {
            self.fault = Some("it has half a surrogate pair");
            return &[];
        };
        self.arena.alloc_slice_copy(text.as_bytes())
    }

    /// Passes a string: the bytes between its quotes, and whether they have escapes.
    #[inline(always)]
    fn span(&mut self) -> Result<(&'a [u8], bool), SyntaxError> {
        self.take(b'"')?;
        let start = self.at;
        self.at = self.structurals.next(start);
        let escaped = self.byte() != b'"';
        if escaped {
            self.escapes()?;
        }
        let text = self.text.get(start..self.at).ok_or(SYNTAX)?;
        self.at += 1;
        Ok((text, escaped))
    }

    /// Moves to the end of a string with an escape here; any other byte here is a control character or the text's end.
    #[cold]
    fn escapes(&mut self) -> Result<(), SyntaxError> {
        while self.byte() != b'"' {
            let digits = match self.text.get(self.at..).unwrap_or_default() {
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => &[],
                [b'\\', b'u', a, b, c, d, ..] => &[*a, *b, *c, *d][..],
                _ => return Err(SYNTAX),
            };
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err(SYNTAX);
            }
            self.at = self.structurals.next(self.at + 2 + digits.len());
        }
        Ok(())
    }

    fn literal(&mut self, literal: &'static [u8]) -> Result<&'static [u8], SyntaxError> {
        if !self.text[self.at..].starts_with(literal) {
            return Err(SYNTAX);
        }
        self.at += literal.len();
        Ok(literal)
    }

    /// Reads a number as a text.
    fn number(&mut self) -> Result<&'a [u8], SyntaxError> {
        let text = self.digits()?;
        // Integers of up to 18 digits fit 64 bits and are written in one way only.
        let usual = text.len() <= 18 && text != b"-0" && !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        if usual { Ok(text) } else { Ok(self.unusual_number(text)) }
    }

    #[cold]
    fn unusual_number(&mut self, text: &[u8]) -> &'a [u8] {
        let Ok(number) = serde_json::from_slice::<serde_json::Number>(text) else {
            self.fault = Some("a number is out of range");
            return &[];
        };
        let text = match number.as_f64() {
            Some(float) if number.is_f64() => float.to_string(),
            _ => number.to_string(),
        };
        self.arena.alloc_slice_copy(text.as_bytes())
    }

    /// Passes a number.
    fn digits(&mut self) -> Result<&'a [u8], SyntaxError> {
        let start = self.at;
        self.at += usize::from(self.byte() == b'-');
        if self.byte() == b'0' {
            self.at += 1;
        } else {
            self.some_digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.some_digits()?;
        }
        self.text.get(start..self.at).ok_or(SYNTAX)
    }

    fn some_digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(SYNTAX) }
    }
}
