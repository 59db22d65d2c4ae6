//! What an API key may do. Each permission has two public spellings; spec/honeycomb-api.md section 1.3.

#[cfg(test)]
mod tests;

/// One thing a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Send events by any protocol.
    SendEvents,
    /// Make datasets, by hand or by sending the first event.
    CreateDatasets,
    /// Make, change and delete columns, calculated fields, query annotations and dataset definitions.
    ManageColumns,
    /// Run queries and read results.
    RunQueries,
    /// Make, change and delete boards.
    ManageBoards,
    /// Make, change and delete private boards.
    ManagePrivateBoards,
    /// Make, change and delete SLOs and burn alerts.
    ManageSlos,
    /// Make, change and delete triggers.
    ManageTriggers,
    /// Make, change and delete recipients.
    ManageRecipients,
    /// Make, change and delete markers.
    ManageMarkers,
    /// Read service maps.
    ReadServiceMaps,
    /// See the members of the team.
    VisibleTeamMembers,
}

/// Each permission with its name among the attributes of a key (`/2`) and its name in the answer of `/1/auth`, where it has one.
const NAMES: [(Permission, &str, Option<&str>); 12] = [
    (Permission::SendEvents, "send_events", Some("events")),
    (
        Permission::CreateDatasets,
        "create_datasets",
        Some("createDatasets"),
    ),
    (Permission::ManageColumns, "manage_columns", Some("columns")),
    (Permission::RunQueries, "run_queries", Some("queries")),
    (Permission::ManageBoards, "manage_boards", Some("boards")),
    (
        Permission::ManagePrivateBoards,
        "manage_privateBoards",
        Some("privateBoards"),
    ),
    (Permission::ManageSlos, "manage_slos", Some("slos")),
    (
        Permission::ManageTriggers,
        "manage_triggers",
        Some("triggers"),
    ),
    (
        Permission::ManageRecipients,
        "manage_recipients",
        Some("recipients"),
    ),
    (Permission::ManageMarkers, "manage_markers", Some("markers")),
    (Permission::ReadServiceMaps, "read_service_maps", None),
    (Permission::VisibleTeamMembers, "visible_team_members", None),
];

impl Permission {
    /// Lists every permission, in the order of the spec's table.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(permission, _, _)| *permission)
    }

    /// Returns the name among the attributes of a key.
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// Returns the name in the answer of `/1/auth`; two permissions are not listed there.
    pub fn auth_name(self) -> Option<&'static str> {
        NAMES[self as usize].2
    }

    /// Finds a permission by either name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, key_name, auth_name)| *key_name == name || *auth_name == Some(name))
            .map(|(permission, _, _)| *permission)
    }
}

/// One thing a management key may do. Source: spec/honeycomb-api.md section 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Read the keys of the team.
    ReadKeys,
    /// Make, change and delete keys of the team.
    WriteKeys,
    /// Read the environments of the team.
    ReadEnvironments,
    /// Make, change and delete environments of the team.
    WriteEnvironments,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [
        Self::ReadKeys,
        Self::WriteKeys,
        Self::ReadEnvironments,
        Self::WriteEnvironments,
    ];

    /// Returns the public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadKeys => "api-keys:read",
            Self::WriteKeys => "api-keys:write",
            Self::ReadEnvironments => "environments:read",
            Self::WriteEnvironments => "environments:write",
        }
    }

    /// Finds a scope by its public name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u16);

impl Permissions {
    /// The set of every permission.
    pub fn all() -> Self {
        Permission::all().collect()
    }

    /// True when the set has the permission.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u16) != 0
    }

    /// Lists the permissions in the set, in the order of the spec's table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::all().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |set, permission| set | 1 << permission as u16),
        )
    }
}

impl std::fmt::Debug for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
