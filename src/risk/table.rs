//! The rows of `methods.csv` and `products.csv`, and the search for the row that applies.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde::{Deserialize, de::DeserializeOwned};

use super::action::Action;
use super::class::Risk;
use super::name::letters;
use super::risks::{DENIED, DENIED_HIGH, Risks};
use super::severity::Severity;
use super::when::{Body, When};

/// The rules of the two files.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<MethodRow>,
    /// Each product, under each of its names.
    products: Names<Arc<Product>>,
}

#[derive(Debug)]
struct Product {
    /// As `methods.csv` spells it.
    name: String,
    methods: Names<Method>,
}

/// Values by the letters of their names.
#[derive(Debug)]
struct Names<T>(HashMap<Vec<u8>, T>);

/// The most letters of a name. The limit allows a look-up without an allocation, for a million events in a row.
const LONGEST: usize = 64;

/// The rows of one method of one product.
#[derive(Debug)]
struct Method {
    /// The rows with a condition, the most severe first.
    conditional: Vec<Rule>,
    /// The row without one.
    otherwise: Rule,
}

/// One row: its condition, and the numbers of its risks.
#[derive(Debug)]
pub(super) struct Rule {
    when: When,
    severity: Severity,
    /// The risk when the API did it, refused it, or failed otherwise.
    pub(super) done: u16,
    pub(super) denied: u16,
    pub(super) failed: u16,
}

#[derive(Debug, Deserialize)]
struct MethodRow {
    product: String,
    method: String,
    when: String,
    class: String,
    severity: String,
    attack: String,
}

#[derive(Deserialize)]
struct ProductRow {
    product: String,
    alias: String,
}

impl Table {
    /// Reads the two files, and adds the risks of their rows to `risks`. An error names the row.
    pub(super) fn read(methods: &str, products: &str, risks: &mut Risks) -> Result<Self, String> {
        let rows: Vec<MethodRow> = read("methods.csv", methods)?;
        let aliases: Vec<ProductRow> = read("products.csv", products)?;

        let mut names = Vec::new();
        for rows in rows.chunk_by(|a, b| a.product == b.product) {
            let product = rows[0].product.as_str();
            let methods = rows.chunk_by(|a, b| a.method == b.method).map(|rows| Method::read(rows, risks));
            let methods: Vec<_> = methods.collect::<Result<_, _>>()?;
            let methods = Names::new(methods).map_err(|defect| format!("methods.csv, {product}: {defect}"))?;
            let known = Arc::new(Product { name: product.to_owned(), methods });
            let aliases = aliases.iter().filter(|row| row.product == product).map(|row| row.alias.as_str());
            names.extend(aliases.chain([product]).map(|name| (name, Arc::clone(&known))));
        }
        let mut unknown = aliases.iter().filter(|row| !rows.iter().any(|known| known.product == row.product));
        if let Some(ProductRow { product, alias }) = unknown.next() {
            return Err(format!("products.csv, {product},{alias}: methods.csv has no product {product}"));
        }
        let products = Names::new(names).map_err(|defect| format!("products.csv: {defect}"))?;
        Ok(Self { rows, products })
    }

    /// The row that applies to an action.
    pub(super) fn rule(&self, action: &Action<'_>) -> Option<&Rule> {
        self.method(action).map(|method| method.rule(action))
    }

    /// Whether the action's request body decides which row applies.
    pub(super) fn reads_body(&self, action: &Action<'_>) -> bool {
        self.method(action).is_some_and(|method| method.conditional.iter().any(|rule| rule.when.reads_body()))
    }

    fn method(&self, action: &Action<'_>) -> Option<&Method> {
        self.products_of(action).find_map(|product| product.methods.get(action.method?))
    }

    /// The product of an action, as `methods.csv` spells it: of those that its product and service may be, one that has its
    /// method, or else the first.
    pub(super) fn product(&self, action: &Action<'_>) -> Option<&str> {
        let knows = |product: &&Arc<Product>| action.method.is_some_and(|method| product.methods.get(method).is_some());
        let product = self.products_of(action).find(knows).or_else(|| self.products_of(action).next())?;
        Some(&product.name)
    }

    /// The products that an action's product and service may be.
    fn products_of(&self, action: &Action<'_>) -> impl Iterator<Item = &Arc<Product>> {
        let names = [action.product, action.service.and_then(api)];
        names.into_iter().flatten().filter_map(|name| self.products.get(name))
    }

    /// The product of each row.
    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.product.as_str())
    }

    /// The method of each row.
    pub(super) fn methods(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.method.as_str())
    }
}

impl Method {
    fn read<'a>(rows: &'a [MethodRow], risks: &mut Risks) -> Result<(&'a str, Self), String> {
        let MethodRow { product, method, .. } = &rows[0];
        let rules = rows.iter().map(|row| Rule::read(row, risks)).collect::<Result<Vec<_>, _>>()?;
        let (mut otherwise, mut conditional): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|rule| rule.when.is_always());
        conditional.sort_by_key(|rule| Reverse(rule.severity));
        match (otherwise.pop(), otherwise.is_empty()) {
            (Some(otherwise), true) => Ok((method, Self { conditional, otherwise })),
            _ => Err(format!("methods.csv, {product},{method}: needs exactly one row without a condition")),
        }
    }

    fn rule(&self, action: &Action<'_>) -> &Rule {
        let body = Body::new(action.request_body);
        self.conditional.iter().find(|rule| rule.when.is_true(action, &body)).unwrap_or(&self.otherwise)
    }
}

