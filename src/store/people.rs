//! Users, tokens and certificates: changed by the command line beside a running Jamey, which sees by a number that something changed.

use super::{
    Reader, Store, connect,
    error::{Doing, StoreError},
    load::{all, from_json},
};
use crate::domain::{People, Timestamp, Token, User};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;

/// The key in `app_metadata` whose number grows with each change.
const CHANGES: &str = "people_changes";

/// The one who changes them. Each change is a transaction of its own, on disk when it returns.
pub struct Registrar {
    conn: Connection,
}

impl Registrar {
    /// Opens the database of a folder; makes both where they are missing.
    ///
    /// # Errors
    /// As `Store::open`.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        // Brings the schema forward, and lets go.
        drop(Store::open(folder)?);
        let path = folder.join(connect::FILE);
        let conn = connect::open_writer(&path)?;
        connect::configure(&path, &conn)?;
        Ok(Self { conn })
    }

    /// # Errors
    /// When the database cannot be read, or holds a row that makes no sense.
    pub fn people(&self) -> Result<People, StoreError> {
        people(&self.conn)
    }

    /// Adds a user, or replaces roles and secret of one that is there.
    ///
    /// # Errors
    /// When the database cannot be written; so for all that follow. Nothing is changed then.
    pub fn put_user(&self, user: &User) -> Result<(), StoreError> {
        let roles = json(&user.roles)?;
        let secret = user.secret.as_deref().unwrap_or_default();
        self.change(
            "INSERT INTO users (name, roles, secret, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET roles = excluded.roles, secret = excluded.secret",
            params![user.name, roles, secret, user.created_at.micros()],
        )
        .map(|_| ())
    }

    /// Removes a user with all tokens and certificates; false: there was none.
    pub fn remove_user(&self, name: &str) -> Result<bool, StoreError> {
        self.change("DELETE FROM users WHERE name = ?1", [name]).map(|n| n > 0)
    }

    pub fn add_certificate(&self, fingerprint: &str, user: &str, at: Timestamp) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO certificates (fingerprint, user, added_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (fingerprint) DO UPDATE SET user = excluded.user, added_at = excluded.added_at",
            params![fingerprint, user, at.micros()],
        )
        .map(|_| ())
    }

    /// False: there was none.
    pub fn remove_certificate(&self, fingerprint: &str) -> Result<bool, StoreError> {
        self.change("DELETE FROM certificates WHERE fingerprint = ?1", [fingerprint]).map(|n| n > 0)
    }

    pub fn add_token(&self, token: &Token) -> Result<(), StoreError> {
        let roles = json(&token.roles)?;
        self.change(
            "INSERT INTO tokens (id, user, label, hash, roles, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                token.id,
                token.user,
                token.label,
                token.hash.as_slice(),
                roles,
                token.created_at.micros(),
                token.expires_at.map(Timestamp::micros)
            ],
        )
        .map(|_| ())
    }

    /// False: there is none that is not revoked already.
    pub fn revoke_token(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        self.change("UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", params![id, at.micros()]).map(|n| n > 0)
    }

    fn change(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        let whole = self.conn.unchecked_transaction().doing("begin a change of users")?;
        let rows = whole.execute(sql, params).doing("change the users")?;
        whole
            .execute(
                "INSERT INTO app_metadata (key, value) VALUES (?1, '1')
                 ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
                [CHANGES],
            )
            .doing("note that users changed")?;
        whole.commit().doing("commit a change of users")?;
        Ok(rows)
    }
}

impl Reader {
    /// All who may sign in.
    pub fn people(&self) -> Result<People, StoreError> {
        people(self.conn())
    }

    /// How often users, tokens or certificates were changed.
    pub fn people_changes(&self) -> Result<u64, StoreError> {
        let found: Option<String> = self
            .conn()
            .query_row("SELECT value FROM app_metadata WHERE key = ?1", [CHANGES], |row| row.get(0))
            .optional()
            .doing("look whether users changed")?;
        Ok(found.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

fn json(roles: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(roles).map_err(|source| StoreError::Json { what: "roles", source })
}

fn people(conn: &Connection) -> Result<People, StoreError> {
    let users = all(conn, "SELECT name, roles, secret, created_at FROM users ORDER BY name", [], |row| {
        let (name, secret): (String, String) = (row.get(0)?, row.get(2)?);
        let user = User {
            name: name.clone(),
            roles: from_json("users", row, 1, 0)?,
            secret: Some(secret).filter(|s| !s.is_empty()),
            created_at: Timestamp::from_micros(row.get(3)?),
        };
        Ok((name, user))
    })?;
    let sql = "SELECT id, user, label, hash, roles, created_at, expires_at, revoked_at FROM tokens ORDER BY created_at, id";
    let tokens = all(conn, sql, [], |row| {
        Ok(Token {
            id: row.get(0)?,
            user: row.get(1)?,
            label: row.get(2)?,
            hash: row.get(3)?,
            roles: from_json("tokens", row, 4, 0)?,
            created_at: Timestamp::from_micros(row.get(5)?),
            expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
            revoked_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
        })
    })?;
    let certificates =
        all(conn, "SELECT fingerprint, user FROM certificates ORDER BY fingerprint", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(People { users: users.into_iter().collect(), tokens, certificates: certificates.into_iter().collect() })
}
