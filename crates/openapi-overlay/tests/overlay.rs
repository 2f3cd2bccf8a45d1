//! What the specification says of overlays, each sentence with a document of its own.

use openapi_overlay::{Action, Overlay, Target};
use serde_json::{Value, json};

/// What a document is after the actions of an overlay, given as YAML, or the first error.
fn applied(document: Value, actions: &str) -> Result<Value, String> {
    let text = format!("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}");
    let overlay = Overlay::parse(&text).map_err(|error| error.to_string())?;
    let mut document = document;
    for action in overlay.actions() {
        action
            .apply(&mut document)
            .map_err(|error| error.to_string())?;
    }
    Ok(document)
}

fn api() -> Value {
    json!({
        "openapi": "3.0.3",
        "tags": [{ "name": "a" }],
        "paths": {
            "/a": { "get": { "summary": "A", "parameters": [
                { "name": "filter", "in": "query", "schema": {} },
                { "name": "id", "in": "query" },
            ] } },
            "/b": { "get": { "summary": "B", "x-traits": ["paged"] }, "post": {} },
        },
    })
}

#[test]
fn maps_are_merged_recursively_and_new_members_added() {
    let after = applied(
        api(),
        "- target: $\n  update: {paths: {/a: {get: {summary: New, x-rate: 1}}, /c: {get: {}}}}",
    )
    .unwrap();
    assert_eq!(after["paths"]["/a"]["get"]["summary"], "New");
    assert_eq!(after["paths"]["/a"]["get"]["x-rate"], 1);
    assert_eq!(after["paths"]["/a"]["get"]["parameters"][1]["name"], "id");
    assert_eq!(after["paths"]["/c"], json!({ "get": {} }));
    assert_eq!(after["openapi"], "3.0.3");
}

