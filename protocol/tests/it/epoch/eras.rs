//! Which rules a spec has.

use yumascan_protocol::epoch::{Certainty, Era, StorageItems};

#[test]
fn every_known_spec_has_its_era() {
    for (spec, era) in [
        (195, Era::Tao195),
        (219, Era::Tao195),
        (233, Era::Alpha233),
        (247, Era::Alpha233),
        (252, Era::Alpha252),
        (257, Era::Alpha257),
        (261, Era::Alpha261),
        (265, Era::Alpha261),
        (273, Era::Yuma273),
        (277, Era::Yuma273),
        (283, Era::Yuma283),
        (290, Era::Yuma283),
        (297, Era::Commit297),
        (315, Era::Commit297),
        (320, Era::Mechanisms320),
        (322, Era::Mechanisms320),
        (323, Era::Mechanisms323),
        (362, Era::Mechanisms323),
        (365, Era::Mechanisms365),
        (377, Era::Mechanisms365),
        (393, Era::Mechanisms365),
        (401, Era::Owner401),
        (402, Era::Owner401),
        (422, Era::Owner401),
        (423, Era::Schedule423),
        (424, Era::Schedule423),
    ] {
        let chosen = Era::choose(spec, StorageItems::of_spec(spec)).unwrap();
        assert_eq!(chosen, (era, Certainty::Known), "spec {spec}");
        assert_eq!(Era::of_spec(spec).unwrap(), era);
    }
}

#[test]
fn rules_that_are_not_known_are_said_to_be_so() {
    for spec in [248, 251, 253, 256, 258, 278, 296, 363, 364] {
        let (_, certainty) = Era::choose(spec, StorageItems::of_spec(spec)).unwrap();
        assert_eq!(certainty, Certainty::Inferred, "spec {spec}");
    }
    let (era, certainty) = Era::choose(500, StorageItems::of_spec(500)).unwrap();
    assert_eq!((era, certainty), (Era::Schedule423, Certainty::Later));
    for spec in [0, 151, 153, 194] {
        let error = Era::choose(spec, StorageItems::of_spec(spec)).unwrap_err();
        assert_eq!(error.spec, spec);
        assert!(error.to_string().contains("not implemented"), "{error}");
    }
}

#[test]
fn the_metadata_decides_where_it_can() {
    // a chain that numbers its specs in its own way
    let before_yuma3 = StorageItems { subnet_alpha_in: true, ..StorageItems::default() };
    assert_eq!(Era::choose(300, before_yuma3).unwrap().0, Era::Alpha261);
    assert_eq!(Era::choose(1, StorageItems::of_spec(402)).unwrap().0, Era::Owner401);
    assert_eq!(Era::choose(402, StorageItems::of_spec(377)).unwrap().0, Era::Mechanisms365);
    assert_eq!(Era::choose(377, StorageItems::of_spec(424)).unwrap().0, Era::Schedule423);
    let items =
        StorageItems::of(|name| ["SubnetAlphaIn", "Yuma3On", "MechanismCountCurrent"].contains(&name));
    assert_eq!(items, StorageItems::of_spec(330));
    assert_eq!(StorageItems::of(|_| true), StorageItems::of_spec(424));
    // an item that a later release removed does not send it back
    let removed = StorageItems { pending_server_emission: false, ..StorageItems::of_spec(424) };
    assert_eq!(Era::choose(424, removed).unwrap().0, Era::Schedule423);
}

#[test]
fn an_era_says_which_specs_it_spans() {
    assert_eq!(Era::Mechanisms365.to_string(), "specs 365–400");
    assert_eq!(Era::Schedule423.to_string(), "specs since 423");
    assert!(Era::all().is_sorted());
    assert!(Era::all().all(|era| Era::of_spec(era.first_spec()) == Ok(era)));
}
