//! How events lie in memory: columns that are as small as they can be and still be read row by row.
//!
//! A page is decoded into plain columns. What is held for long is packed: ids of 36 characters become 16 bytes, keys of
//! dictionaries one or two bytes, and what people read of one event only, its request body and resources, is compressed
//! in blocks.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayData, ArrayRef, ArrowPrimitiveType, AsArray, DictionaryArray, Int32Array, ListArray, NullArray,
    NullBufferBuilder, PrimitiveArray, StringArray, StringBuilder, StructArray, TimestampNanosecondArray,
    new_empty_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::{ArrowDictionaryKeyType, ArrowNativeType, DataType, Field, Int32Type, UInt8Type, UInt16Type};
use arrow::error::ArrowError;

use super::RECORDED_AT;

/// The most events of a packed part: keys of two bytes then suffice for nearly every dictionary.
pub(super) const MOST_ROWS: usize = 1 << 16;

/// A packed part with as many events is worth keeping as it is when it is put beside others.
pub(super) const FEWEST_ROWS: usize = 1 << 12;

/// How many texts are compressed together: enough to find what repeats, few enough to read one at little cost.
const BLOCK_ROWS: usize = 1024;

/// A block with as many bytes takes no text more.
const BLOCK_BYTES: usize = 1 << 20;

/// The most bytes that are set aside for texts before they are read.
const LARGEST: usize = 1 << 30;

/// How hard to compress; higher levels gain little on blocks of this size.
const LEVEL: i32 = 1;

/// A run of events, column by column.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) rows: usize,
    pub(super) columns: Vec<Arc<Stored>>,
    /// Whether its columns are as small as they can be.
    pub(super) packed: bool,
    /// The memory of the columns, in bytes.
    pub(super) bytes: usize,
}

impl Part {
    pub(super) fn new(rows: usize, columns: Vec<Arc<Stored>>, packed: bool) -> Self {
        let mut seen = HashSet::new();
        let bytes = columns.iter().map(|stored| stored.bytes(&mut seen)).sum();
        Self { rows, columns, packed, bytes }
    }

    /// When its events were recorded.
    pub(super) fn times(&self) -> &[i64] {
        let times = self.columns[RECORDED_AT].plain().and_then(|array| array.as_primitive_opt());
        times.map_or(&[], |times: &TimestampNanosecondArray| times.values())
    }
}

/// The memory of an array's buffers, in bytes, without those that were seen before: columns may share a dictionary.
fn buffers(data: &ArrayData, seen: &mut HashSet<usize>) -> usize {
    let nulls = data.nulls().map(NullBuffer::buffer);
    let own = data.buffers().iter().chain(nulls).filter(|buffer| seen.insert(buffer.data_ptr().addr().get()));
    let own: usize = own.map(Buffer::capacity).sum();
    own + data.child_data().iter().map(|child| buffers(child, seen)).sum::<usize>()
}

/// A column as it lies in memory.
#[derive(Debug)]
pub(super) enum Stored {
    /// As Arrow has it; a dictionary's keys may be narrower than the schema says, and one without any text is `Null`.
    Plain(ArrayRef),
    /// Text where it stands in the pages that were read.
    Quoted(Quoted),
    /// Text that is a UUID in nearly every row.
    Uuids(Uuids),
    /// Text in compressed blocks.
    Zipped(Zipped),
}

impl Stored {
    /// Text as UUIDs, where it is.
    pub(super) fn uuids(texts: &StringArray) -> Option<Self> {
        Uuids::pack(texts).map(Self::Uuids)
    }

    /// The texts of a dictionary column or, of a column of lists, those of an item.
    pub(super) fn texts(&self, item: Option<usize>) -> Option<ArrayRef> {
        let Self::Plain(array) = self else { return None };
        match item {
            None => Some(Arc::clone(array)),
            Some(item) => Some(Arc::clone(array.as_list_opt::<i32>()?.values().as_struct().column(item))),
        }
    }

