//! The catalog's order, filters, pages, sight, and what pipelines land.

use super::*;
use crate::state::catalog_index::{Filter, SortKey};
use crate::state::permissions::Group;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + second, 0).unwrap()
}

fn user(id: &str) -> AssetUser {
    AssetUser {
        id: id.into(),
        email: format!("{id}@acme.example"),
    }
}

fn viewer(user_id: &str, group: Group) -> Viewer<'_> {
    Viewer {
        customer_id: "acme",
        user_id,
        group,
    }
}

fn boss() -> Viewer<'static> {
    viewer("boss", Group::SuperAdmin)
}

fn named(name: &str, data_asset_type: &str) -> NewDataAsset {
    NewDataAsset {
        display_name: name.into(),
        description: Some(format!("About {name}")),
        data_asset_type: data_asset_type.into(),
        ..NewDataAsset::default()
    }
}

/// Sales (dataset), açaí (table), SALES (dashboard), banana (dataset): made by ana, a second apart.
fn catalogs() -> (Catalogs, Chance) {
    let (mut catalogs, mut chance) = (Catalogs::default(), Chance::from_seed(1));
    for (second, (name, kind)) in [
        ("Sales", "dataset"),
        ("Açaí", "table"),
        ("SALES", "dashboard"),
        ("banana", "dataset"),
    ]
    .into_iter()
    .enumerate()
    {
        let now = at(i64::try_from(second).unwrap());
        catalogs.create("acme", user("ana"), named(name, kind), now, &mut chance);
    }
    (catalogs, chance)
}

const ALL: Listing<'static> = Listing {
    filter: Filter {
        search: None,
        data_asset_type: None,
        pipeline_id: None,
    },
    sort: SortKey::DisplayName,
    descending: false,
    skip: 0,
    take: 100,
};

fn names(catalogs: &Catalogs, viewer: Viewer<'_>, listing: Listing<'_>) -> Vec<String> {
    let page = catalogs.list(viewer, listing);
    let names = page.assets.iter().map(|asset| asset.display_name.clone());
    names.collect()
}

#[test]
fn names_sort_in_any_case_and_the_older_comes_first_among_equals() {
    let (catalogs, _) = catalogs();
    assert_eq!(
        names(&catalogs, boss(), ALL),
        ["Açaí", "banana", "Sales", "SALES"]
    );
    let descending = Listing {
        descending: true,
        ..ALL
    };
    assert_eq!(
        names(&catalogs, boss(), descending),
        ["SALES", "Sales", "banana", "Açaí"]
    );
    let by_time = Listing {
        sort: SortKey::CreatedAt,
        ..ALL
    };
    assert_eq!(
        names(&catalogs, boss(), by_time),
        ["Sales", "Açaí", "SALES", "banana"]
    );
}

#[test]
fn pages_cut_the_list_and_the_total_does_not_care() {
    let (catalogs, _) = catalogs();
    for (skip, take, shown) in [
        (0, 3, 3),
        (3, 3, 1),
        (4, 3, 0),
        (usize::MAX, usize::MAX, 0),
        (0, usize::MAX, 4),
        (1, 0, 0),
    ] {
        for search in [None, Some("a")] {
            let filter = Filter {
                search,
                ..Filter::default()
            };
            let listing = Listing {
                filter,
                skip,
                take,
                ..ALL
            };
            let page = catalogs.list(boss(), listing);
            assert_eq!((page.assets.len(), page.total), (shown, 4), "{listing:?}");
        }
    }
}

#[test]
fn filters_look_at_name_description_type_and_pipeline() {
    let (mut catalogs, mut chance) = catalogs();
    let table = LandedTable::new("A-B", "PUBLIC", "tb__x");
    catalogs.upsert_from_pipeline("acme", user("ana"), table, None, at(9), &mut chance);
    let found = |search, data_asset_type, pipeline_id| {
        let filter = Filter {
            search,
            data_asset_type,
            pipeline_id,
        };
        names(&catalogs, boss(), Listing { filter, ..ALL })
    };
    assert_eq!(found(Some("sales"), None, None), ["Sales", "SALES"]);
    assert_eq!(found(Some("AÇAÍ"), None, None), ["Açaí"]);
    assert_eq!(found(Some("about b"), None, None), ["banana"]);
    assert_eq!(found(Some("sales"), Some("dataset"), None), ["Sales"]);
    assert_eq!(found(None, None, Some("A_B")), ["tb__x"]);
    assert_eq!(found(None, None, Some("C")).len(), 0);
    assert_eq!(found(None, Some("Dataset"), None).len(), 0);
}