impl Rule {
    fn read(row: &MethodRow, risks: &mut Risks) -> Result<Self, String> {
        let MethodRow { product, method, when, .. } = row;
        Self::read_cells(row, risks).map_err(|what| format!("methods.csv, {product},{method},{when}: {what}"))
    }

    fn read_cells(row: &MethodRow, risks: &mut Risks) -> Result<Self, String> {
        let MethodRow { when, class, severity, attack, .. } = row;
        let attack: Vec<String> = attack.split_ascii_whitespace().map(str::to_owned).collect();
        if let Some(id) = attack.iter().find(|id| !is_technique(id)) {
            return Err(format!("{id} is no ATT&CK technique"));
        }
        if class.is_empty() {
            return Err("a class is missing".to_owned());
        }
        let severity = Severity::parse(severity).ok_or_else(|| format!("{severity} is no severity"))?;
        let when = When::parse(when)?;
        let risk = Risk { class: class.clone(), severity, attack };
        let done = risks.number(risk.clone())?;
        if when.failed {
            return Ok(Self { when, severity, done, denied: done, failed: done });
        }
        let denied = if severity >= Severity::High { DENIED_HIGH } else { DENIED };
        Ok(Self { when, severity, done, denied, failed: risks.number(Risk { severity: Severity::Low, ..risk })? })
    }
}

impl<T> Names<T> {
    fn new<'a>(things: impl IntoIterator<Item = (&'a str, T)>) -> Result<Self, String> {
        let mut names = HashMap::new();
        for (name, thing) in things {
            let key: Vec<_> = letters(name).collect();
            if key.len() > LONGEST {
                return Err(format!("{name} has more than {LONGEST} letters"));
            }
            if names.insert(key, thing).is_some() {
                return Err(format!("{name} stands in two places"));
            }
        }
        Ok(Self(names))
    }

    fn get(&self, name: &str) -> Option<&T> {
        let mut key = [0; LONGEST];
        let mut length = 0;
        for letter in letters(name) {
            *key.get_mut(length)? = letter;
            length += 1;
        }
        self.0.get(&key[..length])
    }
}

/// The rows of a file, in order.
fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<T>, String> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<_, _>>();
    rows.map_err(|error| format!("{file}: {error}"))
}

/// `rdb` of `scaleway.rdb.v1.Api`.
fn api(service: &str) -> Option<&str> {
    service.split('.').nth(1)
}

/// Whether a text is a technique's id: `T1098`, or `T1098.001` for a sub-technique.
fn is_technique(id: &str) -> bool {
    static TECHNIQUE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^T[0-9]{4}(\.[0-9]{3})?$").expect("a pattern"));
    TECHNIQUE.is_match(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: &str = "product,method,when,class,severity,attack\n";
    const PRODUCTS: &str = "product,alias\n";

    fn read_table(methods: &str, products: &str) -> Result<Table, String> {
        Table::read(methods, products, &mut Risks::beside_the_table())
    }

    /// The error of a table of these rows.
    fn defect(methods: &str, products: &str) -> String {
        let table = read_table(&format!("{METHODS}{methods}"), &format!("{PRODUCTS}{products}"));
        table.expect_err("the table should not read")
    }

    #[test]
    fn a_defect_names_its_row() {
        let cases = [
            ("iam,Join,,change,huge,", "", "methods.csv, iam,Join,: huge is no severity"),
            ("iam,Join,,change,low,T1", "", "methods.csv, iam,Join,: T1 is no ATT&CK technique"),
            ("iam,Join,,change,low,T1098.1", "", "methods.csv, iam,Join,: T1098.1 is no ATT&CK technique"),
            ("iam,Join,,change,low,A1098", "", "methods.csv, iam,Join,: A1098 is no ATT&CK technique"),
            ("iam,Join,,,low,", "", "methods.csv, iam,Join,: a class is missing"),
            ("iam,Join,sometimes,change,low,", "", "methods.csv, iam,Join,sometimes: sometimes is no condition"),
            ("iam,Join,failed,change,low,", "", "methods.csv, iam,Join: needs exactly one row without a condition"),
            (
                "iam,Join,,change,low,\niam,Join,,change,high,",
                "",
                "methods.csv, iam,Join: needs exactly one row without a condition",
            ),
            (
                "iam,JoinUser,,change,low,\niam,join_user,,change,low,",
                "",
                "methods.csv, iam: join_user stands in two places",
            ),
            ("iam,Join,,change,low,", "iam,IAM", "products.csv: iam stands in two places"),
            ("iam,Join,,change,low,", "vpc,net", "products.csv, vpc,net: methods.csv has no product vpc"),
        ];
        for (methods, products, expected) in cases {
            assert_eq!(defect(methods, products), expected);
        }
        assert!(defect("iam,Join,,change", "").starts_with("methods.csv: CSV error: record 1 (line: 2"));
        assert!(read_table("product,method\n", PRODUCTS).is_ok(), "no rows, nothing to be wrong");
    }
}
