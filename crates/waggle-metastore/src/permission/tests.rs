use super::{NAMES, Permission, Permissions, Scope};

#[test]
fn the_table_is_in_the_order_of_the_variants() {
    for (position, (permission, _, _)) in NAMES.iter().enumerate() {
        assert_eq!(*permission as usize, position, "{permission:?}");
    }
}

#[test]
fn both_spellings_are_read() {
    for permission in Permission::all() {
        assert_eq!(Permission::from_name(permission.name()), Some(permission));
        if let Some(name) = permission.auth_name() {
            assert_eq!(Permission::from_name(name), Some(permission));
        }
    }
    assert_eq!(
        Permission::from_name("createDatasets"),
        Some(Permission::CreateDatasets)
    );
    assert_eq!(Permission::from_name(""), None);
    assert_eq!(Permission::from_name("Events"), None);
}

#[test]
fn a_set_holds_what_was_put_in() {
    let some = [Permission::VisibleTeamMembers, Permission::SendEvents];
    let set: Permissions = some.into_iter().collect();
    for permission in Permission::all() {
        assert_eq!(set.contains(permission), some.contains(&permission));
        assert!(Permissions::all().contains(permission));
        assert!(!Permissions::default().contains(permission));
    }
    assert_eq!(
        set.iter().collect::<Permissions>(),
        set,
        "a set survives being listed"
    );
}

#[test]
fn scopes_are_found_by_their_names() {
    for scope in Scope::ALL {
        assert_eq!(Scope::from_name(scope.name()), Some(scope));
    }
    assert_eq!(Scope::from_name("markers:write"), None);
}