#[test]
fn a_viewer_sees_their_own_and_what_pipelines_made_and_admins_see_all_of_their_customer() {
    let (mut catalogs, mut chance) = catalogs();
    let table = LandedTable::new("p", "PUBLIC", "tb__x");
    catalogs.upsert_from_pipeline("acme", user("ana"), table, None, at(9), &mut chance);
    let id = catalogs.list(boss(), ALL).assets[0].id.clone();
    for (user_id, group, seen) in [
        ("ana", Group::Viewer, 5),
        ("vera", Group::Viewer, 1),
        ("vera", Group::DataAssetsManager, 1),
        ("vera", Group::DataAdmin, 5),
    ] {
        let who = viewer(user_id, group);
        assert_eq!(catalogs.list(who, ALL).total, seen, "{who:?}");
        assert_eq!(catalogs.get(who, &id).is_ok(), seen == 5, "{who:?}");
    }
    let foreign = Viewer {
        customer_id: "globex",
        ..boss()
    };
    assert_eq!(catalogs.list(foreign, ALL).total, 0);
    assert_eq!(catalogs.get(foreign, &id), Err(NotFound));
    assert_eq!(catalogs.delete(foreign, &id), Err(NotFound));
    let vera = viewer("vera", Group::DataAssetsManager);
    assert_eq!(
        catalogs.update(vera, &id, DataAssetChanges::default(), at(10)),
        Err(NotFound)
    );
}

#[test]
fn a_new_name_moves_an_asset_and_what_is_left_out_stays() {
    let (mut catalogs, _) = catalogs();
    let id = catalogs.list(boss(), ALL).assets[0].id.clone();
    let changes = DataAssetChanges {
        display_name: Some("Zebra".into()),
        comment: Some("moved".into()),
        ..DataAssetChanges::default()
    };
    let asset = catalogs.update(boss(), &id, changes, at(10)).unwrap();
    assert!(asset.is_renamed);
    assert_eq!(asset.description.as_deref(), Some("About Açaí"));
    assert_eq!(
        names(&catalogs, boss(), ALL),
        ["banana", "Sales", "SALES", "Zebra"]
    );
}

#[test]
fn a_deleted_asset_is_in_no_list_and_its_number_is_not_used_again() {
    let (mut catalogs, mut chance) = catalogs();
    let id = catalogs.list(boss(), ALL).assets[3].id.clone();
    assert_eq!(catalogs.delete(boss(), &id), Ok(()));
    assert_eq!(catalogs.delete(boss(), &id), Err(NotFound));
    assert_eq!(names(&catalogs, boss(), ALL), ["Açaí", "banana", "Sales"]);
    let by_time = Listing {
        sort: SortKey::CreatedAt,
        ..ALL
    };
    assert_eq!(catalogs.list(boss(), by_time).assets.len(), 3);
    let asset = catalogs.create("acme", user("ana"), named("x", "table"), at(9), &mut chance);
    assert_eq!(asset.number, 5);
}

#[test]
fn a_pipeline_that_lands_again_keeps_what_people_wrote() {
    let (mut catalogs, mut chance) = (Catalogs::default(), Chance::from_seed(1));
    let table = LandedTable::new("p-1", "PUBLIC", "tb__x");
    let mut land = |catalogs: &mut Catalogs, second| {
        let table = table.clone();
        catalogs.upsert_from_pipeline("acme", user("ana"), table, None, at(second), &mut chance);
        catalogs.list(boss(), ALL).assets[0].id.clone()
    };
    let id = land(&mut catalogs, 0);
    let changes = DataAssetChanges {
        display_name: Some("Orders".into()),
        ..DataAssetChanges::default()
    };
    assert!(catalogs.update(boss(), &id, changes, at(1)).is_ok());
    assert_eq!(land(&mut catalogs, 2), id);
    assert_eq!(names(&catalogs, boss(), ALL), ["Orders"]);
    assert_eq!(catalogs.get(boss(), &id).unwrap().updated_at, at(2));
    assert_eq!(catalogs.delete(boss(), &id), Ok(()));
    assert_ne!(land(&mut catalogs, 3), id);
}

