//! The series of an expression, and what people should know about them.

use super::json::Row;
use super::moved::{MOST_SERIES, moved_most};
use super::series::Series;
use crate::locale::{Language, Sentence};

/// The series of an expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The series, in the order of their labels; of a range, at most [`MOST_SERIES`].
    pub series: Vec<Series>,
    /// How many series are left out, which moved less.
    pub left_out: usize,
    /// How many series are left out because they are native histograms, which have no single value.
    pub histograms: usize,
    /// What Prometheus remarks about the expression.
    pub warnings: Vec<String>,
}

impl Answer {
    /// The answer of the series of a result.
    pub(super) fn of(rows: Vec<Row>, warnings: Vec<String>) -> Self {
        let all = rows.len();
        let series: Vec<Series> = rows.into_iter().filter_map(Row::series).collect();
        Self { histograms: all - series.len(), series, left_out: 0, warnings }
    }

    /// The same without the series that moved least, where there are more than [`MOST_SERIES`].
    pub(super) fn moved_most(self) -> Self {
        let (series, left_out) = moved_most(self.series);
        Self { series, left_out, ..self }
    }

    /// How many series name no resource: the expression drops or renames both `resource_id` and `resource_name`.
    #[must_use]
    pub fn without_resource(&self) -> usize {
        self.series.iter().filter(|series| !series.has_resource()).count()
    }

    /// Notices for people: series that are left out, and limits of the others.
    #[must_use]
    pub fn notices(&self, language: Language) -> Vec<String> {
        let mut notices = Vec::new();
        if self.left_out > 0 {
            let all = self.left_out + self.series.len();
            notices.push(Sentence::ManySeries { all, shown: MOST_SERIES }.text(language));
        }
        if self.histograms > 0 {
            notices.push(Sentence::Histograms { series: self.histograms }.text(language));
        }
        let series = self.without_resource();
        if series > 0 {
            notices.push(Sentence::Nameless { series, all: self.series.len() }.text(language));
        }
        notices.extend(self.warnings.iter().map(|warning| Sentence::CockpitRemarks { warning }.text(language)));
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &str) -> Answer {
        Answer::of(serde_json::from_str(rows).expect("rows"), Vec::new())
    }

    #[test]
    fn histograms_are_left_out_with_a_notice() {
        let answer = matrix(
            r#"[{"metric":{"resource_id":"a"},"histograms":[[1,{"count":"2"}]]},{"metric":{"resource_id":"b"},"values":[[1,"2"]]}]"#,
        );
        assert_eq!((answer.series.len(), answer.histograms), (1, 1));
        assert_eq!(answer.notices(Language::English).len(), 1);
        assert!(
            answer.notices(Language::English)[0].starts_with("1 series are native histograms and are left out"),
            "{answer:?}"
        );
    }

    #[test]
    fn series_without_a_resource_have_a_notice() {
        let answer = matrix(
            r#"[{"metric":{"resource_id":"a"},"values":[]},{"metric":{"resource_name":"b"},"values":[]},{"metric":{"resource_id":""},"values":[]},{"values":[]}]"#,
        );
        assert_eq!(answer.without_resource(), 2);
        let [notice] = &answer.notices(Language::English)[..] else {
            panic!("{:?}", answer.notices(Language::English))
        };
        assert!(notice.starts_with("2 of 4 series have neither resource_id nor resource_name"), "{notice}");
    }
}
