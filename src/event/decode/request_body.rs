use super::json::{JsonReader, SyntaxError};

/// The method whose action only its request body has.
pub(super) const METHOD_WITH_ACTION: &[u8] = b"ServerAction";

/// The `action` of a request body.
pub(super) fn action<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut action = None;
    let read = reader.recover(|reader| {
        reader.members(|reader, key| {
            if key != b"action" {
                return reader.skip();
            }
            action = reader.recover(JsonReader::string)?.ok();
            Ok(())
        })
    })?;
    Ok(read.ok().and(action))
}

/// The id in a request body, if there is just one besides its project and organization.
///
/// Deletes of IAM list no resource: only the request body has the deleted one.
pub(super) fn only_id<'a>(reader: &mut JsonReader<'a>) -> Result<Option<&'a [u8]>, SyntaxError> {
    let mut ids: Vec<(&[u8], Option<&[u8]>)> = Vec::new();
    let read = reader.recover(|reader| {
        reader.members(|reader, key| {
            let is_id =
                key.ends_with(b"_id") || key.ends_with(b"Id") || matches!(key, b"id" | b"access_key" | b"accessKey");
            if !is_id || matches!(key, b"project_id" | b"projectId" | b"organization_id" | b"organizationId") {
                return reader.skip();
            }
            let id = reader.recover(JsonReader::string)?.ok();
            match ids.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = id,
                None => ids.push((key, id)),
            }
            Ok(())
        })
    })?;
    Ok(match (read, &*ids) {
        (Ok(()), [(_, id)]) => *id,
        _ => None,
    })
}