    /// The column with other texts.
    pub(super) fn with_texts(&self, item: Option<usize>, texts: ArrayRef) -> Result<Self, ArrowError> {
        let Some(item) = item else { return Ok(Self::Plain(texts)) };
        let Some(list) = self.plain().and_then(|array| array.as_list_opt::<i32>()) else {
            return Err(ArrowError::SchemaError("only lists have items".to_owned()));
        };
        let items = list.values().as_struct();
        let (mut fields, mut columns) = (items.fields().to_vec(), items.columns().to_vec());
        fields[item] = Arc::new(Field::new(fields[item].name(), texts.data_type().clone(), true));
        columns[item] = texts;
        let items = StructArray::try_new(fields.into(), columns, None)?;
        let field = Field::new_list_field(items.data_type().clone(), false);
        let list = ListArray::try_new(Arc::new(field), list.offsets().clone(), Arc::new(items), None)?;
        Ok(Self::Plain(Arc::new(list)))
    }

    /// The column as Arrow has it, unless it is packed.
    pub(super) fn plain(&self) -> Option<&dyn Array> {
        if let Self::Plain(array) = self { Some(array) } else { None }
    }

    /// The memory of the column, in bytes, without the buffers that were seen before.
    pub(super) fn bytes(&self, seen: &mut HashSet<usize>) -> usize {
        match self {
            Self::Plain(array) => buffers(&array.to_data(), seen),
            Self::Quoted(quoted) => quoted.bytes(),
            Self::Uuids(uuids) => uuids.bytes.len() + uuids.others.len() * 64,
            Self::Zipped(zipped) => zipped.bytes(),
        }
    }

    /// Sets the places in `hit`, the first of which is that of row `start`, of the texts in which `find` finds something.
    pub(super) fn search(
        &self,
        start: usize,
        hit: &mut [bool],
        in_uuids: bool,
        find: impl Fn(&str) -> Option<Range<usize>>,
    ) {
        let mut reader = self.reader();
        let finds = |text: Option<Cow<'_, str>>| text.is_some_and(|text| find(&text).is_some());
        match self {
            Self::Uuids(uuids) if !in_uuids => {
                for (row, text) in &uuids.others {
                    let place = (*row as usize).checked_sub(start).and_then(|place| hit.get_mut(place));
                    if let (Some(place), Some(text)) = (place, text) {
                        *place = *place || find(text).is_some();
                    }
                }
            }
            Self::Zipped(zipped) => {
                let mut row = start;
                while row < start + hit.len() {
                    let number = zipped.block(row);
                    let rows = zipped.rows(number);
                    let end = rows.end.min(start + hit.len());
                    let places = &mut hit[row - start..end - start];
                    if places.contains(&false) {
                        reader.unpack(number, zipped);
                        reader.search(row - rows.start, places, &find);
                    }
                    row = end;
                }
            }
            _ => {
                for (row, place) in (start..).zip(hit) {
                    *place = *place || finds(reader.get(row));
                }
            }
        }
    }

    /// How long a text of the column is on average, in bytes.
    fn usual_length(&self) -> usize {
        let (bytes, rows) = match self {
            Self::Plain(array) => (array.as_string_opt::<i32>().map_or(0, |texts| texts.values().len()), array.len()),
            Self::Quoted(quoted) => {
                (quoted.places.iter().map(|place| place.length as usize).sum(), quoted.places.len())
            }
            Self::Uuids(_) => return UUID,
            Self::Zipped(zipped) => (zipped.blocks.iter().map(|block| block.length).sum(), zipped.rows),
        };
        bytes.div_ceil(rows.max(1))
    }

    /// A reader of a text column, which remembers what it has decompressed.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { stored: self, rows: 0..0, raw: Vec::new(), ends: Vec::new(), unpacker: None }
    }
}

