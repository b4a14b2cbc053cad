//! The files of `src/` import downwards only: no circles, and nothing from a layer above.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, ItemImpl, ItemMod, ItemUse, UseTree, Visibility};

/// The layers, the lowest first; `docs/architecture.md` draws them.
const LAYERS: [&[&str]; 10] = [
    &["event", "frame", "hidden", "lenient", "locale", "settings", "time"],
    &["transport"],
    &["cockpit", "scaleway"],
    &["cache"],
    &["risk"],
    &["investigation", "profile"],
    &["detection"],
    &["query"],
    &["plugin"],
    // Beside the layers: the plugin process links none of them.
    &["host", "rule_cases", "sandbox"],
];

/// A module: the names on its path below the crate.
type Module = Vec<String>;

type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// The modules of the crate, each with its file. Programs and tests are no modules of it.
fn modules() -> BTreeMap<Module, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "bin" {
                    folders.push(path);
                }
                continue;
            }
            let below = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Module = below.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
            module.pop_if(|name| name == "mod");
            if path.extension().is_some_and(|extension| extension == "rs") && !["lib", "main"].contains(&&*module[0]) {
                modules.insert(module, path);
            }
        }
    }
    modules
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}

/// Collects the paths that a file names, in `use` and in code, without those of its tests.
#[derive(Default)]
struct Paths {
    paths: Vec<Vec<String>>,
    /// Modules that are compiled for tests only.
    test_modules: Vec<String>,
}

impl Paths {
    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.paths.push(with(&name.ident)),
            UseTree::Rename(name) => self.paths.push(with(&name.ident)),
            UseTree::Glob(_) => self.paths.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }
}

impl Visit<'_> for Paths {
    fn visit_item_use(&mut self, item: &ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.add_tree(&[], &item.tree);
        }
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        if is_for_tests(&item.attrs) {
            self.test_modules.push(item.ident.to_string());
        } else {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &ItemImpl) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_visibility(&mut self, _: &Visibility) {
        // `pub(super)` imports nothing.
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The module that a path in `module` leads to, if it leads to one of this crate.
fn target(module: &Module, path: &[String], modules: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let start = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module[..module.len().checked_sub(ups)?].to_vec(),
        // A child of a module file.
        child => {
            let child = [module.as_slice(), &[child.to_owned()]].concat();
            return modules.contains_key(&child).then_some(child);
        }
    };
    let rest = &path[if ups > 0 { ups } else { 1 }..];
    let whole = [start, rest.to_vec()].concat();
    (1..=whole.len()).rev().map(|length| whole[..length].to_vec()).find(|module| modules.contains_key(module))
}

/// The imports of each module. `read` gives a file's text.
fn graph(modules: &BTreeMap<Module, PathBuf>, read: impl Fn(&Path) -> String) -> Graph {
    let parsed: BTreeMap<&Module, Paths> = modules
        .iter()
        .map(|(module, file)| {
            let mut paths = Paths::default();
            let text = read(file);
            paths.visit_file(&syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
            (module, paths)
        })
        .collect();
    let is_test = |module: &Module| {
        let (name, parent) = module.split_last().unwrap();
        parsed.get(&parent.to_vec()).is_some_and(|parent| parent.test_modules.contains(name))
    };
    let imports = |(module, paths): (&&Module, &Paths)| {
        let targets = paths.paths.iter().filter_map(|path| target(module, path, modules));
        ((*module).clone(), targets.filter(|target| target != *module && !is_test(target)).collect())
    };
    parsed.iter().filter(|(module, _)| !is_test(module)).map(imports).collect()
}

/// A path from a module back to itself, if there is one.
fn circle(graph: &Graph) -> Option<Vec<Module>> {
    fn walk(graph: &Graph, path: &mut Vec<Module>, done: &mut BTreeSet<Module>) -> bool {
        let module = path.last().unwrap().clone();
        for next in &graph[&module] {
            if let Some(start) = path.iter().position(|known| known == next) {
                path.drain(..start);
                path.push(next.clone());
                return true;
            }
            if !done.contains(next) {
                path.push(next.clone());
                if walk(graph, path, done) {
                    return true;
                }
                path.pop();
            }
        }
        done.insert(module);
        false
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| {
        let mut path = vec![module.clone()];
        (!done.contains(module) && walk(graph, &mut path, &mut done)).then_some(path)
    })
}

fn shown(path: &[Module]) -> String {
    path.iter().map(|module| module.join("/")).collect::<Vec<_>>().join(" -> ")
}

#[test]
fn no_file_imports_itself_through_others() {
    let graph = graph(&modules(), |file| fs::read_to_string(file).unwrap());
    assert!(graph.len() > 100, "{} modules", graph.len());
    assert_eq!(circle(&graph).map(|path| shown(&path)), None);
}

#[test]
fn no_file_imports_from_a_layer_above() {
    let layer = |module: &Module| LAYERS.iter().position(|layer| layer.contains(&&*module[0]));
    for (module, imports) in graph(&modules(), |file| fs::read_to_string(file).unwrap()) {
        let own = layer(&module).unwrap_or_else(|| panic!("{} is in no layer", module.join("/")));
        for import in imports {
            let other = layer(&import).unwrap();
            let is_below = other < own || module[0] == import[0] || own == 0;
            assert!(is_below, "{} of layer {own} imports {} of layer {other}", module.join("/"), import.join("/"));
        }
    }
}

/// What the judge of a replay may name beside itself and the scenario: the table of risks, which is no part of a rule, and the kinds
/// of events.
const OF_JUDGE: [&[&str]; 2] = [&["audittrail", "risk"], &["audittrail", "sandbox", "Kind"]];

/// The paths in a text that lead out of a judge's files and its scenario, except those that it may name.
fn engine_of_judge(text: &str) -> Vec<String> {
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(text).expect("a file of Rust"));
    let leads_out = |path: &&Vec<String>| {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match &names[..] {
            ["audittrail", ..] => !OF_JUDGE.iter().any(|allowed| names.starts_with(allowed)),
            [] | ["super", "super", "scenario", ..] => false,
            ["crate", ..] | ["super", "super", ..] => true,
            [first, ..] => first.starts_with("rsigma"),
        }
    };
    paths.paths.iter().filter(leads_out).map(|path| path.join("::")).collect()
}

