use chrono::{DateTime, NaiveDate};

/// Nanoseconds since 1970 of a time in RFC 3339.
pub(super) fn time_of(text: &[u8]) -> Option<i64> {
    usual_time(text).or_else(|| DateTime::parse_from_rfc3339(str::from_utf8(text).ok()?).ok()?.timestamp_nanos_opt())
}

/// A time in the API's usual form: in UTC, with or without a fraction.
fn usual_time(text: &[u8]) -> Option<i64> {
    fn number(digits: &[u8]) -> Option<u32> {
        digits.iter().try_fold(0, |n, digit| digit.is_ascii_digit().then(|| n * 10 + u32::from(digit - b'0')))
    }
    let (whole, rest) = text.split_first_chunk::<19>()?;
    let [y0, y1, y2, y3, b'-', o0, o1, b'-', d0, d1, b'T', h0, h1, b':', m0, m1, b':', s0, s1] = *whole else {
        return None;
    };
    let nanos = match rest {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => {
            number(fraction)? * 10_u32.pow(9 - u32::try_from(fraction.len()).ok()?)
        }
        _ => return None,
    };
    let year = i32::try_from(number(&[y0, y1, y2, y3])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(&[o0, o1])?, number(&[d0, d1])?)?;
    date.and_hms_nano_opt(number(&[h0, h1])?, number(&[m0, m1])?, number(&[s0, s1])?, nanos)?
        .and_utc()
        .timestamp_nanos_opt()
}