/// Dictionary columns with one dictionary for all, which has no value twice or unused, and keys as narrow as can be;
/// none at all where a column has no text.
pub(super) fn dictionaries(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut union = Union::default();
    let keys: Vec<Int32Array> = columns
        .iter()
        .map(|texts| {
            let texts: &DictionaryArray<Int32Type> = texts.as_dictionary();
            let mut places = Places::of(texts.values().as_string());
            texts.keys().iter().map(|key| Some(places.place(key?.as_usize(), &mut union))).collect()
        })
        .collect();
    let values: ArrayRef = Arc::new(union.into_values());
    let narrowed = |keys: Int32Array| match values.len() {
        _ if keys.null_count() == keys.len() => Ok(Arc::new(NullArray::new(keys.len())) as ArrayRef),
        0..=256 => narrowed::<UInt8Type>(&keys, &values),
        257..=65_536 => narrowed::<UInt16Type>(&keys, &values),
        _ => Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(&values))?) as ArrayRef),
    };
    keys.into_iter().map(narrowed).collect()
}

fn narrowed<K: ArrowDictionaryKeyType>(keys: &Int32Array, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    // The key of an absent text may be any number.
    let narrow = |key: &i32| K::Native::from_usize(key.as_usize()).unwrap_or_default();
    let keys = PrimitiveArray::<K>::new(keys.values().iter().map(narrow).collect(), keys.nulls().cloned());
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::clone(values))?))
}

/// One dictionary out of many.
#[derive(Default)]
pub(super) struct Union<'a> {
    places: HashMap<&'a str, i32, foldhash::fast::RandomState>,
    values: Vec<&'a str>,
}

/// Where the values of one dictionary stand in the union of all; found when first used.
struct Places<'a> {
    values: &'a StringArray,
    places: Vec<i32>,
}

impl<'a> Places<'a> {
    /// The places of a dictionary's values; none is known yet.
    fn of(values: &'a StringArray) -> Self {
        Self { values, places: vec![-1; values.len()] }
    }

    /// The place of a key of the dictionary.
    #[inline]
    fn place(&mut self, key: usize, union: &mut Union<'a>) -> i32 {
        let place = &mut self.places[key];
        if *place < 0 {
            *place = union.place(self.values.value(key));
        }
        *place
    }
}

impl<'a> Union<'a> {
    fn place(&mut self, text: &'a str) -> i32 {
        let values = &mut self.values;
        *self.places.entry(text).or_insert_with(|| {
            values.push(text);
            i32::try_from(values.len() - 1).expect("a page has fewer than 2^31 texts")
        })
    }

    /// The union.
    pub(super) fn into_values(self) -> StringArray {
        // No larger than it has to be.
        let mut values =
            StringBuilder::with_capacity(self.values.len(), self.values.iter().map(|text| text.len()).sum());
        self.values.iter().for_each(|text| values.append_value(text));
        values.finish()
    }
}

/// Text of UUIDs in lower case, 16 bytes each; whatever is none stands beside.
#[derive(Debug)]
pub(super) struct Uuids {
    bytes: Box<[u8]>,
    /// By row, ascending.
    others: Vec<(u32, Option<Box<str>>)>,
}

impl Uuids {
    fn pack(texts: &StringArray) -> Option<Self> {
        let mut bytes = Vec::with_capacity(texts.len() * 16);
        let mut others = Vec::new();
        for (row, text) in texts.iter().enumerate() {
            let uuid = text.and_then(parse_uuid);
            bytes.extend_from_slice(&uuid.unwrap_or_default());
            if uuid.is_none() {
                others.push((u32::try_from(row).ok()?, text.map(Box::from)));
            }
        }
        (others.len() * 8 <= texts.len()).then(|| Self { bytes: bytes.into(), others })
    }

    fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        if let Ok(place) = self.others.binary_search_by_key(&row, |(row, _)| *row as usize) {
            return self.others[place].1.as_deref().map(Cow::Borrowed);
        }
        let bytes = self.bytes[row * 16..][..16].try_into().expect("a slice of 16 bytes");
        Some(Cow::Owned(format_uuid(&bytes)))
    }
}

