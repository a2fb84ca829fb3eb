namespace MgcpSipBridge.Host.Storage;

/// <summary>One step of the layout, as each database wants it said.</summary>
/// <param name="Sqlite">For SQLite.</param>
/// <param name="PostgreSql">For PostgreSQL.</param>
internal sealed record SqlStep(string Sqlite, string PostgreSql);

/// <summary>
/// The tables, one step for each version of the layout. Steps are never changed, only added to: somewhere there is a database that stands before each of them.
/// Texts are compared byte by byte in both databases.
/// </summary>
internal static class SqlLayout
{
    /// <summary>All steps, the first first.</summary>
    public static readonly IReadOnlyList<SqlStep> Steps =
    [
        new(
            """
            CREATE TABLE resource (
                kind TEXT NOT NULL,
                name TEXT NOT NULL,
                gateway TEXT NOT NULL,
                body TEXT NOT NULL,
                secret BLOB,
                revision INTEGER NOT NULL,
                PRIMARY KEY (kind, name)
            ) STRICT, WITHOUT ROWID;
            """,
            """
            CREATE TABLE resource (
                kind TEXT COLLATE "C" NOT NULL,
                name TEXT COLLATE "C" NOT NULL,
                gateway TEXT COLLATE "C" NOT NULL,
                body TEXT NOT NULL,
                secret BYTEA,
                revision BIGINT NOT NULL,
                PRIMARY KEY (kind, name)
            );
            """),
        new(
            """
            CREATE TABLE audit (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                time TEXT NOT NULL,
                principal TEXT NOT NULL,
                address TEXT NOT NULL,
                method TEXT NOT NULL,
                node TEXT NOT NULL,
                changes TEXT NOT NULL
            ) STRICT;
            """,
            """
            CREATE TABLE audit (
                id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                time TEXT COLLATE "C" NOT NULL,
                principal TEXT NOT NULL,
                address TEXT NOT NULL,
                method TEXT NOT NULL,
                node TEXT NOT NULL,
                changes TEXT NOT NULL
            );
            """),
        new(
            """
            CREATE TABLE dialled (
                line TEXT NOT NULL PRIMARY KEY,
                features TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            """,
            """
            CREATE TABLE dialled (
                line TEXT COLLATE "C" NOT NULL PRIMARY KEY,
                features TEXT NOT NULL
            );
            """),
        new(
            """
            CREATE TABLE call_record (
                place INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                ended TEXT NOT NULL,
                body TEXT NOT NULL
            ) STRICT;
            CREATE INDEX call_record_ended ON call_record (ended);
            """,
            """
            CREATE TABLE call_record (
                place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                id TEXT COLLATE "C" NOT NULL UNIQUE,
                ended TEXT COLLATE "C" NOT NULL,
                body TEXT NOT NULL
            );
            CREATE INDEX call_record_ended ON call_record (ended);
            """),
    ];
}