#[test]
fn the_judge_of_a_replay_shares_no_code_with_the_engine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/audittrail/replay/judge");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let outside = engine_of_judge(&fs::read_to_string(&file).unwrap());
        assert!(outside.is_empty(), "{} names {outside:?}", file.display());
        files += 1;
    }
    assert!(files > 5, "{files} files");
    for engine in [
        "use audittrail::detection::window::Window;",
        "fn f() { audittrail::query::f() }",
        "use super::super::run::Replay;",
        "use crate::replay::answer;",
        "use rsigma_eval::Engine;",
        "use audittrail::sandbox::Sandbox;",
    ] {
        assert_eq!(engine_of_judge(engine).len(), 1, "{engine}");
    }
}

#[test]
fn transport_names_no_service() {
    let modules = modules();
    let transport: Vec<&PathBuf> =
        modules.iter().filter(|(module, _)| module[0] == "transport").map(|(_, file)| file).collect();
    assert!(transport.len() > 5, "{} files", transport.len());
    for file in transport {
        let text = fs::read_to_string(file).unwrap().to_lowercase();
        for name in ["scaleway", "x-auth-token"] {
            assert!(!text.contains(name), "{} contains {name}", file.display());
        }
    }
}

#[test]
fn module_files_hold_declarations_only() {
    for (module, file) in modules().iter().filter(|(_, file)| file.ends_with("mod.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let items = syn::parse_file(&text).unwrap().items;
        let is_declaration = |item: &syn::Item| match item {
            syn::Item::Use(_) => true,
            syn::Item::Mod(module) => module.content.is_none(),
            _ => false,
        };
        assert!(items.iter().all(is_declaration), "{} holds more than `mod` and `use`", module.join("/"));
    }
}

#[test]
fn a_circle_is_found_however_it_is_imported() {
    let found = |files: &[(&str, &str)]| {
        let module = |name: &str| name.split('/').map(str::to_owned).collect::<Module>();
        let modules = files.iter().map(|(name, _)| (module(name), PathBuf::from(name))).collect();
        let read = |file: &Path| files.iter().find(|(name, _)| Path::new(name) == file).unwrap().1.to_owned();
        circle(&graph(&modules, read)).map(|path| shown(&path))
    };
    let parent = ("a", "mod b; mod c; pub use b::B; #[cfg(test)] mod tests;");
    let circle = Some("a/b -> a/c -> a/b".to_owned());
    for back in ["use super::b::B;", "use crate::a::{b::{B as X}};", "fn f() { super::b::f() }", "use super::b::*;"] {
        assert_eq!(found(&[parent, ("a/b", "use super::c::C;"), ("a/c", back)]), circle, "{back}");
    }
    let with_parent = found(&[parent, ("a/b", "use super::c;"), ("a/c", "use super::B;")]);
    assert_eq!(with_parent, Some("a -> a/b -> a/c -> a".to_owned()), "a re-export of the parent");
    for fine in [
        "",
        "use std::b::B;",
        "#[cfg(test)] mod t { use super::super::b::B; }",
        "pub(super) fn f() {}",
        "// use super::b::B;",
    ] {
        assert_eq!(found(&[parent, ("a/b", "use super::c::C;"), ("a/c", fine)]), None, "{fine}");
    }
    assert_eq!(found(&[parent, ("a/b", ""), ("a/c", ""), ("a/tests", "use super::*;")]), None);
}