/// What a list is to show, told by looking at every asset.
fn told_by_all<'a>(
    assets: &'a [DataAsset],
    viewer: Viewer<'_>,
    listing: Listing<'_>,
) -> (Vec<&'a str>, usize) {
    let Filter {
        search,
        data_asset_type,
        pipeline_id,
    } = listing.filter;
    let mut wanted: Vec<&DataAsset> = assets
        .iter()
        .filter(|asset| asset.is_visible_to(viewer))
        .filter(|asset| data_asset_type.is_none_or(|wanted| asset.data_asset_type == wanted))
        .filter(|asset| {
            let table = asset.table.as_ref();
            pipeline_id.is_none_or(|wanted| table.is_some_and(|it| it.pipeline_id == wanted))
        })
        .filter(|asset| {
            let texts = [Some(&asset.display_name), asset.description.as_ref()];
            search.is_none_or(|wanted| {
                let wanted = wanted.to_lowercase();
                let mut texts = texts.into_iter().flatten();
                texts.any(|text| text.to_lowercase().contains(&wanted))
            })
        })
        .collect();
    wanted.sort_by_key(|asset| {
        let by_name = listing.sort == SortKey::DisplayName;
        let name = by_name.then(|| asset.display_name.to_lowercase());
        (name, (!by_name).then_some(asset.created_at), asset.number)
    });
    if listing.descending {
        wanted.reverse();
    }
    let total = wanted.len();
    let page = wanted.into_iter().skip(listing.skip).take(listing.take);
    (page.map(|asset| &*asset.id).collect(), total)
}

#[test]
fn lists_after_random_changes_are_what_looking_at_every_asset_tells() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut catalogs, mut chance) = (Catalogs::default(), Chance::from_seed(seed));
    let mut known: Vec<DataAsset> = Vec::new();
    let words = ["Alpha", "beta", "ÇEDILHA", "al", "", "😀", "pha b"];
    let kinds = ["table", "dataset"];
    let people = ["ana", "bia"];
    for second in 0..600 {
        let word = random.choice(words).unwrap();
        let index = random.usize(..known.len().max(1));
        match (
            random.u8(..6),
            known.get(index).map(|asset| asset.id.clone()),
        ) {
            (0, Some(id)) => {
                assert_eq!(catalogs.delete(boss(), &id), Ok(()));
                known.remove(index);
            }
            (1 | 2, Some(id)) => {
                let changes = DataAssetChanges {
                    display_name: random.bool().then(|| word.into()),
                    description: random.bool().then(|| word.into()),
                    data_asset_type: random.bool().then(|| random.choice(kinds).unwrap().into()),
                    ..DataAssetChanges::default()
                };
                let changed = catalogs.update(boss(), &id, changes, at(second)).unwrap();
                known[index] = changed.clone();
            }
            (3, _) => {
                let table = LandedTable::new(word, "PUBLIC", random.choice(words).unwrap());
                catalogs.upsert_from_pipeline(
                    "acme",
                    user("ana"),
                    table.clone(),
                    None,
                    at(second),
                    &mut chance,
                );
                known.retain(|asset| asset.table.as_ref() != Some(&table));
                let all = catalogs.list(boss(), Listing { take: 1000, ..ALL });
                let mut landed = all.assets.into_iter();
                let landed = landed.find(|asset| asset.table.as_ref() == Some(&table));
                known.push(landed.unwrap().clone());
            }
            _ => {
                let mut new = named(word, random.choice(kinds).unwrap());
                new.others = vec![user(random.choice(people).unwrap())];
                let maker = user(random.choice(people).unwrap());
                let made = catalogs.create("acme", maker, new, at(second / 2), &mut chance);
                known.push(made.clone());
            }
        }
        let mut maybe = |choices: &[&'static str]| {
            let choice = random.choice(choices).copied();
            choice.filter(|_| random.u8(..3) == 0)
        };
        let filter = Filter {
            search: maybe(&words),
            data_asset_type: maybe(&kinds),
            pipeline_id: maybe(&["Alpha", "al", "nothing"]),
        };
        let listing = Listing {
            filter,
            sort: [SortKey::DisplayName, SortKey::CreatedAt][random.usize(..2)],
            descending: random.bool(),
            skip: random.usize(..known.len() + 2),
            take: random.usize(..20),
        };
        let who = viewer(
            random.choice(people).unwrap(),
            [Group::SuperAdmin, Group::Viewer][random.usize(..2)],
        );
        let page = catalogs.list(who, listing);
        let ids = page.assets.iter().map(|asset| &*asset.id).collect();
        let told: (Vec<&str>, usize) = (ids, page.total);
        assert_eq!(
            told,
            told_by_all(&known, who, listing),
            "{listing:?} by {who:?}, seed {seed}"
        );
    }
}
