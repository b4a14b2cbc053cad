use std::sync::Arc;

use super::field::Field;
use super::sigma::Matcher;
#[cfg(feature = "terminal")]
use super::yaml::Entry;

/// The condition of a rule: named detections and filters resolved, in the order of the text.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// All hold.
    And(Vec<Expr>),
    /// One holds.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// At least so many hold.
    AtLeast(u64, Vec<Expr>),
    /// A test of one value.
    Test(Arc<Test>),
}

/// A test of one value of an event. Rules with equal tests share one.
#[derive(Debug)]
pub(crate) struct Test {
    /// The number among the tests of the pack.
    pub(super) number: usize,
    /// The field; none for keywords, which are searched in all texts of an event.
    pub(super) field: Option<Field>,
    /// The other side of the comparison.
    pub(super) matcher: Matcher,
    /// The other fields that the comparison reads.
    pub(super) others: Vec<Field>,
    /// The test as the rule has it, in one line, bounded in length: `method_name|startswith: Delete`.
    pub(super) text: String,
    /// The item of the rule, for exports to other languages; none for keywords.
    #[cfg(feature = "terminal")]
    pub(super) item: Option<Entry>,
}

impl Expr {
    /// Calls `see` with each test, in the order of the text.
    pub(super) fn each_test<'a>(&'a self, see: &mut impl FnMut(&'a Test)) {
        match self {
            Self::And(of) | Self::Or(of) | Self::AtLeast(_, of) => of.iter().for_each(|expr| expr.each_test(see)),
            Self::Not(of) => of.each_test(see),
            Self::Test(test) => see(test),
        }
    }

    /// The number of tests.
    pub(super) fn tests(&self) -> usize {
        let mut tests = 0;
        self.each_test(&mut |_| tests += 1);
        tests
    }

    /// Whether a test depends on names, which differ from data source to data source.
    pub(crate) fn depends_on_names(&self) -> bool {
        self.has_test(|test| test.fields().any(Field::depends_on_names))
    }

    /// Whether a test reads the request body.
    pub(super) fn reads_body(&self) -> bool {
        self.has_test(|test| test.field.is_none() || test.fields().any(|field| matches!(field, Field::Body(_))))
    }

    /// Whether a test reads the risk.
    pub(super) fn reads_risk(&self) -> bool {
        self.has_test(|test| test.fields().any(|field| matches!(field, Field::RiskClass | Field::Severity)))
    }

    fn has_test(&self, is: impl Fn(&Test) -> bool) -> bool {
        let mut has = false;
        self.each_test(&mut |test| has = has || is(test));
        has
    }
}

impl Test {
    /// The fields that the test reads; none for keywords.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.field.iter().chain(&self.others)
    }
}