/// The length of a UUID as text, and where its hyphens and the digits of its bytes stand there.
const UUID: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const BYTES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What a digit is worth; of what is none, more than any.
const WORTH: [u8; 256] = {
    let mut worth = [16; 256];
    let mut digit = 0;
    while digit < 16 {
        worth[DIGITS[digit as usize] as usize] = digit;
        digit += 1;
    }
    worth
};

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; UUID] = text.as_bytes().try_into().ok()?;
    let pairs = BYTES.map(|at| [text[at], text[at + 1]].map(|digit| WORTH[usize::from(digit)]));
    let all_digits = pairs.as_flattened().iter().fold(0, |all, worth| all | worth) < 16;
    let is_uuid = all_digits && HYPHENS.iter().all(|at| text[*at] == b'-');
    is_uuid.then(|| pairs.map(|[high, low]| high << 4 | low))
}

fn format_uuid(bytes: &[u8; 16]) -> String {
    let mut text = [b'-'; UUID];
    for (byte, at) in bytes.iter().zip(BYTES) {
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
    }
    text_of(&text).into_owned()
}

/// Text where it stands in the pages that were read: nothing is copied that may never be looked at.
#[derive(Debug)]
pub(super) struct Quoted {
    pub(super) pages: Arc<[Buffer]>,
    pub(super) places: Vec<Place>,
}

/// Where a text stands in pages; one of no length is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) page: u32,
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Quoted {
    fn bytes(&self) -> usize {
        self.places.iter().map(|place| place.length as usize + size_of::<Place>()).sum()
    }

    fn get(&self, row: usize) -> Option<Cow<'_, str>> {
        let Place { page, start, length } = self.places[row];
        let text = self.pages.get(page as usize)?.get(start as usize..)?.get(..length as usize)?;
        (length > 0).then(|| text_of(text))
    }
}

/// Bytes that were checked when they were read.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Text in compressed blocks of at most [`BLOCK_ROWS`].
#[derive(Debug)]
pub(super) struct Zipped {
    blocks: Vec<Block>,
    rows: usize,
}

/// Compressed texts: a [`Length`] of each, then one after the other.
#[derive(Debug)]
struct Block {
    /// Its first row.
    first: usize,
    packed: Box<[u8]>,
    /// How long it is when unpacked.
    length: usize,
}

/// The length of a text and one more, so that 0 is no text at all.
type Length = u32;

const LENGTH: usize = size_of::<Length>();

/// Compresses texts, one after the other.
pub(super) struct Zipper {
    compressor: zstd::bulk::Compressor<'static>,
    lengths: Vec<u8>,
    raw: Vec<u8>,
    zipped: Zipped,
}

impl Zipper {
    pub(super) fn new() -> Result<Self, ArrowError> {
        let zipped = Zipped { blocks: Vec::new(), rows: 0 };
        Ok(Self { compressor: zstd::bulk::Compressor::new(LEVEL)?, lengths: Vec::new(), raw: Vec::new(), zipped })
    }

    pub(super) fn push(&mut self, text: Option<&str>) -> Result<(), ArrowError> {
        let length = text.map_or(Some(0), |text| Length::try_from(text.len()).ok()?.checked_add(1));
        let length = length.ok_or(ArrowError::OffsetOverflowError(text.map_or(0, str::len)))?;
        self.lengths.extend_from_slice(&length.to_le_bytes());
        self.raw.extend_from_slice(text.unwrap_or_default().as_bytes());
        self.zipped.rows += 1;
        let full = self.lengths.len() == BLOCK_ROWS * LENGTH || self.raw.len() >= BLOCK_BYTES;
        if full { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), ArrowError> {
        let first = self.zipped.rows - self.lengths.len() / LENGTH;
        self.lengths.append(&mut self.raw);
        let packed = self.compressor.compress(&self.lengths)?.into();
        self.zipped.blocks.push(Block { first, packed, length: self.lengths.len() });
        self.lengths.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Stored, ArrowError> {
        if !self.lengths.is_empty() {
            self.close()?;
        }
        self.zipped.blocks.shrink_to_fit();
        Ok(Stored::Zipped(self.zipped))
    }
}

impl Zipped {
    fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.packed.len() + size_of::<Block>()).sum()
    }