#[test]
fn an_entry_is_appended_to_a_list_and_lists_are_joined() {
    let after = applied(
        api(),
        "- {target: $.tags, update: {name: b}}\n- {target: $, update: {tags: [{name: c}]}}\n- {target: $.tags, update: [{name: d}]}",
    )
    .unwrap();
    let names: Vec<&Value> = after["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn a_query_selects_many_places_with_wildcards_and_filters() {
    let after = applied(
        api(),
        "- {target: $.paths.*.get, update: {x-safe: true}}\n- {target: \"$.paths.*.get.parameters[?@.name=='filter' && @.in=='query']\", update: {schema: {type: string}}}",
    )
    .unwrap();
    for path in ["/a", "/b"] {
        assert_eq!(after["paths"][path]["get"]["x-safe"], true, "{path}");
    }
    assert_eq!(after["paths"]["/b"]["post"], json!({}));
    assert_eq!(
        after["paths"]["/a"]["get"]["parameters"][0]["schema"],
        json!({ "type": "string" })
    );
    assert_eq!(
        after["paths"]["/a"]["get"]["parameters"][1],
        json!({ "name": "id", "in": "query" })
    );
    let after = applied(
        api(),
        "- {target: \"$.paths[?@.get['x-traits'][?@ == 'paged']].get\", update: {x: 1}}",
    )
    .unwrap();
    assert_eq!(after["paths"]["/b"]["get"]["x"], 1);
    assert_eq!(after["paths"]["/a"]["get"]["x"], Value::Null);
    let after = applied(
        api(),
        "- {target: \"$..parameters[?search(@.name, '^i')]\", remove: true}",
    )
    .unwrap();
    assert_eq!(
        after["paths"]["/a"]["get"]["parameters"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn items_are_removed_without_moving_those_that_still_go() {
    let list = json!({ "list": [{ "n": 0 }, { "n": 1 }, { "n": 2 }, { "n": 3 }] });
    let after = applied(list.clone(), "- {target: '$.list[0:3]', remove: true}").unwrap();
    assert_eq!(after, json!({ "list": [{ "n": 3 }] }));
    // A place and what is inside of it.
    let after = applied(list, "- {target: '$..*', remove: true}").unwrap();
    assert_eq!(after, json!({}));
}

#[test]
fn actions_work_on_what_the_ones_before_left() {
    let after = applied(
        api(),
        "- {target: $.paths, remove: true}\n- {target: $, update: {paths: {}}}\n- {target: $.paths, update: {/z: {}}}",
    )
    .unwrap();
    assert_eq!(after["paths"], json!({ "/z": {} }));
}

#[test]
fn a_target_that_selects_nothing_changes_nothing_and_says_so() {
    let action = "- {target: $.nowhere, update: {a: 1}}";
    assert_eq!(applied(api(), action).unwrap(), api());
    let overlay = Overlay::new("t", vec![Action::remove(Target::of(&["nowhere"]), "d")]);
    let done = overlay.actions()[0].apply(&mut api()).unwrap();
    assert_eq!((done.selected.len(), done.changes.len()), (0, 0));
    let error = overlay.patch("{}").unwrap_err().to_string();
    assert_eq!(
        error,
        "the overlay is of another document: there is no $['nowhere']"
    );
}

#[test]
fn what_an_update_says_already_is_no_change() {
    let text = "overlay: 1.0.3\ninfo: {title: t, version: '1'}\nactions: [{target: \"$.paths['/a'].get\", update: {summary: A}}, {target: $, remove: true, update: {}}]";
    let overlay = Overlay::parse(text).unwrap();
    let done = overlay.actions()[0].apply(&mut api()).unwrap();
    assert_eq!((done.selected.len(), done.changes.len()), (1, 0));
    let error = overlay.actions()[1]
        .apply(&mut api())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the action at $: the document itself cannot be removed"
    );
}

#[test]
fn each_change_is_named_with_its_place_before_and_after() {
    let overlay = Overlay::new(
        "t",
        vec![
            Action::update(
                Target::of(&["paths", "/a", "get"]),
                "d",
                json!({ "summary": "New", "x": 1 }),
            ),
            Action::remove(Target::of(&["paths", "/b"]), "d"),
        ],
    );
    let mut document = api();
    let shown: Vec<String> = overlay
        .actions()
        .iter()
        .flat_map(|action| action.apply(&mut document).unwrap().changes)
        .map(|change| {
            format!(
                "{} {:?} {:?}",
                change.place,
                change.before.is_some(),
                change.after.is_some()
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "$['paths']['/a']['get']['summary'] true true",
            "$['paths']['/a']['get']['x'] false true",
            "$['paths']['/b'] true false",
        ]
    );
}

#[test]
fn what_cannot_be_done_says_where_and_what_to_do() {
    for (action, said) in [
        (
            "- {target: $.openapi, update: {a: 1}}",
            "$['openapi'] is neither a map nor a list; target what holds it",
        ),
        (
            "- {target: $.paths, update: 7}",
            "not of the kind of what stands at $['paths']; remove that first",
        ),
        (
            "- {target: $, update: {paths: {/a: [1]}}}",
            "not of the kind of what stands at $['paths']['/a']",
        ),
    ] {
        let error = applied(api(), action).unwrap_err();
        assert!(error.contains(said), "{action}: {error}");
    }
}

#[test]
fn what_is_no_overlay_is_refused_by_place() {
    let with = |head: &str, actions: &str| {
        Overlay::parse(&format!("{head}\nactions: {actions}"))
            .unwrap_err()
            .to_string()
    };
    let head = "overlay: 1.0.0\ninfo: {title: t, version: '1'}";
    let one = "[{target: $, update: {}}]";
    for (head, actions, said) in [
        (
            "overlay: 1.1.0\ninfo: {title: t, version: '1'}",
            one,
            "it says `overlay: 1.1.0`; only 1.0 is read",
        ),
        (
            "overlay: 1.0\ninfo: {title: t, version: '1'}",
            one,
            "the document, overlay: 1.0 is no text; put it in quotes",
        ),
        (
            "info: {title: t, version: '1'}",
            one,
            "the document, overlay: it is missing",
        ),
        ("overlay: 1.0.0", one, "info: it is no map"),
        (
            "overlay: 1.0.0\ninfo: {title: t}",
            one,
            "info, version: it is missing",
        ),
        (
            "overlay: 1.0.0\ninfo: {title: t, version: '1', name: n}",
            one,
            "info, name: no such key is known",
        ),
        (
            "overlay: 1.0.0\nextend: x\ninfo: {title: t, version: '1'}",
            one,
            "the document, extend: no such key is known",
        ),
        (
            "overlay: 1.0.0\nextends: 7\ninfo: {title: t, version: '1'}",
            one,
            "the document, extends: 7 is no text",
        ),
        (
            head,
            "[]",
            "the document, actions: a list of at least one is asked for",
        ),
        (head, "[7]", "actions[0]: it is no map"),
        (head, "[{update: {}}]", "actions[0], target: it is missing"),
        (
            head,
            "[{target: $}]",
            "actions[0], update: neither it nor `remove: true` is there",
        ),
        (
            head,
            "[{target: $, remove: 'yes'}]",
            "actions[0], remove: \"yes\" is not true or false",
        ),
        (
            head,
            "[{target: $, update: {}, updates: {}}]",
            "actions[0], updates: no such key is known",
        ),
        (
            head,
            "[{target: paths, update: {}}]",
            "actions[0]: the overlay: the target \"paths\" is no JSONPath of RFC 9535",
        ),
        (
            head,
            "[{target: '$.a[', update: {}}]",
            "is no JSONPath of RFC 9535",
        ),
        (
            head,
            "[{target: $, update: {}}, {target: $, update: {}}]",
            "actions[1]: it stands there twice",
        ),
    ] {
        let error = with(head, actions);
        assert!(error.contains(said), "{head} {actions}: {error}");
    }
    let error = Overlay::parse("a: [").unwrap_err().to_string();
    assert!(error.starts_with("the overlay: "), "{error}");
}

#[test]
fn what_is_written_is_read_and_patches_the_same() {
    let overlay = Overlay::new(
        "t",
        vec![
            Action::update(
                Target::of(&["paths", "/a'b\\", "get"]),
                "d",
                json!({ "x": { "z": 1 } }),
            )
            .with_extension("x-evidence", json!("observed")),
            Action::update(Target::of(&["list"]).item(1), "d", json!({ "two": 2 })),
            Action::remove(Target::of(&["old"]), "d"),
        ],
    );
    let read = Overlay::parse(&overlay.to_yaml()).unwrap();
    assert_eq!(read.to_yaml(), overlay.to_yaml());
    assert_eq!(
        read.actions()[0].extension("x-evidence"),
        Some(&json!("observed"))
    );
    let document = json!({ "paths": { "/a'b\\": { "get": { "x": { "y": 0 } } } }, "list": [{}, {}], "old": 1 }).to_string();
    let expected = json!({ "paths": { "/a'b\\": { "get": { "x": { "y": 0, "z": 1 } } } }, "list": [{}, { "two": 2 }] });
    for overlay in [overlay, read] {
        let patched: Value = yaml_serde::from_str(&overlay.patch(&document).unwrap()).unwrap();
        assert_eq!(patched, expected);
    }
}

#[test]
fn an_overlay_keeps_what_it_says_of_itself() {
    let text = "overlay: 1.0.0\nx-reason: r\nextends: ./api.json\ninfo: {title: The name, version: '2', x-a: 1}\nactions: [{target: $, description: why, update: {}}]";
    let overlay = Overlay::parse(text).unwrap();
    assert_eq!(overlay.title(), "The name");
    assert_eq!(overlay.extends(), Some("./api.json"));
    assert_eq!(overlay.extension("x-reason"), Some(&json!("r")));
    assert_eq!(overlay.actions()[0].description(), "why");
    assert_eq!(overlay.actions()[0].target(), "$");
}
