use super::field::Field;
use super::sigma::Matcher;

/// The condition of a rule: named detections and filters resolved, in the order of the text.
#[derive(Debug)]
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
    Test(Test),
}

/// A test of one value of an event.
#[derive(Debug)]
pub(crate) struct Test {
    /// The number among the tests of the pack.
    pub(super) number: usize,
    /// The field; none for keywords, which are searched in all texts of an event.
    pub(super) field: Option<Field>,
    /// What the value is compared with.
    pub(super) matcher: Matcher,
    /// The test as the rule has it, bounded in length: `method_name|startswith: Delete`.
    pub(super) text: String,
    /// The line in the rule's file.
    pub(super) line: u32,
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

    /// Whether a test depends on names, which differ from data source to data source.
    pub(crate) fn depends_on_names(&self) -> bool {
        let mut depends = false;
        self.each_test(&mut |test| depends |= test.depends_on_names());
        depends
    }
}

impl Test {
    /// Whether the test reads the name of a principal.
    fn depends_on_names(&self) -> bool {
        let others = self.matcher.fields().iter();
        self.field.iter().chain(others).any(Field::depends_on_names)
    }
}