    /// The number of a row's block.
    fn block(&self, row: usize) -> usize {
        self.blocks.partition_point(|block| block.first <= row) - 1
    }

    /// The rows of a block.
    fn rows(&self, number: usize) -> Range<usize> {
        self.blocks[number].first..self.blocks.get(number + 1).map_or(self.rows, |next| next.first)
    }
}

/// Reads texts one by one, best in order: a block is decompressed once for all its rows.
pub(super) struct Reader<'a> {
    stored: &'a Stored,
    /// The rows of the block that is unpacked.
    rows: Range<usize>,
    /// The block as it is unpacked, and where each of its texts ends there.
    raw: Vec<u8>,
    ends: Vec<usize>,
    unpacker: Option<zstd::bulk::Decompressor<'static>>,
}

impl Reader<'_> {
    /// The text of a row.
    pub(super) fn get(&mut self, row: usize) -> Option<Cow<'_, str>> {
        match self.stored {
            Stored::Plain(array) => {
                let texts: &StringArray = array.as_string();
                texts.is_valid(row).then(|| Cow::Borrowed(texts.value(row)))
            }
            Stored::Quoted(quoted) => quoted.get(row),
            Stored::Uuids(uuids) => uuids.get(row),
            Stored::Zipped(zipped) => {
                debug_assert!(row < zipped.rows, "row {row} of {}", zipped.rows);
                if !self.rows.contains(&row) {
                    self.unpack(zipped.block(row), zipped);
                }
                let place = row - self.rows.start;
                (self.length(place) > 0).then(|| text_of(&self.raw[self.start(place)..self.ends[place]]))
            }
        }
    }

    /// The length of a text of the unpacked block and one more.
    fn length(&self, place: usize) -> Length {
        Length::from_le_bytes(self.raw[place * LENGTH..][..LENGTH].try_into().expect("a slice of LENGTH bytes"))
    }

    /// Where a text of the unpacked block begins.
    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(self.ends.len() * LENGTH, |before| self.ends[before])
    }

    /// Sets the places in `hit` of the unpacked block's texts, from one on, in which `find` finds something: it looks through
    /// all of them at once.
    fn search(&self, first: usize, hit: &mut [bool], find: impl Fn(&str) -> Option<Range<usize>>) {
        let (start, ends) = (self.start(first), &self.ends[first..][..hit.len()]);
        // It was text when it was compressed.
        let all =
            simdutf8::basic::from_utf8(&self.raw[start..]).expect("the texts were UTF-8 when they were compressed");
        let mut at = 0;
        while let Some(found) = find(&all[at..]) {
            let place = ends.partition_point(|end| *end <= start + at + found.start);
            let Some(end) = ends.get(place) else { return };
            let text = self.start(first + place) - start..end - start;
            // What goes on in the next text is in neither, but there may be more in this one.
            hit[place] = hit[place] || at + found.end <= text.end || find(&all[text.clone()]).is_some();
            at = text.end;
        }
    }

    fn unpack(&mut self, number: usize, zipped: &Zipped) {
        let block = &zipped.blocks[number];
        self.rows = zipped.rows(number);
        // What was compressed here is whole: it never left this process.
        self.raw.clear();
        self.raw.reserve(block.length);
        let unpacker =
            self.unpacker.get_or_insert_with(|| zstd::bulk::Decompressor::new().unwrap_or_else(|e| panic!("{e}")));
        unpacker.decompress_to_buffer(&block.packed, &mut self.raw).expect("the block was compressed by this process");
        self.ends.clear();
        let mut end = self.rows.len() * LENGTH;
        for place in 0..self.rows.len() {
            end += (self.length(place) as usize).saturating_sub(1);
            self.ends.push(end);
        }
    }
}

/// Rows of a column, without copying where they are all of one part.
pub(super) fn runs(parts: &[(&Stored, Range<usize>)]) -> Option<Result<ArrayRef, ArrowError>> {
    let arrays: Option<Vec<ArrayRef>> = parts
        .iter()
        .map(|(stored, rows)| match stored {
            Stored::Plain(array) => Some(array.slice(rows.start, rows.len())),
            _ => None,
        })
        .collect();
    let arrays = arrays?;
    match &arrays[..] {
        [] => None,
        [only] => Some(Ok(Arc::clone(only))),
        several => {
            let several: Vec<&dyn Array> = several.iter().map(AsRef::as_ref).collect();
            Some(arrow::compute::concat(&several))
        }
    }
}

/// Some rows of one part.
#[derive(Clone, Debug)]
pub(super) enum Rows<'a> {
    /// Neighbours.
    All(Range<usize>),
    /// Picked ones: `picks` count rows from `before` on where the part's begin with `start`.
    Some { picks: &'a [u32], before: usize, start: usize },
}

impl Rows<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(rows) => rows.len(),
            Self::Some { picks, .. } => picks.len(),
        }
    }

    #[inline]
    pub(super) fn each(&self, mut see: impl FnMut(usize)) {
        match self {
            Self::All(rows) => rows.clone().for_each(see),
            Self::Some { picks, before, start } => picks.iter().for_each(|pick| see(*pick as usize - before + start)),
        }
    }
}

/// The dictionary of a text column; empty where it has none.
pub(super) fn dictionary(stored: &Stored) -> Option<&StringArray> {
    let Stored::Plain(array) = stored else { return None };
    array.as_any_dictionary_opt().map(|array| array.values().as_string())
}

/// Shows `see` the keys of some rows of a dictionary column.
#[inline]
pub(super) fn keys(stored: &Stored, rows: &Rows<'_>, mut see: impl FnMut(Option<usize>)) {
    fn typed<K: ArrowDictionaryKeyType>(
        array: &DictionaryArray<K>,
        rows: &Rows<'_>,
        mut see: impl FnMut(Option<usize>),
    ) {
        let keys = array.keys().values();
        match array.keys().nulls() {
            None => rows.each(|row| see(Some(keys[row].as_usize()))),
            Some(nulls) => rows.each(|row| see(nulls.is_valid(row).then(|| keys[row].as_usize()))),
        }
    }
    let Stored::Plain(array) = stored else { return };
    if let Some(array) = array.as_dictionary_opt::<UInt8Type>() {
        typed(array, rows, see);
    } else if let Some(array) = array.as_dictionary_opt::<UInt16Type>() {
        typed(array, rows, see);
    } else if let Some(array) = array.as_dictionary_opt::<Int32Type>() {
        typed(array, rows, &mut see);
    } else if array.data_type() == &DataType::Null {
        rows.each(|_| see(None));
    }
}

/// A dictionary column's rows, in the order asked, with one dictionary for all.
pub(super) fn texts(
    segments: &[(usize, Rows<'_>)],
    parts: &[&Stored],
) -> Result<DictionaryArray<Int32Type>, ArrowError> {
    let count = segments.iter().map(|(_, rows)| rows.len()).sum();
    let (mut union, mut found, mut nulls) =
        (Union::default(), Vec::with_capacity(count), NullBufferBuilder::new(count));
    let none = StringArray::new_null(0);
    let mut places: Vec<Option<Places<'_>>> = parts.iter().map(|_| None).collect();
    for (part, rows) in segments {
        let places = places[*part].get_or_insert_with(|| Places::of(dictionary(parts[*part]).unwrap_or(&none)));
        keys(parts[*part], rows, |key| {
            nulls.append(key.is_some());
            found.push(key.map_or(0, |key| places.place(key, &mut union)));
        });
    }
    DictionaryArray::try_new(Int32Array::new(found.into(), nulls.finish()), Arc::new(union.into_values()))
}

/// A column of lists of structures of dictionaries, its rows in the order asked, each dictionary one for all.
pub(super) fn lists(
    segments: &[(usize, Rows<'_>)],
    parts: &[&Stored],
    item: &Arc<Field>,
) -> Result<ListArray, ArrowError> {
    let DataType::Struct(fields) = item.data_type() else {
        return Err(ArrowError::SchemaError(format!("lists of {} are not known", item.data_type())));
    };
    let lists: Vec<Option<&ListArray>> = parts.iter().map(|stored| stored.plain()?.as_list_opt()).collect();
    let mut lengths = Vec::new();
    let mut picked: Vec<(usize, Vec<u32>)> = Vec::with_capacity(segments.len());
    for (part, rows) in segments {
        let Some(list) = lists[*part] else { continue };
        let (offsets, mut items) = (list.value_offsets(), Vec::new());
        rows.each(|row| {
            lengths.push(offsets[row + 1].as_usize() - offsets[row].as_usize());
            items.extend((offsets[row]..offsets[row + 1]).map(i32::cast_unsigned));
        });
        picked.push((*part, items));
    }
    let items: Vec<(usize, Rows<'_>)> =
        picked.iter().map(|(part, picks)| (*part, Rows::Some { picks, before: 0, start: 0 })).collect();
    let column = |number: usize| {
        let of = |list: Option<&ListArray>| match list {
            Some(list) => Stored::Plain(Arc::clone(list.values().as_struct().column(number))),
            None => Stored::Plain(new_empty_array(&DataType::Null)),
        };
        let columns: Vec<Stored> = lists.iter().copied().map(of).collect();
        Ok(Arc::new(texts(&items, &columns.iter().collect::<Vec<_>>())?) as ArrayRef)
    };
    let columns: Result<Vec<ArrayRef>, ArrowError> = (0..fields.len()).map(column).collect();
    let items = StructArray::try_new(fields.clone(), columns?, None)?;
    ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), Arc::new(items), None)
}

/// A primitive column's rows, in the order asked.
pub(super) fn primitives<T: ArrowPrimitiveType>(
    segments: &[(usize, Rows<'_>)],
    parts: &[&Stored],
) -> PrimitiveArray<T> {
    let count = segments.iter().map(|(_, rows)| rows.len()).sum();
    let (mut found, mut nulls) = (Vec::with_capacity(count), NullBufferBuilder::new(count));
    for (part, rows) in segments {
        let Some(array) = parts[*part].plain().and_then(|array| array.as_primitive_opt::<T>()) else { continue };
        let values = array.values();
        rows.each(|row| found.push(values[row]));
        match array.nulls() {
            None => nulls.append_n_non_nulls(rows.len()),
            Some(own) => rows.each(|row| nulls.append(own.is_valid(row))),
        }
    }
    PrimitiveArray::new(found.into(), nulls.finish())
}

/// A long text's rows, in the order asked.
pub(super) fn strings(segments: &[(usize, Rows<'_>)], parts: &[&Stored]) -> Result<StringArray, ArrowError> {
    let mut readers: Vec<Reader<'_>> = parts.iter().map(|stored| stored.reader()).collect();
    let rows = segments.iter().map(|(_, rows)| rows.len()).sum();
    let bytes: usize = segments.iter().map(|(part, rows)| parts[*part].usual_length() * rows.len()).sum();
    let mut builder = StringBuilder::with_capacity(rows, bytes.min(LARGEST));
    let mut too_long = None;
    for (part, rows) in segments {
        rows.each(|row| match readers[*part].get(row) {
            Some(text) => {
                let length = builder.values_slice().len() + text.len();
                if i32::try_from(length).is_ok() {
                    builder.append_value(text);
                } else {
                    too_long = Some(length);
                }
            }
            None => builder.append_null(),
        });
    }
    too_long.map_or_else(|| Ok(builder.finish()), |length| Err(ArrowError::OffsetOverflowError(length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zipped(texts: &StringArray) -> Stored {
        let mut zipper = Zipper::new().unwrap();
        texts.iter().for_each(|text| zipper.push(text).unwrap());
        zipper.finish().unwrap()
    }

    fn read(stored: &Stored, rows: impl IntoIterator<Item = usize>) -> Vec<Option<String>> {
        let mut reader = stored.reader();
        rows.into_iter().map(|row| reader.get(row).map(Cow::into_owned)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_packed_reads_as_it_was(
            texts in prop::collection::vec(prop::option::of("[1aé]{0,3}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\\PC{0,40}"), 0..2 * BLOCK_ROWS),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
        ) {
            let array = StringArray::from(texts.clone());
            let order: Vec<usize> = if texts.is_empty() { Vec::new() } else { order.iter().map(|i| i.index(texts.len())).collect() };
            let expected: Vec<_> = order.iter().map(|row| texts[*row].clone()).collect();
            for stored in [Stored::uuids(&array).unwrap_or(Stored::Plain(Arc::new(array.clone()))), zipped(&array)] {
                for wanted in ["1a", "é"] {
                    let find = |text: &str| text.find(wanted).map(|at| at..at + wanted.len());
                    let found: Vec<bool> = texts.iter().map(|text| text.as_deref().is_some_and(|text| find(text).is_some())).collect();
                    for part in [0..texts.len(), texts.len() / 3..texts.len() * 2 / 3] {
                        // What is found already stays found.
                        let already: Vec<bool> = part.clone().map(|row| row % 5 == 0).collect();
                        let mut hit = already.clone();
                        stored.search(part.start, &mut hit, true, find);
                        let all: Vec<bool> = part.zip(already).map(|(row, already)| already || found[row]).collect();
                        prop_assert_eq!(hit, all);
                    }
                }
                prop_assert_eq!(read(&stored, 0..texts.len()), texts.clone());
                prop_assert_eq!(read(&stored, order.clone()), expected.clone());
            }
        }
    }

    #[test]
    fn only_what_reads_back_the_same_is_a_uuid() {
        let uuid = "018f3c1e-0000-7abc-8def-0123456789ab";
        assert_eq!(parse_uuid(uuid).map(|bytes| format_uuid(&bytes)).as_deref(), Some(uuid));
        for text in [
            "018F3C1E-0000-7abc-8def-0123456789ab",
            "018f3c1e00007abc8def0123456789ab",
            "018f3c1e-0000-7abc-8def-0123456789a",
            "018f3c1e-0000-7abc-8def-0123456789abc",
            "018f3c1e0-000-7abc-8def-0123456789ab",
            "------------------------------------",
            "018f3c1e000007abc08def00123456789abc",
        ] {
            assert_eq!(parse_uuid(text), None, "{text}");
        }
    }

    #[test]
    fn a_block_of_long_texts_ends_early() {
        let long = "x".repeat(BLOCK_BYTES / 3);
        let texts: Vec<Option<String>> = (0..8).map(|row| (row != 5).then(|| format!("{row}{long}"))).collect();
        let stored = zipped(&StringArray::from(texts.clone()));
        let Stored::Zipped(zipped) = &stored else { unreachable!("it was zipped") };
        assert_eq!((0..zipped.blocks.len()).map(|number| zipped.rows(number)).collect::<Vec<_>>(), [0..3, 3..7, 7..8]);
        let backwards: Vec<usize> = (0..8).rev().collect();
        assert_eq!(
            read(&stored, backwards.clone()),
            backwards.iter().map(|row| texts[*row].clone()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn repetition_costs_little() {
        let body = r#"{"commercial_type":"GP1-M","image":"debian_bookworm","name":"worker-"#;
        let texts: StringArray = (0..6400).map(|i| Some(format!("{body}{i}\"}}"))).collect();
        let plain = Stored::Plain(Arc::new(texts.clone())).bytes(&mut HashSet::new());
        assert!(zipped(&texts).bytes(&mut HashSet::new()) * 4 < plain);
        let ids: StringArray = (0..100).map(|i| Some(format!("018f3c1e-0000-7abc-8def-0123456789{i:02}"))).collect();
        assert_eq!(Stored::uuids(&ids).unwrap().bytes(&mut HashSet::new()), 1600);
    }
}
